'use strict'
// The longer proofs that `npm test` leaves out, in the order in which they run. Each returns totals; it gets a function
// that takes all of its parts (examples, mutations, instruction sets …) as texts, and gives those to run. A new one
// needs a budget.
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { cmakeBuild } = require('../cmake-build')
const { exampleNames, runExamples } = require('../examples')
const { mutateBarriers } = require('../mutate-barriers')
const { mutateNotes } = require('../mutate-notes')
const { testCuda } = require('../test-cuda')
const { testInstall } = require('../test-install')
const { root, isWindows, tryRun, which, filesUnder } = require('../tools')
const { driverNames, instructionSets, runDrivers } = require('./drivers')
const { runMocha } = require('./mocha')

const passed = (n = 1) => ({ passed: n, failed: 0, skipped: 0 })
const failed = (n = 1) => ({ passed: 0, failed: n, skipped: 0 })
const skipped = (reason) => {
  console.log(`skipped: ${reason}`)
  return { passed: 0, failed: 0, skipped: 1 }
}
const add = (totals, more) => Object.fromEntries(Object.keys(totals).map((key) => [key, totals[key] + more[key]]))

/** What users compute with outside of models. */
const opTests = ['test/ops', 'test/functions', 'test/tensor']

// Reports end the program; the addon's host, node, keeps memory until its end, so leaks are looked for elsewhere.
const sanitizerOptions = {
  ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=0:exitcode=99',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  TSAN_OPTIONS: 'halt_on_error=1:exitcode=99',
}

/** The native drivers under sanitizers, one build for both where they go together. */
const sanitizedDrivers = (sanitizers) => (choose) => {
  if (isWindows) return skipped('sanitizers are used on Linux and macOS')
  const { build, options } = sanitizedBuild(sanitizers)
  const only = choose(driverNames())
  return runDrivers({ build, options: [...options, '-DMYELIN_ADDON=OFF'], env: sanitizerOptions, only })
}

const sanitizedBuild = (sanitizers) => ({
  build: `build/drivers-${sanitizers.replace(',', '-')}`,
  options: [`-DMYELIN_SANITIZE=${sanitizers}`],
})

/** The native drivers, whole, with every instruction set of this machine. */
function driversEveryIsa(choose) {
  return choose(instructionSets())
    .map((isa) => runDrivers({ env: { MYELIN_ISA: isa }, whole: true }))
    .reduce(add)
}

/** The addon, and through it the core, instrumented under the addon's and the small training tests. */
function sanitizedAddon(choose) {
  if (process.platform !== 'linux') return skipped('needs LD_PRELOAD')
  const compiler = process.env.CXX || 'g++'
  const runtime = spawnSync(compiler, ['-print-file-name=libasan.so'], { encoding: 'utf8' }).stdout?.trim()
  if (!runtime || !path.isAbsolute(runtime)) return skipped(`${compiler} has no libasan.so`)
  const home = path.join(root, 'build/addon-sanitized')
  // The folder of the drivers: their kernels are compiled already.
  const { build, options } = sanitizedBuild('address,undefined')
  cmakeBuild({
    binaryDir: build,
    outputDir: path.join(home, 'build/Release'),
    options: [...options, '-DMYELIN_ADDON=ON', '-DMYELIN_TESTS=OFF'],
  })
  const specs = choose(['test/native/addon', ...opTests].flatMap((folder) => filesUnder(folder, /\.test\.ts$/)))
  // node-gyp-build looks below the folder that MYELIN_PREBUILD names.
  const env = { MYELIN_PREBUILD: home, LD_PRELOAD: runtime, ...sanitizerOptions }
  return runMocha(['--timeout', '300000', ...specs], env)
}

/** What a user sees, with every instruction set and with plans that fuse nothing. */
function everyWayToRun(choose) {
  const specs = [
    ...opTests.map((folder) => `${folder}/**/*.test.ts`),
    'test/whole/golden/*.test.ts',
    'test/functions/gradients.test.ts',
    'test/layers/**/*.test.ts',
  ]
  const ways = [...instructionSets().map((isa) => `MYELIN_ISA=${isa}`), 'MYELIN_PLAN=plain']
  return choose(ways)
    .map((way) => runMocha(specs, Object.fromEntries([way.split('=')])))
    .reduce(add)
}

const longTests = () =>
  filesUnder('test/whole/long', /\.test\.ts$/).length === 0
    ? skipped('there are no tests in test/whole/long')
    : runMocha([
        ...['--no-config', '--node-option', 'import=tsx', '--extension', 'ts', '--timeout', '1800000'],
        'test/whole/long/**/*.test.ts',
      ])

/** A command of scripts/ as one proof. */
const script =
  (name, ...args) =>
  () =>
    tryRun(process.execPath, [path.join(root, 'scripts', name), ...args]).ok ? passed() : failed()
/** The same for what needs nvcc. */
const nvccScript =
  (...args) =>
  () =>
    process.env.CUDACXX || which('nvcc') ? script(...args)() : skipped('no nvcc on PATH, and CUDACXX names none')

/** What runs before them where nothing is left out. */
const suite = { name: 'npm test', run: script('test.js') }

const proofs = [
  { name: 'long tests', run: longTests },
  { name: 'examples', run: (choose) => (runExamples(choose(exampleNames())) ? passed() : failed()) },
  {
    name: 'mutations of the rows of the notes',
    run: async (choose) => ((await mutateNotes([], choose)) ? passed() : failed()),
  },
  { name: 'native drivers, every instruction set', run: driversEveryIsa },
  { name: 'ops, trajectories and gradients: every instruction set, plain plans', run: everyWayToRun },
  { name: 'native drivers, address and undefined behaviour sanitizers', run: sanitizedDrivers('address,undefined') },
  { name: 'addon, address and undefined behaviour sanitizers', run: sanitizedAddon },
  { name: 'native drivers, thread sanitizer', run: sanitizedDrivers('thread') },
  // Before the tests of the backend, which ask this library why there is no GPU.
  {
    name: 'cuda: nvcc compiles the library for every architecture, and the GPU bench, without a warning',
    run: nvccScript('build-cuda.js', '--strict', '--bench', '--output', 'build/cuda-release'),
  },
  { name: 'cuda: the backend on the stand-in runtime', run: () => testCuda() },
  {
    name: 'cuda: every barrier is needed',
    run: async (choose) => ((await mutateBarriers('', choose)) ? passed() : failed()),
  },
  { name: 'cuda: no hot kernel spills registers', run: nvccScript('cuda-report.js', '--arch', '80,90') },
  { name: 'install matrix', run: (choose) => testInstall('', choose) },
]

module.exports = { add, failed, proofs, suite }
