'use strict'
// npm test: everything that should hold before a commit, on a fresh clone too. With arguments only the tests that they
// mean:
//
//   npm test -- split                        the test files that have this word in their path
//   npm test -- test/ops ./test/data/…       folders, files, patterns
//   npm test -- -g 'title'                   the tests with this title, in any file
//
// All other options are mocha's (`npx mocha --help`).
const { checkSymbols } = require('./build/check-symbols')
const { runDrivers } = require('./test/drivers')
const { ensure } = require('./build/ensure')
const { lint } = require('./lint')
const { runMocha } = require('./test/mocha')
const { beginProof } = require('./test/proof-clock')
const { selectTests } = require('./test/select-tests')
const { checkTypes } = require('./test/types')
const { testCuda } = require('./test-cuda')
const { tool } = require('./lib/npm')
const { main, showHelp, tryRun } = require('./tools')

function typeCheck() {
  return tryRun(process.execPath, [tool('typescript', 'bin/tsc'), '-p', 'tsconfig.test.json']).ok ? 'passed' : 'failed'
}

function symbolGuard() {
  const { skipped, offenders } = checkSymbols()
  if (skipped) console.log(skipped)
  else if (offenders.length > 0) console.error(`weak symbols in kernel objects:\n  ${offenders.join('\n  ')}`)
  return skipped ? 'skipped' : offenders.length > 0 ? 'failed' : 'passed'
}

const checks = [
  { name: 'types of tests, examples and benchmarks', run: typeCheck },
  {
    name: 'types as users see them (TypeScript 5.9, 6, 7)',
    run: async () => ((await checkTypes()) ? 'passed' : 'failed'),
  },
  { name: 'lint', run: () => (lint().length === 0 ? 'passed' : 'failed') },
  { name: 'symbol guard', run: symbolGuard },
]

function add(totals, more) {
  for (const key of Object.keys(totals)) totals[key] += more[key]
}

async function test(args) {
  if (showHelp(args, __filename)) return
  const specs = selectTests(args)
  const endProof = args.length === 0 ? await beginProof('npm test') : undefined
  ensure()
  const totals = { passed: 0, failed: 0, skipped: 0 }
  for (const check of args.length > 0 ? [] : checks) {
    const outcome = await check.run()
    console.log(`${outcome}: ${check.name}`)
    totals[outcome]++
  }
  if (args.length === 0) add(totals, runDrivers({}))
  add(totals, runMocha(specs))
  if (args.length === 0) {
    add(totals, testCuda({ quick: true }))
    await endProof()
  }
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
  if (totals.failed > 0) process.exitCode = 1
}

main(() => test(process.argv.slice(2)))
