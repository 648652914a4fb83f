'use strict'
// The command line of scripts/gpu.js.
const { Failure } = require('../tools')

const usage = `npm run gpu -- [options]
  --only text      stages whose name contains this, and those they need
  --no-bench       checks only
  --rounds n       of the benchmarks, ours and PyTorch's by turns (default 3)
  --python file    Python with PyTorch (default: python3 on PATH)
  --patience n     multiplies every time limit (default 1)
  --stand-in       tries the whole run without a GPU: the stand-in runtime of test/native/cuda-on-cpu, tiny sizes,
                   times that mean nothing
  --output file    of the results (default out/gpu.json)`

/** Far beyond any use; a number of rounds must not be infinite. */
const most = 1000

/** A number above 0 and up to `most`. */
function positive(option, text) {
  const value = Number(text)
  if (!(value > 0 && value <= most))
    throw new Failure(`${option}: expected a number above 0 and up to ${most}, got '${text}'`)
  return value
}

function parseOptions(args) {
  const rest = [...args]
  const chosen = { only: '', bench: true, rounds: 3, python: null, patience: 1, standIn: false, output: 'out/gpu.json' }
  const value = (option) => {
    const next = rest.shift()
    if (next === undefined || next.startsWith('--')) throw new Failure(`${option} needs a value\n${usage}`)
    return next
  }
  while (rest.length > 0) {
    const option = rest.shift()
    if (option === '--no-bench') chosen.bench = false
    else if (option === '--stand-in') chosen.standIn = true
    else if (option === '--only') chosen.only = value(option)
    else if (option === '--python') chosen.python = value(option)
    else if (option === '--output') chosen.output = value(option)
    else if (option === '--rounds') chosen.rounds = Math.ceil(positive(option, value(option)))
    else if (option === '--patience') chosen.patience = positive(option, value(option))
    else throw new Failure(`unknown option '${option}'\n${usage}`)
  }
  return chosen
}

/** The stages to run, of { name, needed?, bench? }: those that were asked for, and those that they need. */
function chooseStages(stages, { only, bench }) {
  const offered = stages.filter((stage) => bench || !stage.bench)
  if (!offered.some(({ name }) => name.includes(only))) {
    const names = offered.map(({ name }) => `'${name}'`).join(', ')
    throw new Failure(`--only: no stage has '${only}' in its name; there are ${names}`)
  }
  return offered.filter(({ name, needed }) => needed || name.includes(only))
}

module.exports = { parseOptions, chooseStages, usage }
