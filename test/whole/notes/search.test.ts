/**
 * The search for hyperparameters on real training runs, in parallel, killed, and with files that are wrong.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect } from 'chai'
import { AbortError, FormatError, layers, OptionError, range, search, sequential, type History } from '../../../lib'
import { killedSearch, rejected } from './support'
import { devError, plantedLambda, ridgeSearch } from './search-task'

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'myelin-search-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

describe('4.7 a search over λ on a log scale', () => {
  it('finds the planted optimum within a factor of 2', async () => {
    const { best, trials } = await ridgeSearch()
    expect(best.config.lambda / plantedLambda).to.be.within(0.5, 2)
    expect(best.error).to.equal(await devError(best.config.lambda))
    // The dev set can tell: far from the optimum the error is clearly larger.
    for (const { config, error } of trials)
      if (Math.abs(Math.log(config.lambda / plantedLambda)) > Math.log(20)) expect(error).to.be.above(1.02 * best.error)
  })

  it('trains on several cores: one trial runs natively while another one does', async () => {
    // The long trial is one epoch, that is one native call, which ends only because the short ones could run beside it.
    const stop = new AbortController()
    const rows = 64
    const x = new Float32Array(rows * 8).fill(0.5)
    const train = async ({ long }: { long: boolean }) => {
      const model = sequential({ inputShape: [8], seed: 1, layers: [layers.dense({ units: 1 })] })
      model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
      if (!long) {
        for (let i = 0; i < 5; i++)
          await model.fit({ data: x, shape: [rows, 8] }, new Float32Array(rows), { epochs: 2 })
        stop.abort(new Error('the short trials are done'))
        return 1
      }
      const many = 4_000_000
      const data = { data: new Float32Array(many), shape: [many / 8, 8] }
      const error = await rejected(model.fit(data, new Float32Array(many / 8), { batchSize: 1, signal: stop.signal }))
      expect(error).to.be.instanceOf(AbortError)
      expect((error as AbortError & { history: History }).history.batches.length).to.be.below(many / 8)
      return 2
    }
    const { trials } = await search({ long: range.choice([true, false]) }, train, { strategy: 'grid', concurrency: 2 })
    expect(trials.map(({ error }) => error)).to.deep.equal([1, 2])
  })

  it('survives kill -9 in the middle: resumed, it ends with the same bits and repeats no finished trial', async () => {
    const file = join(folder, 'killed.jsonl')
    const before = await killedSearch('search-task-child.ts', file, 3)
    expect(before).to.be.within(3, 23)
    // A kill may cut the last line off.
    appendFileSync(file, '{"trial":23,"conf')
    const tried: number[] = []
    const resumed = await ridgeSearch({ file }, (lambda) => tried.push(lambda))
    expect(tried).to.have.length(24 - before)
    expect(resumed).to.deep.equal(await ridgeSearch())
    expect(await ridgeSearch({ file }, () => expect.fail('all trials are in the file'))).to.deep.equal(resumed)
  })
})

describe('4.7 the result of a search as a table', () => {
  it('has the best trials first, ten at most, and those that diverged', async () => {
    const space = { lambda: range.choice([0.25, 1 / 3]), kind: range.choice(['a', 'long']) }
    const train = ({ lambda, kind }: { lambda: number; kind: string }) => (kind === 'a' ? lambda : NaN)
    const result = await search(space, train, { strategy: 'grid' })
    const table = [
      'trial     error  lambda  kind',
      '    0      0.25    0.25     a',
      '    2    0.3333  0.3333     a',
      '    1  diverged    0.25  long',
      '    3  diverged  0.3333  long',
    ].join('\n')
    expect(String(result)).to.equal(table)
    expect(inspect(result)).to.equal(table)
    const many = await search({ n: range.integer(1, 99) }, ({ n }) => n, { trials: 12 })
    const lines = String(many).split('\n')
    expect([lines.length, lines.at(-1)]).to.deep.equal([12, '… and 2 more'])
  })
})

describe('4.7 the file of a search', () => {
  const space = { lambda: range.log(1e-3, 100) }
  const start = (options: Parameters<typeof search>[2]) => search(space, ({ lambda }) => lambda, options)
  let whole: string[]
  const file = () => join(folder, 'search.jsonl')
  beforeEach(async () => {
    rmSync(file(), { force: true })
    await start({ trials: 3, seed: 1, file: file(), concurrency: 1 })
    whole = readFileSync(file(), 'utf8').split('\n')
  })
  const resumeWith = async (text: string) => {
    writeFileSync(file(), text)
    const error = await rejected(start({ trials: 5, seed: 1, file: file() }))
    expect(readFileSync(file(), 'utf8'), 'the file stays as it is').to.equal(text)
    return error
  }

  it('of another space, strategy or seed is refused', async () => {
    const file_ = file()
    const others = [
      () => search({ lambda: range.log(1e-3, 10) }, () => 1, { seed: 1, file: file_ }),
      () => search({ alpha: range.log(1e-3, 100) }, () => 1, { seed: 1, file: file_ }),
      () => search(space, () => 1, { strategy: 'grid', seed: 1, file: file_ }),
      () => start({ seed: 2, file: file_ }),
    ]
    for (const other of others) {
      const error = await rejected(other())
      expect(error).to.be.instanceOf(OptionError)
      expect(error.message).to.include(file_).and.include('another space, strategy, seed')
    }
  })

  it('that is no such file, or a folder, or nowhere, is refused and left alone', async () => {
    for (const text of ['', 'x,y\n1,2\n', '{"myelinSearch":1', '\0\0\0']) {
      const error = await resumeWith(text)
      expect(error).to.be.instanceOf(FormatError)
      expect(error.message).to.include('is not the file of a search')
    }
    expect((await rejected(start({ file: folder }))).message).to.include('the path is a folder')
    const nowhere = await rejected(start({ file: join(folder, 'no/such/folder/search.jsonl') }))
    expect(nowhere).to.be.instanceOf(FormatError)
    expect(nowhere.message).to.include('does not exist')
  })

  it('with a line that this search did not write is refused, and the error names the line', async () => {
    const [head, first, second] = whole
    const wrong: [string, string][] = [
      ['{"trial":1,', 'is no JSON'],
      ['null', 'has no trial number'],
      [first.replace('"trial":0', '"trial":-1'), 'has no trial number'],
      [first.replace(/"error":[\d.e-]+/, '"error":"small"'), 'has no error'],
      [
        first.replace(/"lambda":[\d.e-]+/, '"lambda":1'),
        'says that trial 0 had {"lambda":1}; this search tries {"lambda":',
      ],
      [second, 'repeats trial 1'],
    ]
    for (const [line, reason] of wrong) {
      const error = await resumeWith([head, second, line, ''].join('\n'))
      expect(error, line).to.be.instanceOf(FormatError)
      expect(error.message).to.include(`line 3 ${reason}`).and.include('Delete the line')
    }
  })

  it('keeps trials beyond those asked for, and values that JSON does not have', async () => {
    const { trials } = await start({ trials: 2, seed: 1, file: file() })
    expect(trials).to.have.length(2)
    const odd = join(folder, 'odd.jsonl')
    const run = () =>
      search({ v: range.choice([NaN, 1]) }, ({ v }) => (v === 1 ? 1 : 2), { strategy: 'grid', file: odd })
    const firstRun = await run()
    expect(await run()).to.deep.equal(firstRun)
  })
})
