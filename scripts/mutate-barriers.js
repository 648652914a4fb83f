'use strict'
// npm run mutate:barriers [-- filter]: takes every __syncthreads() and __syncwarp() out of the CUDA kernels, one at a
// time, and demands that test/native/cuda-on-cpu/kernels/kernel_check.cpp notices: a barrier whose absence no test sees
// is either not needed or not tested. What the thread orders do not show, ThreadSanitizer must. `filter`: only places
// that contain it, for example 'softmax' or 'sum.cu:12'.
const fs = require('node:fs')
const path = require('node:path')
const { spawn } = require('node:child_process')
const { setTimeout, clearTimeout } = require('node:timers')
const { root, Failure, filesUnder, main, readArguments } = require('./tools')
const standIn = require('./cuda-stand-in')

const driver = `${standIn.standIn}/kernels/kernel_check.cpp`
const workFolder = path.join(root, 'build/mutate-barriers', String(process.pid))

// In the order they are tried. A removed barrier may also leave threads waiting for ever: that counts as noticed.
const attempts = [
  { name: 'thread orders', sanitize: '', orders: ['forward', 'reverse', 'random:1', 'random:2', 'random:3'] },
  { name: 'thread sanitizer', sanitize: 'thread', orders: ['forward', 'reverse'] },
]
const timeLimit = 120_000

/** Every barrier of the kernels: { file (from the root), line, column, text, label }. */
function findBarriers() {
  const found = []
  for (const file of filesUnder('native/cuda')) {
    const lines = fs.readFileSync(path.join(root, file), 'utf8').split('\n')
    lines.forEach((text, index) => {
      const comment = text.indexOf('//')
      for (const match of text.matchAll(/__sync(threads|warp)\s*\([^)]*\)/g)) {
        if (comment >= 0 && match.index > comment) continue
        const at = { file, line: index + 1, column: match.index, text: match[0] }
        found.push({ ...at, label: `${path.basename(file)}:${index + 1} ${match[0]}` })
      }
    })
  }
  return found
}

/** A copy of the sources without one barrier; returns its folder `native`. */
function mutatedSources(barrier, folder) {
  const native = path.join(folder, 'native')
  fs.mkdirSync(native, { recursive: true })
  for (const name of ['core', 'math']) fs.symlinkSync(path.join(root, 'native', name), path.join(native, name))
  for (const file of filesUnder('native/cuda')) {
    const text = fs.readFileSync(path.join(root, file), 'utf8')
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    fs.writeFileSync(path.join(folder, file), file === barrier.file ? without(text, barrier) : text)
  }
  return native
}

function without(text, { line, column, text: call }) {
  const lines = text.split('\n')
  const old = lines[line - 1]
  lines[line - 1] = `${old.slice(0, column)}static_cast<void>(0)${old.slice(column + call.length)}`
  return lines.join('\n')
}

/** Runs the check. Resolves to what it said when it failed, or null when it was content. */
function runCheck(program, orders) {
  const env = { ...process.env, TSAN_OPTIONS: 'halt_on_error=1:exitcode=66' }
  return new Promise((resolve, reject) => {
    const child = spawn(program, orders, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    const listen = (chunk) => (said = (said + chunk).slice(0, 65536))
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    const timer = setTimeout(() => {
      said += '\nran too long'
      child.kill('SIGKILL')
    }, timeLimit)
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve(code === 0 ? null : summary(said))
    })
  })
}

/** The line that tells most. */
function summary(said) {
  const lines = said.split('\n').map((line) => line.trim())
  const telling = lines.find((line) => /^FAILED|^SUMMARY|stand-in CUDA runtime|ran too long/.test(line))
  return (telling || lines.find(Boolean) || 'ended without a word').replaceAll(`${workFolder}/`, '').slice(0, 110)
}

/** Builds the check without one barrier from as few new objects as possible and runs it. */
async function attempt(barrier, folder, native, { sanitize, orders }, objects) {
  const replaced = new Map()
  for (const { source, object } of objects) {
    const read = standIn.dependencies(object) ?? []
    if (!source.startsWith('native/cuda/')) continue
    if (!read.some((file) => path.resolve(root, file) === path.join(root, barrier.file))) continue
    const mutated = path.join(folder, `${path.basename(source)}${sanitize}.o`)
    await standIn.compile(path.join(folder, source), mutated, standIn.kernelFlags(sanitize, native))
    replaced.set(object, mutated)
  }
  if (replaced.size === 0) throw new Failure(`${barrier.file} has a barrier, and no source of the library includes it`)
  const program = path.join(folder, `check${sanitize}`)
  const linked = objects.map(({ object }) => replaced.get(object) ?? object)
  standIn.link(program, linked, standIn.sanitizers[sanitize])
  return runCheck(program, orders)
}

async function testBarrier(barrier, number, objects) {
  const folder = path.join(workFolder, String(number))
  fs.mkdirSync(folder, { recursive: true })
  try {
    const native = mutatedSources(barrier, folder)
    for (const way of attempts) {
      const said = await attempt(barrier, folder, native, way, objects[way.sanitize])
      if (said) return { ...barrier, noticedBy: way.name, said }
    }
    return { ...barrier, noticedBy: null, said: '' }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** True if all barriers with `filter` in their label, or those that `choose` takes of the labels, are noticed. */
async function mutateBarriers(filter = '', choose = (labels) => labels) {
  const known = findBarriers().filter(({ label }) => label.includes(filter))
  const labels = new Set(choose(known.map(({ label }) => label)))
  const barriers = known.filter(({ label }) => labels.has(label))
  if (barriers.length === 0) throw new Failure(`no barrier in native/cuda matches '${filter}'`)
  const objects = {}
  for (const { name, sanitize, orders } of attempts) {
    const program = standIn.buildStandIn({ sanitize, drivers: [driver] })
    objects[sanitize] = await standIn.compileObjects(sanitize, [driver])
    const said = await runCheck(program, orders)
    if (said) throw new Failure(`the kernels fail as they are (${name}), so nothing can be shown:\n  ${said}`)
  }
  let number = 0
  const results = await standIn
    .inParallel(barriers, async (barrier) => {
      const result = await testBarrier(barrier, number++, objects)
      console.error(`${result.noticedBy ? 'noticed ' : 'MISSED  '} ${result.label}`)
      return result
    })
    .finally(() => fs.rmSync(workFolder, { recursive: true, force: true }))
  const order = new Map(barriers.map(({ label }, index) => [label, index]))
  results.sort((a, b) => order.get(a.label) - order.get(b.label))
  const width = Math.max(...results.map(({ label }) => label.length))
  console.log(`\n${'barrier removed'.padEnd(width)}  noticed by        how`)
  for (const { label, noticedBy, said } of results) {
    console.log(`${label.padEnd(width)}  ${(noticedBy ?? 'NOTHING').padEnd(16)}  ${said}`)
  }
  const missed = results.filter(({ noticedBy }) => !noticedBy).length
  console.log(`${results.length - missed} of ${results.length} removed barriers were noticed`)
  return missed === 0
}

module.exports = { mutateBarriers }

if (require.main === module)
  main(async () => {
    const { names } = readArguments(process.argv.slice(2), __filename, { names: true })
    if (!(await mutateBarriers(names.join(' ')))) process.exitCode = 1
  })
