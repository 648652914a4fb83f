'use strict'
// How long a proof takes: its seconds, those of CPU time of this process and all that it waited for, and how slow the
// machine was before and after it (slowness.js). Whoever asks (MYELIN_PROOF_SECONDS, a file) is told, a line each.
const fs = require('node:fs')
const { calibration } = require('./budgets.json')
const { calibrate, slownessOf } = require('./slowness')

/** Linux counts CPU time of processes in these. */
const ticksPerSecond = 100

/** Seconds of CPU time, until now; 0 where the system does not say. */
function cpuSeconds() {
  if (process.platform !== 'linux') return 0
  const { user, system } = process.cpuUsage()
  const [children, ofTheirs] = childTicks(fs.readFileSync('/proc/self/stat', 'utf8'))
  return (user + system) / 1e6 + (children + ofTheirs) / ticksPerSecond
}

/** cutime and cstime: fields 16 and 17. The second field, a name in parentheses, may hold spaces; the third follows. */
const childTicks = (stat) =>
  stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(13, 15)
    .map(Number)

const slowness = async (file) => (file ? slownessOf(await calibrate(), calibration) : 1)

/** Begins; the function that is returned ends, tells, and gives { seconds, cpu, slowness }. */
async function beginProof(name, file = process.env.MYELIN_PROOF_SECONDS) {
  const before = await slowness(file)
  const [start, cpuStart] = [Date.now(), cpuSeconds()]
  return async () => {
    const seconds = (Date.now() - start) / 1000
    const cpu = cpuSeconds() - cpuStart
    const took = { seconds, cpu, slowness: (before + (await slowness(file))) / 2 }
    if (file) fs.appendFileSync(file, `${JSON.stringify({ name, ...took })}\n`)
    return took
  }
}

module.exports = { beginProof, childTicks }
