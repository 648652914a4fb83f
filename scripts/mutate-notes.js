'use strict'
// npm run mutate:notes [row …]: breaks, one at a time and in a copy of the sources, the formula or rule behind each row
// of the notes (notes-mutations/*.txt); the tests of that row must run and fail. It proves that they look at what they
// claim.
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { spawn } = require('node:child_process')
const { rows, testsByRow } = require('./test/notes-table')
const { tool } = require('./lib/npm')
const { root, Failure, filesUnder, main, readArguments } = require('./tools')

/** A run that takes longer hangs: no test of a row does on a busy machine. */
const slowest = 180_000

/**
 * A mutation is a mistake that somebody might make, as a line `row file: what is wrong`, then what stands exactly once
 * in lib/file (−) and what takes its place (+).
 */
function readMutations() {
  const mutations = []
  for (const file of filesUnder('scripts/test/notes-mutations', /\.txt$/))
    fs.readFileSync(path.join(root, file), 'utf8')
      .split('\n')
      .forEach((line, i) => readLine(line, mutations, `${file}:${i + 1}`))
  const without = rows.filter(({ id }) => !mutations.some(({ row }) => row === id)).map(({ id }) => id)
  if (without.length > 0) throw new Failure(`rows of the notes without a mutation: ${without.join(', ')}`)
  return mutations
}

function readLine(line, mutations, place) {
  const head = /^(\d+\.\d+) (\S+\.ts): (.+)$/.exec(line)
  const change = /^([-+])(?: (.*))?$/.exec(line)
  const { edits } = mutations[mutations.length - 1] ?? {}
  if (head) mutations.push({ row: head[1], file: head[2], title: head[3], edits: [] })
  else if (change && edits) {
    const side = change[1] === '-' ? 'from' : 'to'
    // A − after a + begins the next edit of the same mutation.
    if (edits.length === 0 || (side === 'from' && edits[edits.length - 1].to.length > 0))
      edits.push({ from: [], to: [] })
    edits[edits.length - 1][side].push(change[2] ?? '')
  } else if (line !== '') throw new Failure(`${place}: expected a mutation or a change, got: ${line}`)
}

const compiler = { format: 'cjs', platform: 'node', target: 'node20', logLevel: 'warning' }

/** The sources, compiled file by file, in a folder of their own; packages and the addon are those of this tree. */
function copyTree() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'myelin-mutate-'))
  const copied = ['lib', 'test', 'scripts', 'docs', 'bench', 'examples', 'package.json', 'tsconfig.json']
  for (const name of copied)
    if (fs.existsSync(path.join(root, name)))
      fs.cpSync(path.join(root, name), path.join(home, name), { recursive: true })
  for (const name of ['node_modules', 'build', 'dist'])
    fs.symlinkSync(path.join(root, name), path.join(home, name), 'junction')
  const entryPoints = ['lib', 'test', 'examples']
    .flatMap((folder) => filesUnder(folder, /\.ts$/))
    .map((file) => path.join(home, file))
  require('esbuild').buildSync({ ...compiler, entryPoints, outdir: home, outbase: home })
  return home
}

/** Puts a text in the place of a file of lib, compiled too. */
function write(home, name, text) {
  const file = path.join(home, 'lib', name)
  fs.writeFileSync(file, text)
  const { code } = require('esbuild').transformSync(text, { ...compiler, loader: 'ts', sourcefile: name })
  fs.writeFileSync(file.replace(/ts$/, 'js'), code)
}

/** Runs the tests of rows: mocha's report, and what it said beside it. The report is null where mocha broke off. */
function test(home, ids, options) {
  const files = new Set(ids.flatMap((id) => tests.get(id) ?? []))
  const grep = `^(${ids.map((id) => id.replace('.', '\\.')).join('|')}) `
  const report = path.join(home, 'report.json')
  fs.rmSync(report, { force: true })
  const args = [
    ...[tool('mocha', 'bin/mocha.js'), '--no-config', '--extension', 'js', '--timeout', '60000', ...options],
    ...['--reporter', 'json', '--reporter-option', `output=${report}`, '--grep', grep],
    ...[...files].map((file) => file.replace(/ts$/, 'js')),
  ]
  return new Promise((resolve) => {
    const limits = { timeout: slowest, killSignal: 'SIGKILL' }
    const child = spawn(process.execPath, args, { cwd: home, stdio: ['ignore', 'ignore', 'pipe'], ...limits })
    let said = ''
    child.stderr.on('data', (chunk) => (said += chunk))
    child.on('close', () =>
      resolve({ found: fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, 'utf8')) : null, said }),
    )
  })
}

const tests = testsByRow()

/** Every row has tests, and without a mutation all pass. */
async function unbroken(home, ids) {
  const { found, said } = await test(home, ids, [])
  if (!found) return [`the tests of the rows cannot be run: ${said.trim()}`]
  const of = (list, id) => list.filter(({ fullTitle }) => fullTitle.startsWith(`${id} `))
  return ids.flatMap((id) => [
    ...of(found.failures, id).map(({ fullTitle, err }) => `fails without any mutation: ${fullTitle}: ${err.message}`),
    ...(of(found.passes, id).length === 0 ? [`${id}: no test passes without any mutation`] : []),
  ])
}

/**
 * The text of a file of lib before and after a mutation, in the tree at `home`. Failure where the mutation has no
 * place.
 */
function mutated({ file, edits }, home = root) {
  const place = path.join(home, 'lib', file)
  if (!fs.existsSync(place)) throw new Failure(`there is no lib/${file}`)
  const text = fs.readFileSync(place, 'utf8')
  let changed = text
  for (const edit of edits) {
    const [from, to] = [edit.from.join('\n'), edit.to.join('\n')]
    const times = changed.split(from).length - 1
    if (times !== 1) throw new Failure(`lib/${file} holds ${times} times: ${from}`)
    changed = changed.replace(from, () => to)
  }
  return { text, changed }
}

/** Mutations whose place is no longer there, as lines. A sample does not meet them all; npm test does. */
const misplaced = () =>
  readMutations().flatMap((mutation) => {
    try {
      mutated(mutation)
      return []
    } catch (error) {
      return [`${nameOf(mutation)}: ${error.message}`]
    }
  })

/** What is wrong with a mutation: null where a test of its row fails, as it should. */
async function tryMutation(home, mutation) {
  const { row, file } = mutation
  let text
  try {
    const { changed, ...before } = mutated(mutation, home)
    text = before.text
    write(home, file, changed)
    const { found, said } = await test(home, [row], ['--bail'])
    if (!found) return `breaks off instead of failing: ${said.trim().slice(0, 500)}`
    return found.stats.failures > 0 ? null : `survives: ${found.stats.passes} tests pass`
  } catch (error) {
    return error.message
  } finally {
    if (text !== undefined) write(home, file, text)
  }
}

const nameOf = ({ row, file, title }) => `${row} lib/${file}: ${title}`

/**
 * True if all mutations of these rows (none: of all rows), or those that `choose` takes of their names, are noticed.
 */
async function mutateNotes(only, choose = (names) => names) {
  const known = readMutations().filter(({ row }) => only.length === 0 || only.includes(row))
  const names = new Set(choose(known.map(nameOf)))
  const chosen = known.filter((mutation) => names.has(nameOf(mutation)))
  if (chosen.length === 0) throw new Failure(`expected rows of the notes such as 5.7, got ${only.join(', ')}`)
  const problems = []
  const seconds = new Map()
  const waiting = [...chosen]
  const lane = async (number) => {
    const home = copyTree()
    try {
      if (number === 0) problems.push(...(await unbroken(home, [...new Set(chosen.map(({ row }) => row))])))
      for (let mutation = waiting.shift(); mutation; mutation = waiting.shift()) {
        const { row } = mutation
        const start = Date.now()
        const problem = await tryMutation(home, mutation)
        seconds.set(row, (seconds.get(row) ?? 0) + (Date.now() - start) / 1000)
        console.log(`${problem ? 'PROBLEM' : 'noticed'}: ${nameOf(mutation)}`)
        if (problem) problems.push(`${nameOf(mutation)}: ${problem}`)
      }
    } finally {
      fs.rmSync(home, { recursive: true, force: true })
    }
  }
  await Promise.all(Array.from({ length: Math.min(2, os.availableParallelism()) }, (_, i) => lane(i)))
  const slow = [...seconds].sort((a, b) => b[1] - a[1]).slice(0, 5)
  console.log(`slowest rows: ${slow.map(([row, s]) => `${row} ${s.toFixed(1)} s`).join(', ')}`)
  console.log(`${chosen.length} mutations of ${seconds.size} rows of the notes, ${problems.length} problems`)
  problems.forEach((line) => console.error(`  ${line}`))
  return problems.length === 0
}

module.exports = { misplaced, mutateNotes }
if (require.main === module)
  main(async () => {
    const { names } = readArguments(process.argv.slice(2), __filename, { names: true })
    if (!(await mutateNotes(names))) process.exitCode = 1
  })
