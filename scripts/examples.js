'use strict'
// npm run examples [-- name …]: runs the programs in examples/, all or those named, from a fresh clone too. An example
// fails that ends with an error (which it does where its own claim does not hold), takes more than a minute of the
// processor, or writes no picture.
const fs = require('node:fs')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { ensure } = require('./build/ensure')
const { root, Failure, main, readArguments } = require('./tools')

// Of the processor, so that a busy machine fails no example; one that hangs is ended after a while all the same.
const secondsAllowed = 60
const secondsPatience = 600
// Loaded before the example: at its end it writes the processor seconds of all its threads to the pipe of number 3.
const stopwatch = `data:text/javascript,${encodeURIComponent(`
import { writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
const seconds = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6 }
if (isMainThread) process.on('exit', () => writeSync(3, String(seconds())))
`)}`
// Programs about something else than training, which draw nothing.
const withoutPicture = ['own-layer', 'service', 'workers']
// A service would run until it is stopped.
const argumentsOf = { service: ['--once'] }

function allExamples() {
  // What they share lies in a folder of its own.
  const files = fs.readdirSync(path.join(root, 'examples')).filter((file) => /\.[jt]s$/.test(file))
  return files.map((file) => ({ name: path.parse(file).name, file }))
}

const exampleNames = () => allExamples().map(({ name }) => name)

function chosen(names) {
  const all = allExamples()
  const unknown = names.filter((name) => !all.some((example) => example.name === name))
  if (unknown.length > 0) throw new Failure(`no example '${unknown[0]}'. There are: ${exampleNames().join(', ')}`)
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name))
}

/** True if the folder for what examples write has a picture newer than `since`. */
function drewSince(since) {
  const folder = path.join(root, 'out')
  if (!fs.existsSync(folder)) return false
  const pictures = fs.readdirSync(folder).filter((file) => /\.(svg|png)$/.test(file))
  return pictures.some((file) => fs.statSync(path.join(folder, file)).mtimeMs >= since)
}

/** What is wrong with the example, or null. */
function runExample({ name, file }) {
  console.log(`\n== ${name}`)
  const start = Date.now()
  const { status, signal, error, output } = spawnSync(
    process.execPath,
    ['--import', stopwatch, '--import', 'tsx', path.join('examples', file), ...(argumentsOf[name] ?? [])],
    {
      cwd: root,
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      timeout: secondsPatience * 1000,
      killSignal: 'SIGKILL',
      encoding: 'utf8',
    },
  )
  const seconds = Number(output?.[3] ?? NaN)
  console.log(`== ${name}: ${((Date.now() - start) / 1000).toFixed(1)} s, of the processor ${seconds.toFixed(1)} s`)
  if (error?.code === 'ETIMEDOUT') return `has not ended after ${secondsPatience} s`
  if (error || signal) return `was ended: ${error?.message ?? signal}`
  if (status !== 0) return `ended with code ${status}`
  if (!(seconds <= secondsAllowed)) return `takes ${seconds.toFixed(0)} s of the processor, more than ${secondsAllowed}`
  // A millisecond of tolerance: file systems round.
  return withoutPicture.includes(name) || drewSince(start - 1) ? null : 'wrote no picture into out/'
}

/** True if all of the examples named (all if none) do what they say. */
function runExamples(names) {
  const problems = chosen(names).flatMap((example) => {
    const problem = runExample(example)
    return problem === null ? [] : [`${example.name} ${problem}`]
  })
  console.log(`\n${problems.length === 0 ? 'all examples did what they say' : problems.join('\n')}`)
  return problems.length === 0
}

module.exports = { exampleNames, runExamples }
if (require.main === module)
  main(() => {
    const { names } = readArguments(process.argv.slice(2), __filename, { names: true })
    ensure()
    if (!runExamples(names)) process.exitCode = 1
  })
