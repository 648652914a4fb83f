'use strict'
// How much slower than two idle cores this machine is at the moment: the same arithmetic on two threads at once, about
// half a second, beside the seconds that budgets.json has for it.
const { performance } = require('node:perf_hooks')
const { isMainThread, parentPort, Worker } = require('node:worker_threads')

const threads = 2
const turns = 4e8

/** Seconds of the arithmetic on this thread. */
function arithmetic() {
  const start = performance.now()
  let x = 1
  for (let i = 0; i < turns; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0
  // `x` is used, or there would be nothing to do.
  return (performance.now() - start) / 1000 + x * 1e-30
}

const onThread = () =>
  new Promise((resolve, reject) => new Worker(__filename).on('message', resolve).on('error', reject))

/** Seconds of the arithmetic on threads that run at once, one with another. */
async function calibrate() {
  const seconds = await Promise.all(Array.from({ length: threads }, onThread))
  return seconds.reduce((sum, each) => sum + each, 0) / threads
}

/** From 1 to 2: what takes more than twice its budget is slow on any machine. */
const slownessOf = (seconds, reference) => Math.min(2, Math.max(1, seconds / reference))

module.exports = { calibrate, slownessOf }

if (!isMainThread) parentPort.postMessage(arithmetic())
