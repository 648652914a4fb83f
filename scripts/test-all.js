'use strict'
// npm run test:all [-- part of a name]: the longer proofs that `npm test` leaves out. Each entry returns totals; new proofs are added to the
// list at the end.
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { cmakeBuild } = require('./cmake-build')
const { instructionSets, runDrivers } = require('./test/drivers')
const { ensure } = require('./build/ensure')
const { runExamples } = require('./examples')
const { runMocha } = require('./test/mocha')
const { mutateNotes } = require('./mutate-notes')
const { testInstall } = require('./test-install')
const { testCuda } = require('./test-cuda')
const { root, Failure, tryRun, which, filesUnder, main, readArguments } = require('./tools')

const passed = (n = 1) => ({ passed: n, failed: 0, skipped: 0 })
const failed = (n = 1) => ({ passed: 0, failed: n, skipped: 0 })
const skipped = (reason) => {
  console.log(`skipped: ${reason}`)
  return { passed: 0, failed: 0, skipped: 1 }
}
const add = (totals, more) => Object.fromEntries(Object.keys(totals).map((key) => [key, totals[key] + more[key]]))
const isWindows = process.platform === 'win32'

// Reports end the program; the addon's host, node, keeps memory until its end, so leaks are looked for elsewhere.
const sanitizerOptions = {
  ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=0:exitcode=99',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  TSAN_OPTIONS: 'halt_on_error=1:exitcode=99',
}

/** The native drivers under sanitizers, one build for both where they go together. */
function sanitizedDrivers(sanitizers) {
  if (isWindows) return skipped('sanitizers are used on Linux and macOS')
  const { build, options } = sanitizedBuild(sanitizers)
  return runDrivers({ build, options: [...options, '-DMYELIN_ADDON=OFF'], env: sanitizerOptions })
}

const sanitizedBuild = (sanitizers) => ({
  build: `build/drivers-${sanitizers.replace(',', '-')}`,
  options: [`-DMYELIN_SANITIZE=${sanitizers}`],
})

/** The native drivers, whole, with every instruction set of this machine. */
function driversEveryIsa() {
  return instructionSets()
    .map((isa) => runDrivers({ env: { MYELIN_ISA: isa }, whole: true }))
    .reduce(add)
}

/** The addon, and through it the core, instrumented under the addon's and the small training tests. */
function sanitizedAddon() {
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
  const specs = ['test/native/addon/**/*.test.ts', 'test/ops/**/*.test.ts'].filter(
    (spec) => filesUnder(spec.split('/**')[0]).length > 0,
  )
  // node-gyp-build looks below the folder that MYELIN_PREBUILD names.
  const env = { MYELIN_PREBUILD: home, LD_PRELOAD: runtime, ...sanitizerOptions }
  return runMocha(['--timeout', '300000', ...specs], env)
}

/** What a user sees, with every instruction set and with plans that fuse nothing. */
function everyWayToRun() {
  const specs = ['test/ops/**/*.test.ts', 'test/whole/golden/*.test.ts', 'test/layers/**/gradients.test.ts']
  const ways = [...instructionSets().map((isa) => ({ MYELIN_ISA: isa })), { MYELIN_PLAN: 'plain' }]
  return ways.map((env) => runMocha(specs, env)).reduce(add)
}

const longTests = () =>
  filesUnder('test/whole/long', /\.test\.ts$/).length === 0
    ? skipped('there are no tests in test/whole/long')
    : runMocha([
        '--no-config',
        '--node-option',
        'import=tsx',
        '--extension',
        'ts',
        '--timeout',
        '1800000',
        'test/whole/long/**/*.test.ts',
      ])

/** A script of this folder as one proof. */
const script =
  (name, ...args) =>
  () =>
    tryRun(process.execPath, [path.join(__dirname, name), ...args]).ok ? passed() : failed()
/** The same for what needs nvcc. */
const nvccScript =
  (...args) =>
  () =>
    process.env.CUDACXX || which('nvcc') ? script(...args)() : skipped('no nvcc on PATH, and CUDACXX names none')

const proofs = [
  { name: 'long tests', run: longTests },
  { name: 'examples', run: () => (runExamples([]) ? passed() : failed()) },
  { name: 'mutations of the rows of the notes', run: async () => ((await mutateNotes([])) ? passed() : failed()) },
  { name: 'native drivers, every instruction set', run: driversEveryIsa },
  { name: 'ops, trajectories and gradients: every instruction set, plain plans', run: everyWayToRun },
  {
    name: 'native drivers, address and undefined behaviour sanitizers',
    run: () => sanitizedDrivers('address,undefined'),
  },
  { name: 'addon, address and undefined behaviour sanitizers', run: sanitizedAddon },
  { name: 'native drivers, thread sanitizer', run: () => sanitizedDrivers('thread') },
  // Before the tests of the backend, which ask this library why there is no GPU.
  {
    name: 'cuda: nvcc compiles the library for every architecture, and the GPU bench, without a warning',
    run: nvccScript('build-cuda.js', '--strict', '--bench', '--output', 'build/cuda-release'),
  },
  { name: 'cuda: the backend on the stand-in runtime', run: () => testCuda() },
  { name: 'cuda: every barrier is needed', run: script('mutate-barriers.js') },
  { name: 'cuda: no hot kernel spills registers', run: nvccScript('cuda-report.js', '--arch', '80,90') },
  { name: 'install matrix', run: () => testInstall() },
]

async function testAll(filter) {
  const chosen = proofs.filter(({ name }) => name.includes(filter))
  if (chosen.length === 0)
    throw new Failure(
      `no proof has '${filter}' in its name; there are\n  ${proofs.map(({ name }) => name).join('\n  ')}`,
    )
  ensure()
  let totals = { passed: 0, failed: 0, skipped: 0 }
  for (const proof of chosen) {
    console.log(`\n== ${proof.name}`)
    const start = Date.now()
    let outcome
    try {
      outcome = await proof.run()
    } catch (error) {
      console.error(error instanceof Failure ? error.message : error)
      outcome = failed()
    }
    totals = add(totals, outcome)
    console.log(`== ${proof.name}: ${Math.round((Date.now() - start) / 1000)} s`)
  }
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
  if (totals.failed > 0) process.exitCode = 1
}

main(() => testAll(readArguments(process.argv.slice(2), __filename, { names: true }).names.join(' ')))
