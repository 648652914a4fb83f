'use strict'
// npm run cuda:report: compiles every CUDA source with nvcc and prints what each kernel takes of a multiprocessor, as
// ptxas says: registers a thread, static shared memory a block, stack, spilled bytes. Fails where a source does not
// compile cleanly or a hot kernel spills.
//
//   --arch 80,90     architectures (default 80)
//   --all            every architecture that releases are built for
//   --only matmul    sources whose name contains this
//
// Hot is every kernel but those for arrays of 2^31 elements and more, which index with 64 bits.
const { spawn, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { root, Failure, which, filesUnder, main, readArguments } = require('./tools')

const releaseArchitectures = ['75', '80', '86', '89', '90', '100', '120']

function optionsOf(args) {
  const { options } = readArguments(args, __filename, { known: { arch: false, all: true, only: false } })
  const architectures = options.all ? releaseArchitectures : (options.arch?.split(',') ?? ['80'])
  return { architectures, only: options.only ?? '' }
}

/** Compiles one source for one architecture to nothing but machine code. Resolves to { code, output }. */
function compile(nvcc, source, architecture, folder) {
  const cubin = path.join(folder, `${path.basename(source)}.${architecture}.cubin`)
  const args = ['-cubin', `-arch=sm_${architecture}`, '-std=c++17', '-O3', '-fmad=false', '-Xptxas', '-v', '-Inative']
  return new Promise((resolve, reject) => {
    const child = spawn(nvcc, [...args, '-o', cubin, source], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (text) => (output += text))
    child.stderr.on('data', (text) => (output += text))
    child.on('error', (error) => reject(new Failure(`could not start '${nvcc}': ${error.message}`)))
    child.on('close', (code) => resolve({ code, output }))
  })
}

const number = (text, pattern) => Number((pattern.exec(text) ?? [0, 0])[1])

/** The kernels of one compilation, from the lines of ptxas -v: { name, registers, shared, stack, spilled }. */
function readKernels(output) {
  const kernels = []
  let current = null
  let ofKernel = false // properties follow for the kernel itself and for functions that it calls
  for (const line of output.split('\n')) {
    const entry = /Compiling entry function '([^']+)'/.exec(line)
    const properties = /Function properties for (\S+)/.exec(line)
    if (entry) {
      current = { name: entry[1], registers: 0, shared: 0, stack: 0, spilled: 0 }
      kernels.push(current)
    } else if (properties) {
      ofKernel = current !== null && properties[1] === current.name
    } else if (ofKernel && /bytes stack frame/.test(line)) {
      current.stack = number(line, /(\d+) bytes stack frame/)
      current.spilled = number(line, /(\d+) bytes spill stores/) + number(line, /(\d+) bytes spill loads/)
    } else if (current && /Used \d+ registers/.test(line)) {
      current.registers = number(line, /Used (\d+) registers/)
      current.shared = number(line, /(\d+) bytes smem/)
    }
  }
  return kernels
}

/** Readable names, as far as this machine can make them. */
function demangle(names) {
  const program = ['cu++filt', 'c++filt'].find(which)
  if (!program || names.length === 0) return names
  const result = spawnSync(program, [], { input: names.join('\n'), encoding: 'utf8' })
  return result.status === 0 ? result.stdout.trimEnd().split('\n') : names
}

/** "void myelin::cuda::(anonymous namespace)::kernel<float>(float*, …)" → "kernel<float>" */
function shorten(name) {
  const plain = name.replace(/\(anonymous namespace\)::|<unnamed>::|myelin::|cuda::|^void /g, '')
  let depth = 0
  for (let i = 0; i < plain.length; i++) {
    if (plain[i] === '<') depth++
    if (plain[i] === '>') depth--
    if (plain[i] === '(' && depth === 0) return plain.slice(0, i)
  }
  return plain
}

const isHot = (name) => !/<.*unsigned long/.test(name)

function printTable(rows) {
  const width = Math.max(...rows.map(({ name }) => name.length))
  const heads = ['registers', 'shared', 'stack', 'spilled']
  console.log(`${'kernel'.padEnd(width)}  ${heads.map((head) => head.padStart(9)).join('')}`)
  for (const row of rows) {
    const numbers = heads.map((head) => String(row[head]).padStart(9)).join('')
    console.log(`${row.name.padEnd(width)}  ${numbers}${row.spilled > 0 && isHot(row.name) ? '  SPILLS' : ''}`)
  }
}

async function report({ architectures, only }) {
  const nvcc = process.env.NVCC || which('nvcc')
  if (!nvcc) throw new Failure('nvcc is not on PATH; set NVCC to its path, or install the CUDA toolkit 13 or later')
  const sources = filesUnder('native/cuda', /\.cu$/).filter((file) => path.basename(file).includes(only))
  if (sources.length === 0) throw new Failure(`no CUDA source has '${only}' in its name`)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'myelin-cuda-report-'))
  const jobs = architectures.flatMap((architecture) => sources.map((source) => ({ architecture, source })))
  const waiting = [...jobs]
  const serve = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      Object.assign(job, await compile(nvcc, job.source, job.architecture, folder))
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(jobs.length, os.availableParallelism()) }, serve))
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
  const complaints = []
  for (const architecture of architectures) {
    const rows = []
    for (const { source, code, output } of jobs.filter((job) => job.architecture === architecture)) {
      if (code !== 0 || /\b(warning|error)\b/.test(output)) {
        console.error(output)
        complaints.push(`${source} does not compile cleanly for sm_${architecture}`)
      }
      const kernels = readKernels(output)
      const names = demangle(kernels.map(({ name }) => name)).map(shorten)
      kernels.forEach((kernel, i) => rows.push({ ...kernel, name: names[i] }))
    }
    rows.sort((a, b) => a.name.localeCompare(b.name))
    console.log(`\nsm_${architecture}: ${rows.length} kernels`)
    if (rows.length > 0) printTable(rows)
    const spilling = rows.filter((row) => row.spilled > 0 && isHot(row.name)).map(({ name }) => name)
    if (spilling.length > 0) complaints.push(`sm_${architecture}: ${spilling.join(', ')} spilled registers to memory`)
  }
  if (complaints.length > 0) throw new Failure(complaints.join('\n'))
  console.log('\nno hot kernel spills')
}

main(() => report(optionsOf(process.argv.slice(2))))
