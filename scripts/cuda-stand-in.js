'use strict'
// npm run -s cuda:stand-in [-- options]: builds the CUDA library for the CPU, with the stand-in runtime of
// test/native/cuda-on-cpu in place of CUDA's. Needs g++ (or what CXX names) and nothing else. Compiles what changed;
// prints the path last.
//
//   --sanitize address|thread   another library, instrumented, in build/cuda-stand-in-<sanitizer>
//   --driver file.cpp           a program instead: this file, the same objects, and the plain kernels of the CPU to
//                               compare with; may be given more than once
const { spawn, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { root, Failure, run, which, withLock, filesUnder, main } = require('./tools')

const standIn = 'test/native/cuda-on-cpu'

// Misaligned vector accesses are seen in every build: a device refuses them, the CPU does not care.
const sanitizers = {
  '': ['-fsanitize=alignment', '-fno-sanitize-recover=alignment'],
  address: [
    '-fsanitize=address,alignment,bounds,shift,integer-divide-by-zero',
    '-fno-sanitize-recover=all',
    '-fno-omit-frame-pointer',
    '-g1',
  ],
  thread: ['-fsanitize=thread', '-fno-omit-frame-pointer', '-g1'],
}
const folderOf = (sanitize) => path.join('build', sanitize ? `cuda-stand-in-${sanitize}` : 'cuda-stand-in')

function compiler() {
  const name = process.env.CXX || ['g++', 'c++'].find(which)
  if (!name) throw new Failure('the stand-in CUDA library needs g++ (or a compiler that CXX names)')
  return name
}

/** The device fuses a·b + c where it is asked to; so does this processor, if it can. */
function processorFlags() {
  if (process.arch !== 'x64') return []
  const info = fs.existsSync('/proc/cpuinfo') ? fs.readFileSync('/proc/cpuinfo', 'utf8') : ''
  return /\bfma\b/.test(info) && /\bavx2\b/.test(info) ? ['-mavx2', '-mfma'] : []
}

function commonFlags() {
  return [
    ...['-std=c++17', '-O2', '-ffp-contract=off', '-fno-math-errno', '-fno-trapping-math', ...processorFlags()],
    ...['-fPIC', '-fvisibility=hidden', '-fno-gnu-unique', '-pthread'],
    // Code for nvcc has pragmas g++ does not know.
    ...['-Wall', '-Wextra', '-Wno-unknown-pragmas'],
  ]
}

/** Flags for what is instrumented: kernels and the host code around them. `native`: the folder to take headers from. */
function kernelFlags(sanitize, native = path.join(root, 'native')) {
  return [
    ...commonFlags(),
    ...sanitizers[sanitize],
    ...['-x', 'c++', `-I${path.join(root, standIn, 'include')}`, `-I${native}`],
  ]
}

/** The runtime changes stacks under its own feet, so it is never instrumented; it only knows the sanitizer. */
function runtimeFlags(sanitize) {
  const told = { '': [], address: ['-DEMU_ASAN'], thread: ['-DEMU_TSAN'] }
  return [...commonFlags(), ...told[sanitize], '-x', 'c++', `-I${path.join(root, standIn, 'include')}`]
}

/** The plain kernels of native/cpu, which results are compared with. */
const referenceFlags = () => [
  ...commonFlags(),
  ...['-DMYELIN_TARGET=reference', '-DMYELIN_REFERENCE', '-x', 'c++', `-I${path.join(root, 'native')}`],
]

const librarySources = () => filesUnder('native/cuda', /\.(cu|cpp)$/).sort()
const runtimeSources = () => filesUnder(`${standIn}/runtime`, /\.cpp$/)
const referenceSources = () => filesUnder('native/cpu/kernels', /\.cpp$/)

function isCurrent(output, command, inputs) {
  const stamp = `${output}.command`
  if (!fs.existsSync(output) || !fs.existsSync(stamp) || fs.readFileSync(stamp, 'utf8') !== command) return false
  const then = fs.statSync(stamp).mtimeMs
  return inputs.every((file) => fs.existsSync(file) && fs.statSync(file).mtimeMs <= then)
}

/** Remembers how `output` was made, from inputs as they were when that began. */
function setCurrent(output, command, began) {
  fs.writeFileSync(`${output}.command`, command)
  fs.utimesSync(`${output}.command`, began / 1000, began / 1000)
}

/** The files a compilation read, from the rule for make that the compiler wrote. */
function dependencies(object) {
  const file = `${object}.d`
  if (!fs.existsSync(file)) return null
  return fs.readFileSync(file, 'utf8').replace(/\\\n/g, ' ').replace(/^.*?:/, '').split(/\s+/).filter(Boolean)
}

/** Compiles one file if it or a header of it changed. Resolves to true if it did; rejects with a Failure. */
function compile(source, object, flags) {
  const args = [...flags, '-MMD', '-MF', `${object}.d`, '-c', source, '-o', object]
  const command = [compiler(), ...args].join('\n')
  const inputs = dependencies(object)
  if (inputs && isCurrent(object, command, inputs)) return Promise.resolve(false)
  fs.mkdirSync(path.dirname(object), { recursive: true })
  fs.rmSync(`${object}.command`, { force: true })
  const began = Date.now()
  return new Promise((resolve, reject) => {
    const child = spawn(compiler(), args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', (error) => reject(new Failure(`could not start '${compiler()}': ${error.message}`)))
    child.on('close', (code) => {
      if (code !== 0) return reject(new Failure(`${source} does not compile (${compiler()} ended with code ${code})`))
      setCurrent(object, command, began)
      resolve(true)
    })
  })
}

function link(output, objects, flags) {
  const args = [...flags, ...objects, '-pthread', '-ldl', '-o', `${output}.new`]
  const command = [compiler(), ...args].join('\n')
  if (isCurrent(output, command, objects)) return
  const began = Date.now()
  const result = spawnSync(compiler(), args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (result.status !== 0) throw new Failure(`${path.relative(root, output)} does not link`)
  // Renamed into place: a process that has the old one open keeps it.
  fs.renameSync(`${output}.new`, output)
  setCurrent(output, command, began)
}

/** Runs `work` on every item, as many at a time as there are processors. */
async function inParallel(items, work, jobs = os.availableParallelism()) {
  const waiting = [...items]
  const results = []
  const serve = async () => {
    while (waiting.length > 0) results.push(await work(waiting.shift()))
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(jobs, waiting.length)) }, serve))
  return results
}

/**
 * Compiles everything the library is linked from, and with `drivers` these and the plain kernels: [{ source, object }],
 * sources from the root, objects absolute.
 */
async function compileObjects(sanitize, drivers = []) {
  const folder = path.join(root, folderOf(sanitize))
  const instrumented = kernelFlags(sanitize)
  const jobs = [
    ...[...librarySources(), ...drivers].map((source) => ({ source, flags: instrumented })),
    ...runtimeSources().map((source) => ({ source, flags: runtimeFlags(sanitize) })),
    ...(drivers.length > 0 ? referenceSources() : []).map((source) => ({ source, flags: referenceFlags() })),
  ].map((job) => ({ ...job, object: path.join(folder, 'objects', `${job.source.replace(/[\\/]/g, '_')}.o`) }))
  await inParallel(jobs, async ({ source, object, flags }) => {
    if (await compile(path.join(root, source), object, flags)) console.error(`compiled ${source}`)
  })
  return jobs.map(({ source, object }) => ({ source, object }))
}

const programOf = (sanitize, driver) => path.join(root, folderOf(sanitize), path.basename(driver, '.cpp'))

async function buildHere(sanitize, drivers) {
  const objects = await compileObjects(sanitize, drivers)
  const shared = objects.filter(({ source }) => !drivers.includes(source)).map(({ object }) => object)
  if (drivers.length === 0) {
    const library = path.join(root, folderOf(sanitize), 'libmyelin_cuda.so')
    link(library, shared, ['-shared', '-Wl,--no-undefined', ...sanitizers[sanitize]])
  }
  for (const { source, object } of objects.filter((each) => drivers.includes(each.source))) {
    link(programOf(sanitize, source), [object, ...shared], sanitizers[sanitize])
  }
}

/**
 * Builds the library, or programs of `drivers` (paths from the root), and returns the path of what was built last.
 * `sanitize`: '', 'address' or 'thread'. Throws Failure.
 */
function buildStandIn({ sanitize = '', drivers = [] } = {}) {
  if (process.platform !== 'linux') throw new Failure('the stand-in CUDA runtime runs on Linux only')
  compiler()
  const folder = folderOf(sanitize)
  withLock(path.basename(folder), () => run(process.execPath, [__filename, '--here', sanitize, ...drivers]))
  return drivers.length > 0
    ? programOf(sanitize, drivers[drivers.length - 1])
    : path.join(root, folder, 'libmyelin_cuda.so')
}

module.exports = {
  buildStandIn,
  standIn,
  sanitizers,
  folderOf,
  kernelFlags,
  runtimeFlags,
  librarySources,
  runtimeSources,
  compile,
  compileObjects,
  dependencies,
  inParallel,
  link,
}

if (require.main === module) {
  main(async () => {
    const args = process.argv.slice(2)
    if (args[0] === '--here') return buildHere(args[1], args.slice(2))
    const options = { sanitize: '', drivers: [] }
    while (args.length > 0) {
      const [option, value] = args.splice(0, 2)
      if (option === '--sanitize' && sanitizers[value] && value) options.sanitize = value
      else if (option === '--driver' && value) options.drivers.push(path.relative(root, path.resolve(value)))
      else throw new Failure(`unknown option '${[option, value].join(' ')}'; see the head of scripts/cuda-stand-in.js`)
    }
    console.log(buildStandIn(options))
  })
}
