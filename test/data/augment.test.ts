/** Images changed by the core: against plain JavaScript, in every layout, with every number of threads. */
import { expect } from 'chai'
import { collectGarbage } from '../garbage'
import { data, getThreads, memory, setThreads, tensor, type Tensor } from '../../lib'
import { thrown } from '../model/support'
import { block } from '../ops/philox'

const mask = 0xffffffffn

/** The numbers in [0, 1) of an image, one after the other: Philox keyed by (seed, pass, row). */
function draws(seed: bigint, pass: number, row: number): () => number {
  const words: bigint[] = []
  let blocks = 0n
  return () => {
    if (words.length === 0)
      words.push(...block([blocks++, BigInt(row), 0n, BigInt(pass)], [seed & mask, (seed >> 32n) ^ 0x41554721n]))
    return Number(words.shift()) / 2 ** 32
  }
}

interface Wanted {
  flip: number
  crop: number
  rotate: number
  translate: number
  distort: { strength: number; smoothness: number }
}

type At = (i: number, j: number) => number

/** Between four neighbours: v of the way down from row i, u of the way right from column j. */
function between(at: At, i: number, j: number, v: number, u: number): number {
  return (1 - v) * ((1 - u) * at(i, j) + u * at(i, j + 1)) + v * ((1 - u) * at(i + 1, j) + u * at(i + 1, j + 1))
}

/** One grey image in double precision, every step as the documentation says it. */
function expected(image: ArrayLike<number>, [height, width]: number[], how: Wanted, next: () => number): number[] {
  const within = (reach: number) => (2 * next() - 1) * reach
  const flip = next() < how.flip
  const angle = (within(how.rotate) * Math.PI) / 180
  const [down, right] = [0, 0].map(() => Math.floor(next() * (2 * how.translate + 1)) - how.translate)
  const offset = [height, width].map((side) => within(((1 - how.crop) * side) / 2))
  const { strength, smoothness } = how.distort
  const columns = Math.ceil(width / smoothness) + 2
  const knots = (Math.ceil(height / smoothness) + 2) * columns
  const lattice = Array.from({ length: knots }, () => [within(strength), within(strength)])
  const ease = (t: number) => t * t * (3 - 2 * t)
  const displacement = (y: number, x: number, d: number) => {
    const [i, j] = [Math.floor(y / smoothness), Math.floor(x / smoothness)]
    const [v, u] = [ease(y / smoothness - i), ease(x / smoothness - j)]
    return between((a, b) => lattice[a * columns + b][d], i, j, v, u)
  }
  const pixel = (i: number, j: number) => (i < 0 || j < 0 || i >= height || j >= width ? 0 : image[i * width + j])
  return Array.from({ length: height * width }, (_, at) => {
    const [row, column] = [Math.floor(at / width), at % width]
    const y = row + displacement(row, column, 0) - down - (height - 1) / 2
    const x = column + displacement(row, column, 1) - right - (width - 1) / 2
    const fromY = how.crop * (Math.cos(angle) * y + Math.sin(angle) * x) + offset[0] + (height - 1) / 2
    const turned = how.crop * (Math.cos(angle) * x - Math.sin(angle) * y) + offset[1]
    const fromX = (flip ? -turned : turned) + (width - 1) / 2
    const [i, j] = [Math.floor(fromY), Math.floor(fromX)]
    const [v, u] = [fromY - i, fromX - j]
    return between(pixel, i, j, v, u)
  })
}

const images = (m: number, size: number) => Float64Array.from({ length: m * size }, (_, i) => Math.sin(i * i))

describe('augmentation', () => {
  const all: Wanted = { flip: 0.5, crop: 0.85, rotate: 25, translate: 2, distort: { strength: 1.5, smoothness: 3.5 } }
  const none: Wanted = { flip: 0, crop: 1, rotate: 0, translate: 0, distort: { strength: 0, smoothness: 1 } }

  for (const [name, how] of Object.entries({
    all,
    flip: { ...none, flip: 0.5 },
    crop: { ...none, crop: 0.6 },
    rotate: { ...none, rotate: 200 },
    translate: { ...none, translate: 3 },
    distort: { ...none, distort: { strength: 2, smoothness: 2 } },
  }))
    it(`${name}: every pixel is what plain JavaScript makes of the same random numbers`, () => {
      const [m, height, width] = [9, 11, 8]
      const x = tensor(images(m, height * width), [m, height, width], { dtype: 'float64' })
      const seed = 2n ** 40n + 5n
      const augment = data.augment({ ...how, seed })
      for (const pass of [0, 1]) {
        const found = augment.apply(x).data
        for (let row = 0; row < m; row++) {
          const size = height * width
          const image = x.data.subarray(row * size, (row + 1) * size)
          expected(image, [height, width], how, draws(seed, pass, row)).forEach((value, i) =>
            expect(found[row * size + i], `pass ${pass}, row ${row}, pixel ${i}`).to.be.closeTo(value, 1e-9),
          )
        }
      }
    })

  it('float32 is float64 but for its rounding, and the same bits for any number of threads', () => {
    const [m, side] = [70, 28]
    const x = images(m, side * side)
    const shape = [side, side]
    const double = data.augment({ shape, ...all }).apply(tensor(x, [m, side * side], { dtype: 'float64' })).data
    const single = tensor(Float32Array.from(x), [m, side * side])
    const threads = getThreads()
    const found = [1, 2, 3, 7].map((n) => {
      setThreads(n)
      return data.augment({ shape, ...all }).apply(single).data
    })
    setThreads(threads)
    for (const other of found)
      expect(Buffer.compare(Buffer.from(other.buffer), Buffer.from(found[0].buffer))).to.equal(0)
    expect(Math.max(...double.map((value, i) => Math.abs(value - found[0][i])))).to.be.below(2e-4)
  })

  it('channels move together, wherever they stand in memory', () => {
    const [m, height, width] = [3, 6, 5]
    const grey = [0, 1, 2].map((c) => Float32Array.from(images(m, height * width), (v) => v + c))
    const each = grey.map((plane) => data.augment(all).apply(tensor(plane, [m, height, width])).data)
    const at = (c: number, i: number, from: ArrayLike<number>[]) => from[c][i]
    const last = (from: ArrayLike<number>[]) =>
      Float32Array.from({ length: 3 * m * height * width }, (_, i) => at(i % 3, Math.floor(i / 3), from))
    const first = (from: ArrayLike<number>[]) => {
      const size = height * width
      return Float32Array.from({ length: 3 * m * size }, (_, i) => {
        const row = Math.floor(i / (3 * size))
        return at(Math.floor(i / size) % 3, row * size + (i % size), from)
      })
    }
    const shape = [height, width, 3]
    const size = 3 * height * width
    for (const [options, x, wanted] of [
      [{}, tensor(last(grey), [m, ...shape]), last(each)],
      [{ shape, channels: 'last' }, tensor(last(grey), [m, size]), last(each)],
      [{ channels: 'first' }, tensor(first(grey), [m, 3, height, width]), first(each)],
      [{ shape }, tensor(first(grey), [m, size]), first(each)],
    ] as const) {
      const found = data.augment({ ...all, ...options }).apply(x)
      expect(found.shape).to.deep.equal(x.shape)
      expect([...found.data]).to.deep.equal([...wanted])
    }
    const vectors = [0, 1].map((i) =>
      data.flattenImage({ data: last(grey).subarray(i * size, (i + 1) * size), height, width }),
    )
    const flipped = data.transformImages(
      vectors.map((v) => [...v]),
      { shape, flip: true },
    )
    expect(flipped.data[0]).to.equal(grey[0][width - 1])
    expect(flipped.data[2 * height * width]).to.equal(grey[2][width - 1])
  })

  it('applyAsync and batches make what apply makes, row by row, for any batch size', async () => {
    const [m, side] = [20, 9]
    const x = tensor(Float32Array.from(images(m, side * side)), [m, side, side])
    const y = Array.from({ length: m }, (_, i) => i)
    const [by, calls] = [data.augment(all), data.augment(all)]
    const passes = [by.apply(x).data, by.apply(x).data]
    expect([...(await calls.applyAsync(x)).data]).to.deep.equal([...passes[0]])
    expect([...(await calls.applyAsync(x)).data]).to.deep.equal([...passes[1]])
    for (const batchSize of [1, 7, 20]) {
      const stream = data.augment(all).batches({ x, y }, { batchSize, seed: 3 })
      const imageOf = (from: ArrayLike<number>, row: number) =>
        Array.from(from).slice(row * side * side, (row + 1) * side * side)
      const check = (batch: { x: Tensor; y: Tensor }, pass: number) =>
        Array.from(batch.y.data).forEach((row, i) => {
          expect(imageOf(batch.x.data, i)).to.deep.equal(imageOf(passes[pass], row))
          expect(batch.x.shape.slice(1)).to.deep.equal([side, side])
        })
      for (const batch of stream) check(batch, 0)
      for await (const batch of stream) check(batch, 1)
    }
  })

  it('leaves nothing in memory, ends with an abort', async () => {
    const x = tensor(new Float32Array(100 * 784), [100, 28, 28])
    await collectGarbage() // what earlier tests left must not go meanwhile
    const before = memory().liveBytes
    const augment = data.augment(all)
    augment.apply(x).dispose()
    ;(await augment.applyAsync(x)).dispose()
    expect(memory().liveBytes).to.equal(before)
    const controller = new AbortController()
    const work = augment.applyAsync(x, { signal: controller.signal }).catch((error: Error) => error)
    controller.abort('enough')
    expect(await work).to.have.property('name', 'AbortError')
    expect(memory().liveBytes).to.equal(before)
  })

  it('a shift or a distortion far outside leaves zeros, never rubbish', () => {
    const x = tensor(Float32Array.from(images(2, 16)), [2, 4, 4])
    const moved = data.transformImages(x, { translate: [1e30, -1e300] }).data
    expect(moved.every((v) => v === 0)).to.equal(true)
    const torn = data.augment({ distort: { strength: 1e300 } }).apply(x).data
    expect(torn.every((v) => v === 0)).to.equal(true)
  })

  it('transformImages says what it wants in its own words', () => {
    const rows = [[1, 2, 3, 4]]
    expect(() => data.transformImages(rows, {})).to.throw('Say what they are: { shape: [height, width, channels] }, or')
    const shape = [2, 2] as const
    expect(() => data.transformImages(rows, { shape, translate: 3 as never })).to.throw(
      'data.transformImages: translate: expected two finite numbers, [down, right] in pixels, got 3.',
    )
    expect(() => data.transformImages(rows, { shape, rotate: NaN })).to.throw(
      'data.transformImages: rotate: expected a finite number, got NaN.',
    )
  })

  it('a flip needs an image', () => {
    expect(thrown(() => data.augment({ flip: true }).apply([[1, 2, 3, 4]])).message).to.match(
      /rows of 4 numbers.*shape/,
    )
  })
})
