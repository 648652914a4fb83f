// The whole of `npm run gpu`, on the stand-in runtime: every stage's way is gone, with programs in place of
// compute-sanitizer and of a Python with PyTorch, and each kind of failure ends with code 1 and keeps the other
// results.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { canBuild } from '../../native/cuda-on-cpu/self-test/build'
import { skip } from '../../skip'

const root = path.resolve(__dirname, '../../..')

interface Row {
  name: string
  type?: string
  microseconds?: number
  torchMicroseconds?: number
  torchEagerMicroseconds?: number
  cpuMicroseconds?: number
  value?: number
  skipped?: string
}
interface Results {
  stages: { name: string; status: string; note: string; output?: string }[]
  device?: { description: string }
  peaks: Row[]
  gemms: Row[]
  workloads: Row[]
  complaints: string[]
}

/** A stand-in for PyTorch: answers as scripts/gpu/machine.js, gemm_pytorch.py and step_pytorch.py do. */
const python = `#!${process.execPath}
const [script, argument] = process.argv.slice(2)
const say = (object) => console.log(JSON.stringify(object))
if (script === '-c') say({ torch: 'pretended', cuda: null, sees: false })
else if (script.endsWith('gemm_pytorch.py')) {
  for (const line of require('fs').readFileSync(0, 'utf8').split('\\n').filter(Boolean))
    say({ name: line.split(' ').slice(6).join(' '), microseconds: [3, 1, 2], way: 'eager' })
} else {
  const costs = JSON.parse(process.env.PRETENDED_COSTS ?? 'null') ?? undefined
  say({ name: 'eager', microseconds: [7, 8, 9], costs })
}
`

/** A stand-in for compute-sanitizer: runs the program, writes down how it was called, and ends as it is told. */
const sanitizer = `#!/bin/sh
echo "$@" >> "$(dirname "$0")/calls"
while [ "\${1#--}" != "$1" ]; do shift 2; done
[ -n "$PRETENDED_ERROR" ] && { cat > /dev/null; echo "========= Invalid read of size 4"; exit 99; }
exec "$@"
`

describe('npm run gpu on the stand-in runtime', () => {
  let folder: string

  before(function () {
    if (!canBuild) return skip(this, 'there is no g++ to build the stand-in runtime with')
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'myelin-gpu-'))
    fs.writeFileSync(path.join(folder, 'python'), python, { mode: 0o755 })
    fs.writeFileSync(path.join(folder, 'compute-sanitizer'), sanitizer, { mode: 0o755 })
  })
  after(() => folder && fs.rmSync(folder, { recursive: true }))

  function run(args: string[], env: Record<string, string> = {}) {
    const output = path.join(folder, 'gpu.json')
    fs.rmSync(output, { force: true })
    const all = [path.join(root, 'scripts/gpu.js'), '--stand-in', '--rounds', '1', '--output', output, ...args]
    const found = spawnSync(process.execPath, all, {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${folder}${path.delimiter}${process.env.PATH}`, EMU_ORDER: 'random', ...env },
    })
    const said = `${found.stdout}${found.stderr}`
    expect(said).not.to.match(/^ {4}at /m) // no stack
    return { status: found.status, said, results: JSON.parse(fs.readFileSync(output, 'utf8')) as Results }
  }

  const statuses = (results: Results) => Object.fromEntries(results.stages.map(({ name, status }) => [name, status]))

  it('goes through every stage and measures everything', () => {
    const { status, said, results } = run(['--python', path.join(folder, 'python')])
    expect(status, said).to.equal(0)
    expect(results.stages.map((stage) => stage.status)).to.deep.equal(Array(11).fill('passed'))
    expect(results.device!.description).to.match(/^stand-in/)
    expect(results.peaks.filter(({ value }) => value! > 0)).to.have.length(12)
    expect(results.gemms.length).to.be.above(100)
    for (const row of results.gemms) {
      expect(row.microseconds, row.name).to.be.above(0)
      expect(row.torchMicroseconds, row.name).to.equal(2)
    }
    expect(new Set(results.workloads.map(({ name }) => name)).size).to.equal(5)
    for (const row of results.workloads) {
      expect(row.microseconds, row.name).to.be.above(0)
      expect(row.cpuMicroseconds, row.name).to.be.above(0)
      expect(row.torchEagerMicroseconds, row.name).to.equal(8)
    }
    expect(said).to.match(/^product +m × n × k/m)
    expect(said).to.match(/^workload +products/m)
    expect(said).to.match(/^passed +bench: workloads/m)
    const calls = fs.readFileSync(path.join(folder, 'calls'), 'utf8')
    for (const tool of ['memcheck', 'racecheck', 'synccheck']) {
      expect(calls).to.match(new RegExp(`^--tool ${tool} .*gpu_gemm`, 'm'))
      expect(calls).to.match(new RegExp(`^--tool ${tool} .*steps\\.test\\.ts`, 'm'))
    }
  })

  it('says why PyTorch is not compared with, and goes on', () => {
    const { status, said, results } = run(['--only', 'matrix products', '--python', '/no/such/python'])
    expect(status, said).to.equal(0)
    expect(results.complaints).to.match(/^Not compared with PyTorch: no PyTorch in \/no\/such\/python: .*ENOENT/)
    expect(results.gemms.every((row) => row.microseconds! > 0 && row.torchMicroseconds === undefined)).to.equal(true)
    expect(said).to.contain('not compared with PyTorch')
  })

  it('leaves out what a GPU lacks, and says so', () => {
    const { status, said, results } = run(['--only', 'peaks'], { EMU_CAPABILITY: '75' })
    expect(status, said).to.equal(0)
    expect(results.peaks.filter(({ skipped }) => skipped).map(({ name }) => name)).to.deep.equal([
      ...['tensor cores TF32', 'tensor cores bf16'],
    ])
    const products = run(['--only', 'products'], { EMU_CAPABILITY: '75' }).results
    for (const { name, type, skipped, microseconds } of products.gemms) {
      if (type === 'tf32' || type === 'bf16')
        expect(skipped, name).to.equal(`tensor cores for ${type} need compute capability 8.0`)
      else expect(microseconds, name).to.be.above(0)
    }
    expect(products.stages.at(-1)!.note).to.match(/ products checked and timed, .*; 54 skipped: tensor cores for tf32 /)
  })

  it('fails when compute-sanitizer finds something, and goes on', () => {
    const { status, results } = run(['--only', 'check'], { PRETENDED_ERROR: '1' })
    expect(status).to.equal(1)
    const memcheck = results.stages.find(({ name }) => name === 'compute-sanitizer memcheck')!
    expect(memcheck).to.include({
      status: 'failed',
      note: "matrix products: 'compute-sanitizer' ended with code 99",
    })
    expect(memcheck.output).to.contain('Invalid read of size 4')
    expect(statuses(results)).to.include({ 'compute-sanitizer synccheck': 'failed' })
  })

  it('fails when PyTorch computes something else', () => {
    const { status, said } = run(['--only', 'workloads', '--python', path.join(folder, 'python')], {
      PRETENDED_COSTS: '[9, 9, 9]',
    })
    expect(status).to.equal(1)
    expect(said).to.match(/tiny float32: the first costs are [\d.,]+ here and 9,9,9 in PyTorch/)
  })

  it('ends a stage that takes too long, and goes on', () => {
    const { status, results } = run(['--only', 'bench', '--patience', '0.000001'])
    expect(status).to.equal(1)
    expect(results.stages[1]).to.include({ name: 'build', status: 'failed' })
    expect(results.stages[1].note).to.match(/was ended after/)
    expect(results.stages.slice(2).map((stage) => stage.status)).to.deep.equal(Array(4).fill('skipped'))
    expect(results.stages[2].note).to.equal("needs 'build'")
  })

  it('names the reason where there is no device', () => {
    const { status, said, results } = run(['--only', 'peaks'], { EMU_DRIVER: '0' })
    expect(status).to.equal(1)
    expect(statuses(results)).to.deep.equal({
      ...{ tools: 'passed', build: 'passed', device: 'failed', 'bench: peaks': 'skipped' },
    })
    expect(said).to.match(/error: device: .*no.*driver/i)
  })
})
