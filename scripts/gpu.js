'use strict'
// npm run gpu [-- options]: everything there is to know about the CUDA backend on a machine with a GPU and the CUDA toolkit.
// Builds, runs the whole test suite and the CUDA tests on the GPU, compute-sanitizer where it is installed, and then
// measures the workloads of bench/. Ends with one table, out/gpu.json, and exit code 1 if anything failed.
//
//   --no-bench    tests only
//   --only name   stages whose name contains this
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { buildCuda, presentArchitecture } = require('./build-cuda')
const { ensure } = require('./ensure')
const { testCuda } = require('./test-cuda')
const { root, Failure, main, tryRun, which } = require('./tools')

const library = path.join(root, 'build/Release/libmyelin_cuda.so')
const report = path.join(root, 'out/gpu.json')

/** A stage says how it went: 'passed', 'failed' or 'skipped', and what a reader of the table should know. */
const outcome = (status, note = '') => ({ status, note })
const fromTotals = ({ passed, failed, skipped }) =>
  outcome(failed > 0 || passed === 0 ? 'failed' : 'passed', `${passed} passed, ${failed} failed, ${skipped} skipped`)
const fromRun = ({ ok, reason }) => outcome(ok ? 'passed' : 'failed', reason)

/** The library must be the one nvcc made, and it must find the GPU: a run on something else proves nothing. */
function checkDevice() {
  const my = require('../dist')
  const reason = my.whyNoGpu()
  if (reason !== null) return outcome('failed', reason)
  const gpu = my.devices()[1]
  if (gpu.description.startsWith('stand-in'))
    return outcome('failed', 'the library is the stand-in, not the one of nvcc')
  return outcome(
    'passed',
    `${gpu.description}, ${(gpu.memoryBytes / 2 ** 30).toFixed(0)} GiB, ${gpu.computeCapability}`,
  )
}

/** Memory errors, races and reads of memory nobody wrote, as the GPU sees them, over a part of the tests. */
function sanitizer(tool) {
  const program = which('compute-sanitizer')
  if (!program) return outcome('skipped', 'compute-sanitizer is not installed')
  const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js')
  const args = ['--node-option', 'import=tsx', '--no-config', '--timeout', '600000', 'test/cuda/steps.test.ts']
  const env = { ...process.env, MYELIN_CUDA_LIBRARY: library, MYELIN_CUDA_TESTS: 'quick' }
  const checked = ['--tool', tool, '--target-processes', 'all', '--error-exitcode', '99', process.execPath]
  return fromRun(tryRun(program, [...checked, mocha, ...args], { env }))
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]

/** Microseconds a step of one workload takes, in a process of its own: median over epochs of a fit. */
function timeWorkload(workload, device) {
  const child = path.join(__dirname, 'gpu-workload.js')
  const env = { ...process.env, MYELIN_CUDA_LIBRARY: library }
  const { status, stdout, stderr } = spawnSync(process.execPath, [child, JSON.stringify(workload), device], {
    cwd: root,
    encoding: 'utf8',
    env,
  })
  if (status !== 0) throw new Failure(`${workload.name} on ${device}: ${stderr.trim().split('\n').pop()}`)
  return JSON.parse(stdout)
}

/** The same step in PyTorch, if there is one that sees the GPU: null where not. */
function timePyTorch(workload) {
  const python = which('python3')
  if (!python) return null
  const script = path.join(__dirname, 'gpu-workload.py')
  const { status, stdout } = spawnSync(python, [script, JSON.stringify(workload)], { cwd: root, encoding: 'utf8' })
  return status === 0 ? JSON.parse(stdout) : null
}

const workloads = [
  { name: 'tiny', widths: [2, 16, 16, 1], activation: 'tanh', batch: 64, rows: 6400 },
  { name: 'mnist', widths: [784, 256, 128, 10], activation: 'relu', batch: 128, rows: 12800 },
  { name: 'cat', widths: [12288, 20, 7, 5, 1], activation: 'relu', batch: 209, rows: 2090 },
  { name: 'deep', widths: [128, ...Array(20).fill(128), 10], activation: 'relu', batch: 64, rows: 6400 },
  { name: 'wide', widths: [1024, 4096, 4096, 1000], activation: 'relu', batch: 512, rows: 10240 },
]

/** Multiplications and additions of a step: three products a layer, without the first layer's derivative of its input. */
const flopsOf = ({ widths, batch }) =>
  widths.slice(1).reduce((sum, out, i) => sum + 2 * batch * widths[i] * out * (i === 0 ? 2 : 3), 0)

function bench(results) {
  results.bench = workloads.map((workload) => {
    const gpu = timeWorkload(workload, 'cuda')
    const cpu = timeWorkload(workload, 'cpu')
    if (!gpu.finite || Math.abs(gpu.firstCost - cpu.firstCost) > 1e-3 * Math.max(1, Math.abs(cpu.firstCost)))
      throw new Failure(
        `${workload.name}: the first cost is ${gpu.firstCost} on the GPU and ${cpu.firstCost} on the CPU`,
      )
    const torch = timePyTorch(workload)
    const row = {
      name: workload.name,
      cudaMicroseconds: median(gpu.microseconds),
      cpuMicroseconds: median(cpu.microseconds),
      torchMicroseconds: torch && median(torch.microseconds),
      teraflops: flopsOf(workload) / median(gpu.microseconds) / 1e6,
    }
    const torchText = row.torchMicroseconds
      ? `${row.torchMicroseconds.toFixed(1)} us PyTorch CUDA`
      : 'no PyTorch with CUDA'
    console.log(
      `${row.name}: ${row.cudaMicroseconds.toFixed(1)} us a step (${row.teraflops.toFixed(2)} TFLOP/s), ` +
        `${row.cpuMicroseconds.toFixed(1)} us on the CPU, ${torchText}`,
    )
    return row
  })
  return outcome('passed', `${results.bench.length} workloads, in out/gpu.json`)
}

function stagesOf(results) {
  const architecture = presentArchitecture()
  return [
    {
      name: 'nvcc build',
      needed: true,
      run: () =>
        buildCuda({ architectures: architecture && [architecture] })
          ? outcome('passed', architecture ? `compute capability ${architecture / 10}` : 'all architectures')
          : outcome('failed', 'no nvcc on PATH, and CUDACXX names none'),
    },
    { name: 'device', needed: true, run: checkDevice },
    { name: 'npm test', run: () => fromRun(tryRun(process.execPath, [path.join(__dirname, 'test.js')])) },
    { name: 'tests on the GPU', run: () => fromTotals(testCuda({ gpu: true })) },
    { name: 'compute-sanitizer memcheck', run: () => sanitizer('memcheck') },
    { name: 'compute-sanitizer racecheck', run: () => sanitizer('racecheck') },
    { name: 'bench', run: () => bench(results) },
  ]
}

function gpu(args) {
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : ''
  const unknown = args.filter((arg, i) => !['--no-bench', '--only'].includes(arg) && args[i - 1] !== '--only')
  if (unknown.length > 0) throw new Failure(`unknown option '${unknown[0]}'; see the head of scripts/gpu.js`)
  process.env.MYELIN_CUDA_LIBRARY = library
  ensure()
  const results = { node: process.version, stages: [] }
  for (const stage of stagesOf(results)) {
    if (!stage.needed && !stage.name.includes(only)) continue
    if (stage.name === 'bench' && args.includes('--no-bench')) continue
    console.log(`\n== ${stage.name}`)
    let found
    try {
      found = stage.run()
    } catch (error) {
      found = outcome('failed', error instanceof Error ? error.message : String(error))
    }
    results.stages.push({ name: stage.name, ...found })
    if (stage.needed && found.status !== 'passed') break
  }
  const nvidia = spawnSync('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader'], {
    encoding: 'utf8',
  })
  results.gpu = nvidia.status === 0 ? nvidia.stdout.trim() : null
  fs.mkdirSync(path.dirname(report), { recursive: true })
  fs.writeFileSync(report, JSON.stringify(results, null, 2) + '\n')
  console.log(`\n${results.gpu ?? 'no GPU'}`)
  for (const { name, status, note } of results.stages) console.log(`${status.padEnd(8)} ${name.padEnd(30)} ${note}`)
  if (results.stages.some(({ status }) => status === 'failed')) process.exitCode = 1
}

main(() => gpu(process.argv.slice(2)))
