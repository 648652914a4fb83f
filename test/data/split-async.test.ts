import { expect } from 'chai'
import { AbortError, data, DTypeError, memory, OptionError, ShapeError, StateError, tensor } from '../../lib'
import { collectGarbage } from '../garbage'
import { longestHold } from '../longest-hold'
import { rejected } from '../model/support'

const options = { train: 0.7, dev: 0.2, test: 0.1, seed: 5 }

/** All that a split gives, as plain values. */
function plain(parts: Readonly<Record<string, data.Part>>) {
  return Object.entries(parts).map(([name, { x, y, sampleWeight, rows }]) => {
    const tensors = [x, y, sampleWeight].map((t) => t && { dtype: t.dtype, shape: t.shape, values: [...t.data] })
    return { name, tensors, rows: [...rows] }
  })
}

describe('data.splitAsync', () => {
  const m = 300
  const numbers = (width: number, of: (i: number) => number) => Array.from({ length: m * width }, (_, i) => of(i))
  const nested = Array.from({ length: m }, (_, i) => [i, i / 7, -i])
  const kinds: [string, data.SplitData][] = [
    ['nested arrays', { x: nested, y: numbers(1, (i) => i % 3) }],
    ['large numbers', { x: nested.map(([v]) => [20200101 + v]), y: numbers(1, (i) => i % 3) }],
    ['typed arrays', { x: Float64Array.from(numbers(1, Math.sqrt)), y: Uint8Array.from(numbers(1, (i) => i % 4)) }],
    [
      'arrays with a shape, and weights',
      {
        x: { data: Float32Array.from(numbers(100, Math.sin)), shape: [m, 10, 10] },
        y: { data: Int32Array.from(numbers(2, (i) => i % 2)), shape: [m, 2] },
        sampleWeight: numbers(1, (i) => i + 0.5),
      },
    ],
    ['tensors', { x: tensor(nested, undefined, { dtype: 'float64' }), y: tensor(numbers(1, (i) => i % 2)) }],
    [
      'whole numbers',
      {
        x: tensor(Int32Array.from(numbers(1, (i) => i)), [m], { dtype: 'int32' }),
        y: numbers(1, (i) => i % 2),
      },
    ],
  ]
  for (const [name, xy] of kinds)
    it(`gives what split gives: ${name}`, async () => {
      for (const stratify of [false, true])
        expect(plain(await data.splitAsync(xy, { ...options, stratify }))).to.deep.equal(
          plain(data.split(xy, { ...options, stratify })),
        )
    })

  it('refuses what split refuses, in its own name', async () => {
    const refused = async (xy: unknown, given: object, type: new (text: string) => Error, text: string) => {
      const error = await rejected(data.splitAsync(xy as data.SplitData, given as data.SplitOptions))
      expect(error).to.be.instanceOf(type)
      expect(error.message).to.include(text)
    }
    await refused(null, options, ShapeError, 'data.splitAsync: expected { x, y }, got null')
    await refused({ x: [1, 2], y: [1] }, options, ShapeError, 'the same number of rows')
    await refused({ x: 'no', y: [1] }, options, DTypeError, 'data.splitAsync: x: expected nested arrays')
    await refused({ x: 3, y: [1] }, options, ShapeError, 'data.splitAsync: x: expected rows')
    await refused({ x: [[1], [2, 3]], y: [1, 2] }, options, ShapeError, 'ragged')
    await refused({ x: [1, 2], y: [1, 2], sampleWeight: [1] }, options, ShapeError, 'sampleWeight')
    await refused({ x: [1, 2], y: [1, 2] }, { train: 0.8 }, OptionError, 'data.splitAsync: the parts should sum to 1')
    await refused({ x: [1, 2], y: [1, 2] }, { ...options, part: 1 }, OptionError, "unknown option 'part'")
    const same = { ...options, stratify: true }
    await refused({ x: nested, y: numbers(1, (i) => i) }, same, OptionError, 'data.splitAsync: stratify needs classes')
  })

  it('leaves the event loop its turns, and needs nothing of the caller but arrays that stay', async function () {
    this.timeout(30_000)
    this.retries(3) // other work on the machine can take the cores away for a moment
    const [rows, width] = [200_000, 40]
    const x = tensor(new Float32Array(rows * width).fill(1), [rows, width])
    const y = Float32Array.from({ length: rows }, (_, i) => i % 5)
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    const start = performance.now()
    const split = data.splitAsync({ x, y }, { ...options, stratify: true })
    x.dispose()
    const { train } = await split
    clearInterval(timer)
    // At least one in each 60 ms: a fast machine is done before many are due.
    expect(turns + 1).to.be.above((performance.now() - start) / 60)
    expect(train.x.shape).to.deep.equal([140_000, width])
  })

  it('holds the event loop for no more than 25 ms, however many classes there are', async function () {
    this.timeout(60_000)
    this.retries(2) // a garbage collection may fall into a turn
    const y = Float32Array.from({ length: 1_000_000 }, (_, i) => i % 300_000)
    const same = { train: 0.8, dev: 0.1, test: 0.1, stratify: true }
    const given = { x: y, y }
    await collectGarbage()
    expect(await longestHold(() => data.splitAsync(given, same)), 'longest hold in ms').to.be.at.most(25)
    const { train, dev, test } = await data.splitAsync(given, same)
    const counts = new Uint8Array(300_000)
    for (const { y: part } of [train, dev, test]) for (const value of part.data) counts[value]++
    expect(counts.every((count, c) => count === (c < 100_000 ? 4 : 3))).to.equal(true)
    const inTrain = new Uint8Array(300_000)
    for (const value of train.y.data) inTrain[value]++
    // 0.8 of 3 is 2.4, of 4 it is 3.2.
    expect(inTrain.every((count, c) => (c < 100_000 ? count === 3 || count === 4 : count === 2 || count === 3))).to.be
      .true
  })

  it('says so where an array was transferred meanwhile, and frees what it had', async () => {
    const x = new Float32Array(2_000_000)
    await collectGarbage()
    const before = memory().liveBytes
    const split = data.splitAsync({ x, y: new Float32Array(2_000_000) }, { train: 0.5, test: 0.5 })
    structuredClone(x.buffer, { transfer: [x.buffer] })
    const error = await rejected(split)
    expect(error).to.be.instanceOf(StateError)
    expect(error.message).to.include('data.splitAsync').and.include('transferred')
    expect(memory().liveBytes).to.equal(before)
  })

  it('takes a signal', async () => {
    const xy = { x: new Float32Array(4_000_000), y: new Float32Array(4_000_000) }
    await collectGarbage()
    const before = memory().liveBytes
    const stop = new AbortController()
    const split = data.splitAsync(xy, { train: 0.5, test: 0.5, signal: stop.signal })
    setImmediate(() => stop.abort())
    const error = await rejected(split)
    expect(error).to.be.instanceOf(AbortError).and.have.property('message', 'data.splitAsync: aborted.')
    expect(memory().liveBytes).to.equal(before)
    const late = await rejected(data.splitAsync(xy, { train: 0.5, test: 0.5, signal: AbortSignal.abort() }))
    expect(late).to.be.instanceOf(AbortError)
    expect(() => data.split(xy, { train: 0.5, test: 0.5, signal: stop.signal } as never)).to.throw(
      OptionError,
      'signal',
    )
  })

  it('rows of ten million numbers are cut too', async () => {
    const [rows, width] = [3, 10_000_000]
    const values = new Float32Array(rows * width)
    for (let i = 0; i < values.length; i++) values[i] = i % 1009
    const line = Array.from({ length: width }, (_, i) => i % 1009)
    const given: [string, data.DataLike][] = [
      ['a typed array', { data: values, shape: [rows, width] }],
      ['a tensor', tensor(values, [rows, width])],
      ['nested arrays', [line, line, line]],
    ]
    for (const [kind, x] of given) {
      let parts: Readonly<Record<'train' | 'test', data.Part>> | undefined
      const hold = await longestHold(async () => {
        parts = await data.splitAsync({ x, y: [0, 1, 2] }, { train: 1, test: 2, seed: 4 })
      })
      expect(hold, kind).to.be.below(25)
      for (const part of [parts!.train, parts!.test])
        part.rows.forEach((row, i) => {
          const first = kind === 'nested arrays' ? 0 : row * width
          const got = part.x.data as Float32Array
          for (const j of [0, 1, 262_143, 262_144, 5_000_000, width - 1])
            expect(got[i * width + j]).to.equal((first + j) % 1009)
        })
      for (const part of [parts!.train, parts!.test]) part.x.dispose()
    }
  }).timeout(60_000)
})
