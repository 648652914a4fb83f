'use strict'
// npm run test:install [-- part of a name]: the packed tarball where users meet it, as one table. Every case works on
// its own copy of one installation that was made with --ignore-scripts and without compiler and cmake on PATH. What
// this machine lacks (tools, network, root) is shown as skipped, with the reason. Cases: test/whole/install/cases.js.
const fs = require('node:fs')
const path = require('node:path')
const { cases } = require('../test/whole/install/cases')
const { Skip } = require('../test/whole/install/skip')
const { makeWorkshop } = require('../test/whole/install/workshop')
const { ensure } = require('./build/ensure')
const { main, readArguments } = require('./tools')

const width = 44

/** Cases that need each other have the same word before the colon. */
const groupOf = (name) => name.split(':')[0]

/** Totals of the cases with `filter` in their name, or of those groups of them that `choose` takes. */
async function testInstall(filter = '', choose = (groups) => groups) {
  ensure()
  const start = Date.now()
  const workshop = makeWorkshop()
  const totals = { passed: 0, failed: 0, skipped: 0 }
  const lines = []
  const failures = []
  const note = (name, outcome, remark) => {
    totals[outcome]++
    const line = `${name.padEnd(width)}  ${outcome.padEnd(8)}${remark}`
    console.log(line)
    lines.push(line)
  }
  try {
    // Downloads go on while the binaries are built.
    if (!filter) workshop.supplies.start()
    const asked = cases(workshop).filter(({ name }) => name.includes(filter))
    const groups = choose([...new Set(asked.map(({ name }) => groupOf(name)))])
    for (const { name, run } of asked.filter((each) => groups.includes(groupOf(each.name)))) {
      const began = Date.now()
      try {
        const remark = (await run()) ?? ''
        note(
          name,
          'passed',
          `${String(remark).trim().split('\n').at(-1)} (${((Date.now() - began) / 1000).toFixed(1)} s)`,
        )
      } catch (error) {
        const [first] = String(error.message).split('\n')
        note(name, error instanceof Skip ? 'skipped' : 'failed', first)
        if (!(error instanceof Skip)) failures.push(`${name}\n${error.message}`)
      }
    }
  } finally {
    workshop.close()
  }
  if (failures.length > 0) console.error(`\n${failures.join('\n\n')}\n`)
  const report = path.join(__dirname, '../build/install-matrix.txt')
  fs.writeFileSync(report, lines.join('\n') + '\n')
  console.log(
    `installed in ${((Date.now() - start) / 60000).toFixed(1)} minutes of tests; table: build/install-matrix.txt`,
  )
  return totals
}

module.exports = { testInstall }

if (require.main === module) {
  main(async () => {
    const { names } = readArguments(process.argv.slice(2), __filename, { names: true })
    const { passed, failed, skipped } = await testInstall(names.join(' '))
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
    if (failed > 0) process.exitCode = 1
  })
}
