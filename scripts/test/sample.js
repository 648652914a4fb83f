'use strict'
// A part of what a long proof consists of, where the whole takes more than its budget. Drawn from a seed that changes
// with every commit, so that each member's turn comes.
const { spawnSync } = require('node:child_process')
const { root } = require('../tools')

/** The seed of the commit that is checked out; 1 where there is none. */
function commitSeed() {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' })
  return status === 0 ? parseInt(stdout.slice(0, 8), 16) : 1
}

/** Numbers in [0, 1) that look random: mulberry32, whose seed is 32 bits. */
function numbersOf(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `size` of the members, in their order; every set of this size is as likely as any other. */
function sample(members, size, seed) {
  const random = numbersOf(seed)
  let wanted = Math.min(size, members.length)
  return members.filter((_, i) => {
    const isDrawn = random() * (members.length - i) < wanted
    if (isDrawn) wanted--
    return isDrawn
  })
}

/**
 * How many of `count` members fit into the budget: all, or the share of it in the seconds of the whole; at least one.
 */
const sampleSize = (count, { budget, whole }) =>
  whole <= budget ? count : Math.max(1, Math.floor((count * budget) / whole))

/**
 * For a proof with this budget: a function from all members, as texts, to those to run, which says what it left out.
 */
function chooser(seconds, seed, say = console.log) {
  return (members) => {
    const size = sampleSize(members.length, seconds)
    if (size === members.length) return members
    const chosen = sample(members, size, seed)
    say(`a sample of ${size} of ${members.length}, --seed ${seed}; --whole takes all:\n  ${chosen.join('\n  ')}`)
    return chosen
  }
}

module.exports = { chooser, commitSeed, sample, sampleSize }
