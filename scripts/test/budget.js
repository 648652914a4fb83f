'use strict'
// What the long proofs may take: budgets.json has, for each proof of `npm run test:all` and for `npm test`, its budget
// in seconds on two cores, and the seconds of a whole run there. Where the whole run takes more than the budget,
// test:all takes a sample (sample.js); test:whole never does.
//
// node scripts/test/budget.js FILE: compares the seconds in FILE, which the runs wrote because MYELIN_PROOF_SECONDS
// named it (proof-clock.js), with the budgets. One that took more than 1.3 of its budget fails. On a machine that is
// busy, or slow as such, the budget is longer by as much as half a second of arithmetic took longer than `calibration`
// of budgets.json, at most twice; the CPU seconds beside it tell what the proof itself did. The limit of all together
// is stretched in the same way, by 1.4 at most.
//
//   --all        one that is not in FILE fails too: .ci/run runs all
//   --elapsed n  the seconds of all together, with what lies between the proofs
const fs = require('node:fs')
const { Failure, main, readArguments } = require('../tools')
const { limit, proofs: budgets } = require('./budgets.json')

/** Machines are not alike, and never quite alone. */
const allowance = 1.3
/** A slow machine may stretch the limit of all together so far. */
const mostSlowness = 1.4

/** { budget, whole } in seconds. */
function budgetOf(name) {
  if (!Object.hasOwn(budgets, name)) throw new Failure(`scripts/test/budgets.json has no budget for '${name}'`)
  return budgets[name]
}

/** A line of the table; `complaint` is empty for what keeps within its budget. */
const row = (name, { seconds, cpu, slowness, budget, complaint = '' }) => ({
  name,
  seconds,
  cpu,
  slowness,
  budget,
  complaint,
})

function rowOfProof({ name, seconds, cpu, slowness = 1 }, known) {
  const budget = known[name]?.budget
  const over = seconds > allowance * slowness * budget ? `OVER ${allowance} of its budget` : ''
  return row(name, { seconds, cpu, slowness, budget, complaint: budget === undefined ? 'HAS NO BUDGET' : over })
}

function rowOfAll(rows, most, elapsed) {
  const sum = (value) => rows.reduce((total, each) => total + (value(each) ?? 0), 0)
  const ran = sum((each) => each.seconds)
  const seconds = elapsed ?? ran
  const slowness = ran > 0 ? sum((each) => each.seconds * each.slowness || 0) / ran : 1
  const complaint = seconds > most * Math.min(mostSlowness, slowness) ? 'OVER the limit of all together' : ''
  return row('all', { seconds, cpu: sum((each) => each.cpu), slowness, budget: most, complaint })
}

/**
 * What was recorded, beside the budgets: { lines, passed, failed }. `all`: whether every budget must have its proof.
 */
function compare(recorded, { known = budgets, most = limit, all = false, elapsed } = {}) {
  const names = new Set(recorded.map(({ name }) => name))
  const missing = all ? Object.keys(known).filter((name) => !names.has(name)) : []
  const rows = [
    ...recorded.map((each) => rowOfProof(each, known)),
    ...missing.map((name) => row(name, { budget: known[name].budget, complaint: 'DID NOT RUN' })),
  ]
  rows.push(rowOfAll(rows, most, elapsed))
  const failed = rows.filter(({ complaint }) => complaint !== '').length
  return {
    lines: [' seconds     cpu  slowness  budget  proof', ...rows.map(lineOf)],
    passed: rows.length - failed,
    failed,
  }
}

function lineOf({ name, seconds, cpu, slowness, budget, complaint }) {
  const number = (value, width, digits = 0) => (value === undefined ? '-' : value.toFixed(digits)).padStart(width)
  const numbers = [number(seconds, 8), number(cpu, 8), number(slowness, 10, 2), number(budget, 8)].join('')
  return `${numbers}  ${name}${complaint && `  ${complaint}`}`
}

function compareFile(file, options) {
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
  const recorded = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  const { lines, passed, failed } = compare(recorded, options)
  console.log(`\n${lines.join('\n')}`)
  console.log(`${passed} passed, ${failed} failed, 0 skipped`)
  if (failed > 0) process.exitCode = 1
}

module.exports = { budgetOf, compare }

if (require.main === module)
  main(() => {
    const known = { all: true, elapsed: false }
    const { options, names } = readArguments(process.argv.slice(2), __filename, { known, names: true })
    if (names.length !== 1) throw new Failure('expected the file that MYELIN_PROOF_SECONDS named')
    const elapsed = options.elapsed === undefined ? undefined : Number(options.elapsed)
    if (Number.isNaN(elapsed)) throw new Failure(`--elapsed: expected seconds, got '${options.elapsed}'`)
    compareFile(names[0], { all: options.all === true, elapsed })
  })
