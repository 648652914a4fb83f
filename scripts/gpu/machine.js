'use strict'
// What this machine has of what the run needs, and in which words to say what is missing.
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { root, which } = require('../tools')

const oldestToolkit = [12, 4]
/** The nvcc build of one architecture, and the test and bench programs. */
const neededDisk = 3e9

const ask = (command, args, options = {}) =>
  spawnSync(command, args, { encoding: 'utf8', timeout: 120_000, ...options })
const firstLine = (text) => (text ?? '').trim().split('\n')[0]

/** 'GPU name, driver version' for each GPU that nvidia-smi lists; null where there is none. */
function nvidiaSmi() {
  const { status, stdout } = ask('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader'])
  return status === 0 && stdout.trim() ? stdout.trim() : null
}

/** Any sign of NVIDIA's driver, in containers without nvidia-smi too. */
const hasDriver = () => nvidiaSmi() !== null || fs.existsSync('/dev/nvidiactl') || fs.existsSync('/dev/dxg')

const nvccOf = () => process.env.CUDACXX || which('nvcc')

/** '13.0', or null where nvcc does not say. */
function nvccVersion(nvcc) {
  return /release (\d+\.\d+)/.exec(ask(nvcc, ['--version']).stdout ?? '')?.[1] ?? null
}

/** Why the toolkit cannot be used, or null: a small program is compiled and linked. */
function whyNoToolkit() {
  const nvcc = nvccOf()
  const install = `Install the CUDA toolkit ${oldestToolkit.join('.')} or newer and put its bin folder on PATH.`
  if (!nvcc) return `there is no nvcc on PATH, and CUDACXX names none. ${install}`
  const version = nvccVersion(nvcc)
  if (!version) return `'${nvcc} --version' does not tell a version. ${install}`
  const [major, minor] = version.split('.').map(Number)
  if (major < oldestToolkit[0] || (major === oldestToolkit[0] && minor < oldestToolkit[1]))
    return `nvcc is of CUDA ${version}. ${install}`
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'myelin-nvcc-'))
  try {
    const source = path.join(folder, 'try.cu')
    fs.writeFileSync(
      source,
      '#include <cuda_runtime.h>\n__global__ void nothing() {}\nint main() { nothing<<<1, 1>>>(); return ' +
        'cudaPeekAtLastError() == 0; }\n',
    )
    const result = ask(nvcc, ['-std=c++17', '-o', path.join(folder, 'try'), source])
    if (result.status === 0) return null
    const said = firstLine(result.stderr) || firstLine(result.stdout) || String(result.error ?? 'nothing was said')
    return `nvcc ${version} cannot build a small program: ${said}`
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Why there is not enough room, or null. */
function whyNoDisk(free = freeDisk()) {
  if (free === null || free >= neededDisk) return null
  return `${(free / 1e9).toFixed(1)} GB are free in ${root}, the builds and tests need ${neededDisk / 1e9} GB`
}

function freeDisk() {
  try {
    const { bavail, bsize } = fs.statfsSync(root)
    return bavail * bsize
  } catch {
    return null
  }
}

/** { program, torch, device } of the Python to compare with, or { reason }. `onCpu`: a PyTorch without CUDA will do. */
function findPyTorch(wanted, onCpu) {
  const program = wanted ?? which('python3')
  if (!program) return { reason: 'there is no python3 on PATH; --python names another' }
  const script =
    'import json, torch; print(json.dumps({"torch": torch.__version__, "cuda": torch.version.cuda, "sees": ' +
    'torch.cuda.is_available()}))'
  const { status, stdout, stderr, error } = ask(program, ['-c', script])
  if (status !== 0) {
    const said = error ? error.message : (stderr ?? '').trim().split('\n').pop()
    return { reason: `no PyTorch in ${program}: ${said}` }
  }
  let found
  try {
    found = JSON.parse(stdout)
  } catch {
    return { reason: `${program} answered '${firstLine(stdout)}' when asked for its PyTorch` }
  }
  if (found.sees) return { program, torch: `${found.torch} (CUDA ${found.cuda})`, device: 'cuda' }
  if (onCpu) return { program, torch: found.torch, device: 'cpu' }
  return { reason: `PyTorch ${found.torch} of ${program} sees no CUDA device` }
}

/** The commit that is measured, '+' if the tree has changes; null outside of a clone. */
function commit() {
  const head = ask('git', ['rev-parse', 'HEAD'], { cwd: root })
  if (head.status !== 0) return null
  return head.stdout.trim() + (ask('git', ['status', '--porcelain'], { cwd: root }).stdout ? '+' : '')
}

/** For the head of the results. */
function describeMachine() {
  const nvcc = nvccOf()
  return {
    date: new Date().toISOString(),
    commit: commit(),
    node: process.version,
    system: `${os.type()} ${os.release()} ${process.arch}`,
    processor: `${os.cpus()[0]?.model ?? 'unknown'}, ${os.availableParallelism()} threads`,
    memoryBytes: os.totalmem(),
    nvcc: nvcc ? nvccVersion(nvcc) : null,
    gpu: nvidiaSmi(),
  }
}

module.exports = { describeMachine, findPyTorch, hasDriver, whyNoDisk, whyNoToolkit }
