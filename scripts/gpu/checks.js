'use strict'
// The stages of scripts/gpu.js that say whether the backend is right. A stage resolves to { status, note, output? }:
// 'passed', 'failed' or 'skipped', what a reader of the table should know, and what was printed where it failed.
const path = require('node:path')
const { presentArchitecture, folderOf } = require('../build-cuda')
const { root, which } = require('../tools')
const { gemmLine, sanitizerCases } = require('./cases')
const { lastLine } = require('./child')
const { hasDriver, whyNoDisk, whyNoToolkit } = require('./machine')

const minute = 60
const outcome = (status, note = '', output = undefined) => ({ status, note, output })
const tail = (output) => output.split('\n').slice(-60).join('\n')
const fromRun = ({ ok, reason, output }, note = '') =>
  ok ? outcome('passed', note) : outcome('failed', reason, tail(output))

const script = (name) => path.join(root, 'scripts', name)

/** A script that ends with '12 passed, 0 failed, 1 skipped'. */
async function totals(context, args, seconds) {
  const result = await context.run(process.execPath, args, { seconds })
  const line = lastLine(result.output)
  const found = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(line)
  if (!result.ok) return outcome('failed', found ? line : result.reason, tail(result.output))
  if (!found || Number(found[1]) === 0) return outcome('failed', `no test has run: ${line}`, tail(result.output))
  return outcome('passed', line)
}

/** Disk and toolkit, before anything is built with them. */
function tools(context) {
  const reason = whyNoDisk() ?? (context.standIn ? null : whyNoToolkit())
  if (reason) return outcome('failed', reason)
  const { nvcc } = context.results.machine
  return outcome('passed', context.standIn ? 'nvcc is not needed' : `nvcc of CUDA ${nvcc}`)
}

/** The library, and the programs that measure. */
async function build(context) {
  if (context.standIn) {
    const result = await context.run(process.execPath, [script('gpu/build-stand-in.js')], { seconds: 30 * minute })
    context.programs = path.join(root, 'build/gpu-stand-in')
    context.library = path.join(root, 'build/cuda-stand-in/libmyelin_cuda.so')
    return fromRun(result, 'the stand-in runtime')
  }
  // Without nvidia-smi the GPU may still be there; without any sign of a driver, one architecture is enough to ask.
  const architecture = presentArchitecture() ?? (hasDriver() ? null : '80')
  const args = architecture ? ['--arch', architecture] : []
  const result = await context.run(process.execPath, [script('build-cuda.js'), '--bench', ...args], {
    seconds: 60 * minute,
  })
  context.programs = path.join(root, folderOf(architecture && [architecture]), 'bench')
  context.library = path.join(root, 'build/Release/libmyelin_cuda.so')
  return fromRun(result, architecture ? `compute capability ${(architecture / 10).toFixed(1)}` : 'all architectures')
}

/** The library must be the one that was just built, and find the GPU: a run on something else proves nothing. */
async function device(context) {
  const program =
    "const my = require('./dist'); const d = my.devices().find((each) => each.name.startsWith('cuda')); " +
    'console.log(JSON.stringify({ reason: my.whyNoGpu(), device: d }))'
  const result = await context.run(process.execPath, ['-e', program], { seconds: 2 * minute, quiet: true })
  if (!result.ok) return fromRun(result)
  const { reason, device: found } = JSON.parse(lastLine(result.output))
  if (reason !== null) return outcome('failed', reason)
  if (found.description.startsWith('stand-in') !== context.standIn)
    return outcome('failed', `${context.library} is ${context.standIn ? 'not ' : ''}the stand-in`)
  context.results.device = found
  const memory = `${(found.memoryBytes / 2 ** 30).toFixed(0)} GiB`
  return outcome('passed', `${found.description}, ${memory}, compute capability ${found.computeCapability}`)
}

const suite = (context) =>
  totals(context, [script('test.js'), ...(context.standIn ? ['test/graph/graph.test.ts'] : [])], 90 * minute)

const onGpu = (context) =>
  totals(
    context,
    [script('test-cuda.js'), ...(context.standIn ? ['--quick', 'test/native/cuda/order.test.ts'] : ['--gpu'])],
    90 * minute,
  )

/**
 * Memory errors, races and misused barriers as the GPU sees them: over all kinds of matrix products, and over a part of
 * the tests.
 */
async function sanitizer(context, tool) {
  const program = which('compute-sanitizer')
  if (!program) return outcome('skipped', 'compute-sanitizer is not on PATH; it comes with the CUDA toolkit')
  const checked = ['--tool', tool, '--target-processes', 'all', '--error-exitcode', '99']
  const products = await context.run(program, [...checked, ...context.gemm({ tiny: true })], {
    seconds: 30 * minute,
    input: sanitizerCases(context.standIn).map(gemmLine).join(''),
  })
  if (!products.ok) return fromRun({ ...products, reason: `matrix products: ${products.reason}` })
  const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js')
  const tests = ['--node-option', 'import=tsx', '--no-config', '--timeout', '1200000', 'test/native/cuda/steps.test.ts']
  const steps = await context.run(program, [...checked, process.execPath, mocha, ...tests], {
    seconds: 60 * minute,
    env: { ...context.env(), MYELIN_CUDA_TESTS: 'quick' },
  })
  return fromRun({ ...steps, reason: `tests: ${steps.reason}` })
}

module.exports = { tools, build, device, suite, onGpu, sanitizer, outcome, tail, minute }
