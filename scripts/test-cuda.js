'use strict'
// npm run test:cuda [-- options] [test files]: the CUDA backend under the stand-in runtime of test/native/cuda-on-cpu
// (needs g++ only), or on a GPU with the library that nvcc built. test/native/cuda, and then the suites that run on any
// device once more with MYELIN_DEVICE=cuda.
//
//   --quick       the part that `npm test` has: fewer cases of each kind, and of the suites the golden trajectories
//   --seed n      the random order of threads on the stand-in (default: drawn, and printed)
//   --gpu         on this machine's GPU, with build/Release/libmyelin_cuda.so
const path = require('node:path')
const { buildStandIn } = require('./cuda-stand-in')
const { ensure } = require('./build/ensure')
const { runMocha } = require('./test/mocha')
const { root, Failure, main, readArguments, which } = require('./tools')

/** Suites that hold on every device. They find theirs through MYELIN_DEVICE. The quick run has the first only. */
const anyDevice = [
  'test/whole/golden/*.test.ts',
  'test/check/**/*.test.ts',
  'test/functions/gradients.test.ts',
  'test/layers/**/*.test.ts',
  'test/model/*.test.ts',
  'test/model/files/files.test.ts',
  'test/model/infer/*.test.ts',
  'test/model/queue/queue.test.ts',
  'test/model/train/fit.test.ts',
  'test/callbacks/*.test.ts',
  'test/model/train/resume*.test.ts',
]

function environment({ gpu, seed }) {
  if (gpu) return { MYELIN_CUDA_LIBRARY: path.join(root, 'build/Release/libmyelin_cuda.so') }
  return { MYELIN_CUDA_LIBRARY: buildStandIn(), EMU_ORDER: 'random', EMU_SEED: String(seed) }
}

/** Totals of mocha. `files`: instead of everything. */
function testCuda({ quick = false, gpu = false, seed = 1 + Math.floor(Math.random() * 1e6), files = [] } = {}) {
  if (!gpu && process.platform !== 'linux') {
    console.log('skipped: the stand-in CUDA runtime runs on Linux only')
    return { passed: 0, failed: 0, skipped: 1 }
  }
  const env = { ...environment({ gpu, seed }), MYELIN_CUDA_TESTS: quick ? 'quick' : 'whole' }
  if (gpu) console.log('CUDA backend on the GPU of this machine')
  else console.log(`CUDA backend on the stand-in runtime, threads in random order, EMU_SEED=${seed}`)
  if (!gpu && !which('nvcc') && !process.env.CUDACXX) console.log('nvcc is not here: its build is left out')
  const options = ['--no-config', '--node-option', 'import=tsx', '--timeout', quick ? '60000' : '600000']
  const runs =
    files.length > 0 ? [{ files, device: process.env.MYELIN_DEVICE }] : [{ files: ['test/native/cuda/*.test.ts'] }]
  if (files.length === 0) runs.push({ files: quick ? anyDevice.slice(0, 1) : anyDevice, device: 'cuda' })
  const totals = { passed: 0, failed: 0, skipped: 0 }
  for (const { files: specs, device } of runs) {
    const found = runMocha([...options, ...specs], device ? { ...env, MYELIN_DEVICE: device } : env)
    for (const key of Object.keys(totals)) totals[key] += found[key]
  }
  return totals
}

function optionsOf(args) {
  const known = { quick: true, gpu: true, seed: false }
  const { options, names } = readArguments(args, __filename, { known, names: true })
  const seed = options.seed === undefined ? undefined : Number(options.seed)
  if (seed !== undefined && !Number.isInteger(seed))
    throw new Failure(`--seed: expected an integer, got '${options.seed}'`)
  return { quick: options.quick, gpu: options.gpu, seed, files: names }
}

module.exports = { testCuda }

if (require.main === module) {
  main(() => {
    const options = optionsOf(process.argv.slice(2))
    ensure()
    const totals = testCuda(options)
    console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
    if (totals.failed > 0) process.exitCode = 1
  })
}
