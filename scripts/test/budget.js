'use strict'
// What the long proofs may take: budgets.json has, for each proof of `npm run test:all` and for `npm test`, its budget
// in seconds on two cores, and the seconds of a whole run there. Where the whole run takes more than the budget,
// test:all takes a sample (sample.js); test:whole never does.
//
// node scripts/test/budget.js FILE: compares the seconds in FILE, which the runs wrote because MYELIN_PROOF_SECONDS
// named it, with the budgets. .ci/run does. One that took more than 1.3 of its budget fails.
const fs = require('node:fs')
const { Failure, main } = require('../tools')
const budgets = require('./budgets.json')

/** Machines are not alike, and never quite alone. */
const allowance = 1.3

/** { budget, whole } in seconds. */
function budgetOf(name) {
  if (!Object.hasOwn(budgets, name)) throw new Failure(`scripts/test/budgets.json has no budget for '${name}'`)
  return budgets[name]
}

/** Tells whoever asked (MYELIN_PROOF_SECONDS, a file) how long a proof took. */
function record(name, seconds) {
  const file = process.env.MYELIN_PROOF_SECONDS
  if (file) fs.appendFileSync(file, `${JSON.stringify({ name, seconds })}\n`)
}

/** What was recorded, beside the budgets: { lines, passed, failed }. */
function compare(recorded, known = budgets) {
  const rows = recorded.map(({ name, seconds }) => {
    const budget = known[name]?.budget
    const isOver = budget === undefined || seconds > allowance * budget
    return { seconds, budget: budget ?? 0, name, isOver }
  })
  const sum = { name: 'all', ...total(rows), isOver: false }
  const lines = [...rows, sum].map(({ seconds, budget, name, isOver }) => {
    const numbers = [seconds.toFixed(0), budget.toFixed(0)].map((text) => text.padStart(7)).join(' ')
    return `${numbers}  ${name}${isOver ? `  OVER ${allowance} of its budget` : ''}`
  })
  const failed = rows.filter(({ isOver }) => isOver).length
  return { lines: ['seconds  budget  proof', ...lines], passed: rows.length - failed, failed }
}

const total = (rows) => ({
  seconds: rows.reduce((sum, row) => sum + row.seconds, 0),
  budget: rows.reduce((sum, row) => sum + row.budget, 0),
})

function compareFile(file) {
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
  const { lines, passed, failed } = compare(
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  )
  console.log(`\n${lines.join('\n')}`)
  console.log(`${passed} passed, ${failed} failed, 0 skipped`)
  if (failed > 0) process.exitCode = 1
}

module.exports = { budgetOf, compare, record }

if (require.main === module)
  main(() => {
    const [file] = process.argv.slice(2)
    if (!file) throw new Failure('expected the file that MYELIN_PROOF_SECONDS named')
    compareFile(file)
  })
