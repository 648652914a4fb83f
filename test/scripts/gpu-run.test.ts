/** What `npm run gpu` is made of, as far as it needs neither a GPU nor a build: command line, cases, limits, tables. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { skip } from '../skip'

const load = createRequire(join(__dirname, '../../scripts/gpu.js'))
const { chooseStages, parseOptions } = load('./gpu/options')
const { runLimited, jsonLines } = load('./gpu/child')
const { gemmCases, gemmLine, sanitizerCases, stepFlops, workloadCases } = load('./gpu/cases')
const { gemmTable, peakTable, reportText, workloadTable } = load('./gpu/table')
const { costsDiffer } = load('./gpu/bench')

const cellsOf = (line: string) => line.trim().split(/ {2,}/)

describe('npm run gpu: the command line', () => {
  it('has defaults', () => {
    expect(parseOptions([])).to.deep.equal({
      ...{ only: '', bench: true, rounds: 3, python: null, patience: 1, standIn: false, output: 'out/gpu.json' },
    })
  })

  it('takes every option', () => {
    const args = '--only peaks --no-bench --rounds 5 --python py --patience 1.5 --stand-in --output x.json'.split(' ')
    expect(parseOptions(args)).to.deep.equal({
      ...{ only: 'peaks', bench: false, rounds: 5, python: 'py', patience: 1.5, standIn: true, output: 'x.json' },
    })
  })

  for (const [args, message] of [
    [['--fast'], /unknown option '--fast'/],
    [['--only'], /--only needs a value/],
    [['--only', '--no-bench'], /--only needs a value/],
    [['--rounds', '0'], /--rounds: expected a number above 0 and up to 1000, got '0'/],
    [['--rounds', 'Infinity'], /--rounds: expected a number above 0 and up to 1000, got 'Infinity'/],
    [['--patience', 'much'], /--patience: expected a number above 0 and up to 1000, got 'much'/],
  ] as const) {
    it(`refuses ${args.join(' ')}`, () => {
      expect(() => parseOptions(args)).to.throw(message)
    })
  }

  it('chooses stages with those that they need, and refuses to choose none', () => {
    const stages = [
      { name: 'build', needed: true },
      { name: 'tests' },
      { name: 'bench: peaks', bench: true },
      { name: 'bench: products', bench: true },
    ]
    const names = (options: object) =>
      chooseStages(stages, { only: '', bench: true, ...options }).map(({ name }: { name: string }) => name)
    expect(names({})).to.deep.equal(stages.map(({ name }) => name))
    expect(names({ bench: false })).to.deep.equal(['build', 'tests'])
    expect(names({ only: 'peaks' })).to.deep.equal(['build', 'bench: peaks'])
    expect(names({ only: 'build' })).to.deep.equal(['build'])
    expect(() => names({ only: 'paeks' })).to.throw(/--only: no stage has 'paeks' in its name; there are 'build', /)
    expect(() => names({ only: 'peaks', bench: false })).to.throw(/no stage has 'peaks' in its name.*'tests'$/)
  })
})

describe('npm run gpu: programs with a time limit', () => {
  const script = (text: string) => ['-e', text]

  it('keep what they have said when they fail', async () => {
    const run = await runLimited(process.execPath, script('console.log(1); process.exit(3)'), {
      seconds: 60,
      quiet: true,
    })
    expect(run).to.include({ ok: false, reason: "'node' ended with code 3", output: '1\n' })
  })

  it('have limits beyond what a timer holds', async () => {
    const run = await runLimited(process.execPath, script('setTimeout(() => {}, 300)'), { seconds: 1e9, quiet: true })
    expect(run).to.include({ ok: true, reason: '' })
  })

  it('read their input', async () => {
    const echo = 'process.stdin.pipe(process.stdout)'
    const run = await runLimited(process.execPath, script(echo), { seconds: 60, input: 'a\nb\n', quiet: true })
    expect(run).to.include({ ok: true, output: 'a\nb\n' })
  })

  it('end with their children when the time is up', async function () {
    if (process.platform !== 'linux') return skip(this, 'processes are looked up in /proc')
    const run = await runLimited('sh', ['-c', 'sleep 1000 & echo $!; wait'], { seconds: 2, quiet: true })
    expect(run.ok).to.equal(false)
    expect(run.reason).to.match(/^'sh' was ended after 2 s/)
    // Killed with the group; whoever inherited it may not have buried it yet, and a busy machine takes a while to end
    // it.
    const status = `/proc/${Number(run.output)}/status`
    const state = () => (existsSync(status) ? /^State:\s+(\w)/m.exec(readFileSync(status, 'utf8'))?.[1] : 'gone')
    for (let i = 0; i < 100 && !['gone', 'Z', 'X'].includes(state()!); i++) await sleep(50)
    expect(state()).to.be.oneOf(['gone', 'Z', 'X'])
  })

  it('are named when they cannot start', async () => {
    const run = await runLimited('/no/such/program', [], { seconds: 60, quiet: true })
    expect(run.ok).to.equal(false)
    expect(run.reason).to.match(/could not start '\/no\/such\/program'/)
  })

  it('answer in lines of JSON, between others', () => {
    expect(jsonLines('hello\n{"name": "a"}\n{broken\n{"name": "b"}')).to.deep.equal([{ name: 'a' }, { name: 'b' }])
  })
})

describe('npm run gpu: the cases', () => {
  it('are the products of the workloads, each shape once, in every type', () => {
    const cases = gemmCases(false)
    const mnist = cases.filter((c: { name: string }) => c.name === 'mnist 1 dW')
    expect(mnist.map((c: { type: string }) => c.type)).to.deep.equal(['float32', 'tf32', 'bf16', 'float64'])
    expect(mnist[0]).to.include({ m: 256, n: 784, k: 128, transA: 1, transB: 0 })
    expect(cases.filter((c: { name: string }) => c.name === 'mnist 1 dX')).to.have.length(0)
    const deep = cases.filter((c: { name: string; type: string }) => /^deep/.test(c.name) && c.type === 'float32')
    expect(deep).to.have.length(6)
    const lines = cases.map(gemmLine)
    expect(new Set(lines).size).to.equal(lines.length)
    expect(gemmLine(mnist[1])).to.equal('256 784 128 1 0 tf32 mnist 1 dW / tf32\n')
  })

  it('are small where there is no GPU', () => {
    for (const { m, n, k } of [...gemmCases(true), ...sanitizerCases(true)])
      expect(m * n * k).to.be.at.most(24 * 24 * 48)
    for (const { widths, rows } of workloadCases(true)) expect(Math.max(...widths, rows)).to.be.at.most(24)
  })

  it('count the operations of a step', () => {
    expect(stepFlops({ widths: [3, 4, 5], batch: 2 })).to.equal(2 * 2 * (3 * 4 * 2 + 4 * 5 * 3))
  })

  it('notice costs that differ', () => {
    expect(costsDiffer([1, 0.5], [1.001, 0.5], 'float32')).to.equal(false)
    expect(costsDiffer([1, 0.5], [1.01, 0.5], 'float32')).to.equal(true)
    expect(costsDiffer([1, 0.5], [1.01, 0.5], 'tf32')).to.equal(false)
    expect(costsDiffer([1, NaN], [1, 0.5], 'bf16')).to.equal(true)
    expect(costsDiffer([1, 0.5], [1], 'float32')).to.equal(true)
  })
})

describe('npm run gpu: the tables', () => {
  const peaks = [
    { name: 'FMA float32', value: 20000, unit: 'GFLOP/s' },
    { name: 'tensor cores TF32', skipped: 'needs compute capability 8.0' },
    { name: 'memory copy', value: 900, unit: 'GB/s' },
    { name: 'memory triad', value: 1000, unit: 'GB/s' },
  ]
  const product = { name: 'square', m: 1000, n: 1000, k: 1000, transA: 0, transB: 1 }

  it('say what was measured and what was not', () => {
    expect(peakTable(peaks).split('\n').slice(0, 2).map(cellsOf)).to.deep.equal([
      ['FMA float32', '20000 GFLOP/s'],
      ['tensor cores TF32', 'skipped: needs compute capability 8.0'],
    ])
  })

  it('hold products against the peaks and PyTorch', () => {
    const rows = [
      { ...product, type: 'float32', microseconds: 200, torchMicroseconds: 100 },
      { ...product, type: 'tf32', skipped: 'no tensor cores' },
      { ...product, type: 'float64', microseconds: 1000 },
      { ...product, type: 'bf16', oursFailed: 'wrong' },
    ]
    const [head, float32, tf32, float64, bf16] = gemmTable(rows, peaks).split('\n').map(cellsOf)
    expect(head).to.have.length(9)
    // 2·10⁹ operations in 200 µs; 12 MB in 200 µs.
    expect(float32).to.deep.equal([
      'square',
      '1000 × 1000 × 1000 NT',
      'float32',
      '200',
      '10000',
      '50 %',
      '6 %',
      '100',
      '0.50',
    ])
    expect(tf32.slice(3)).to.deep.equal(['skipped', '-', '-', '-', '-', '-'])
    expect(float64.slice(3)).to.deep.equal(['1000', '2000', '-', '2 %', '-', '-'])
    expect(bf16[3]).to.equal('FAILED')
  })

  it('compare workloads with the better way of PyTorch', () => {
    const workload = { widths: [1000, 1000], batch: 500 }
    const row = { name: 'w', precision: 'float32', workload, microseconds: 1000, cpuMicroseconds: 5e4 }
    const rows = [
      { ...row, torchEagerMicroseconds: 3000, torchGraphMicroseconds: 1500 },
      { ...row, failed: 'no' },
    ]
    const [, ran, failed] = workloadTable(rows, peaks).split('\n').map(cellsOf)
    expect(ran).to.deep.equal(['w', 'float32', '1000', '2.00', '10 %', '50000', '3000', '1500', '1.50'])
    expect(failed[2]).to.equal('FAILED')
  })

  it('end with the stages, also when nothing was measured', () => {
    const text = reportText({
      mode: 'gpu',
      machine: { gpu: null },
      stages: [{ name: 'device', status: 'failed', note: 'no driver' }],
      complaints: ['Not compared with PyTorch: there is none.'],
    })
    expect(text).to.match(/^no GPU\n\nNot compared with PyTorch: there is none\.\n\nfailed {3}device +no driver$/)
  })
})
