'use strict'
// npm run test:all [-- options] [part of a name]: the longer proofs that `npm test` leaves out
// (scripts/test/proofs.js). One that would take more than its budget (scripts/test/budgets.json) takes a sample of its
// parts, and prints it.
//
//   --seed n   of the samples (default: drawn from the commit, and printed)
//   --whole    npm test and all proofs, without samples, however long that takes: npm run test:whole
const { ensure } = require('./build/ensure')
const { budgetOf } = require('./test/budget')
const { beginProof } = require('./test/proof-clock')
const { add, failed, proofs, suite } = require('./test/proofs')
const { chooser, commitSeed } = require('./test/sample')
const { Failure, main, readArguments } = require('./tools')

/** Totals of a proof; its error is one that failed. */
async function runProof(proof, choose) {
  const { name, run } = proof
  console.log(`\n== ${name}`)
  const isSuite = proof === suite // which tells its seconds itself
  const endProof = await beginProof(name, isSuite ? '' : undefined)
  let outcome
  try {
    outcome = await run(choose)
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error)
    outcome = failed()
  }
  const { seconds, cpu } = await endProof()
  console.log(`== ${name}: ${Math.round(seconds)} s of ${budgetOf(name).budget}, CPU ${Math.round(cpu)} s`)
  return outcome
}

async function testAll({ filter, seed, whole }) {
  const chosen = [...(whole ? [suite] : []), ...proofs].filter(({ name }) => name.includes(filter))
  if (chosen.length === 0)
    throw new Failure(
      `no proof has '${filter}' in its name; there are\n  ${proofs.map(({ name }) => name).join('\n  ')}`,
    )
  ensure()
  let totals = { passed: 0, failed: 0, skipped: 0 }
  for (const proof of chosen) {
    const choose = whole ? (members) => members : chooser(budgetOf(proof.name), seed)
    totals = add(totals, await runProof(proof, choose))
  }
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
  if (totals.failed > 0) process.exitCode = 1
}

function optionsOf(args) {
  const { options, names } = readArguments(args, __filename, { known: { seed: false, whole: true }, names: true })
  const seed = options.seed === undefined ? commitSeed() : Number(options.seed)
  if (!Number.isInteger(seed)) throw new Failure(`--seed: expected an integer, got '${options.seed}'`)
  return { filter: names.join(' '), seed, whole: options.whole === true }
}

main(() => testAll(optionsOf(process.argv.slice(2))))
