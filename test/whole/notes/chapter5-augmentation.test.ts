/** Data augmentation. */
import { expect } from 'chai'
import { data, layers, ops, optimizers, sequential, ShapeError, tensor } from '../../../lib'
import { close, matrix, normal, thrown } from './support'

describe('5.9 data augmentation', () => {
  const shape = [5, 5]
  const x = tensor(matrix(3, 25, normal(59)))
  const flip = (t: typeof x) => data.transformImages(t, { shape, flip: true })
  const quarter = (t: typeof x) => data.transformImages(t, { shape, rotate: 90 })

  it('a horizontal flip mirrors; twice is the identity', () => {
    const once = flip(x)
    for (let row = 0; row < 5; row++)
      for (let column = 0; column < 5; column++)
        expect(once.data[25 + row * 5 + column]).to.equal(x.data[25 + row * 5 + 4 - column])
    expect([...flip(once).data]).to.deep.equal([...x.data])
  })

  it('a quarter turn goes counter-clockwise; four are the identity', () => {
    const once = quarter(x)
    for (let row = 0; row < 5; row++)
      for (let column = 0; column < 5; column++)
        expect(once.data[row * 5 + column]).to.equal(x.data[column * 5 + 4 - row])
    expect([...quarter(quarter(quarter(once))).data]).to.deep.equal([...x.data])
  })

  it('a shift by k is exact, and zeros come in', () => {
    const moved = data.transformImages(x, { shape, translate: [1, -2] }).data
    for (let row = 0; row < 5; row++)
      for (let column = 0; column < 5; column++)
        expect(moved[row * 5 + column]).to.equal(row < 1 || column > 2 ? 0 : x.data[(row - 1) * 5 + column + 2])
    const random = data.augment({ shape, translate: 2, seed: 1 }).apply(x)
    const known = new Set([0, ...x.data])
    expect(random.data.every((v) => known.has(v))).to.equal(true)
  })

  it('appending flips doubles m; labels are unchanged', () => {
    const both = data.augment({ shape, flip: 1 }).append({ x, y: [3, 1, 2] })
    expect(both.x.shape).to.deep.equal([6, 25])
    expect([...both.y.data]).to.deep.equal([3, 1, 2, 3, 1, 2])
    expect([...both.x.data]).to.deep.equal([...x.data, ...flip(x).data])
  })

  it('is seeded, draws anew for every image and call, and without options changes nothing', () => {
    const all = { shape, flip: true, crop: 0.8, rotate: 15, translate: 1, distort: { strength: 1, smoothness: 2 } }
    const [a, b] = [data.augment({ ...all, seed: 7 }), data.augment({ ...all, seed: 7 })]
    const first = [...a.apply(x).data]
    expect(first).to.deep.equal([...b.apply(x).data])
    expect([...a.apply(x).data]).to.not.deep.equal(first)
    expect([...data.augment({ ...all, seed: 8 }).apply(x).data]).to.not.deep.equal(first)
    expect([...data.augment({ shape }).apply(x).data]).to.deep.equal([...x.data])
    for (const one of [{ crop: 0.6 }, { rotate: 20 }, { distort: { strength: 1.5 } }]) {
      const same = tensor(
        new Float32Array(50).fill(0).map((_, i) => x.data[i % 25]),
        [2, 25],
      )
      const { data: out } = data.augment({ shape, ...one }).apply(same)
      expect([...out.subarray(0, 25)]).to.not.deep.equal([...out.subarray(25)])
    }
    const left = new Float32Array(25 * 1000).map((_, i) => Number(i % 5 === 0))
    const flips = data.augment({ shape, flip: true, seed: 3 }).apply(tensor(left, [1000, 25]))
    const share = Array.from({ length: 1000 }, (_, i) => flips.data[25 * i + 4]).reduce((s, v) => s + v) / 1000
    expect(share).to.be.closeTo(0.5, 0.06)
  })

  it('feeds fitDataset batch by batch; the training data stay what they are', async () => {
    const kept = [...x.data]
    const stream = data.augment({ shape, rotate: 10, seed: 1 }).batches({ x, y: [0, 1, 0] }, { batchSize: 2 })
    expect(stream.length).to.equal(2)
    const model = sequential({ inputShape: [25], seed: 1, layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
    model.compile({ optimizer: optimizers.adam(), loss: 'binaryCrossentropy' })
    const { batches } = await model.fitDataset(() => stream, { epochs: 3 })
    expect(batches).to.have.length(6)
    expect([...x.data]).to.deep.equal(kept)
  })

  it('fit changes the training images anew in every epoch, and the validation data never', async () => {
    const [images, targets] = [matrix(12, 25, normal(591)), matrix(12, 1, normal(592))]
    const options = { shape, flip: true, rotate: 15, translate: 1, distort: { strength: 1 }, seed: 5 }
    const network = () => {
      const model = sequential({ inputShape: [25], seed: 1, dtype: 'float64', layers: [layers.dense({ units: 1 })] })
      model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.01 }), loss: 'meanSquaredError' })
      return model
    }
    const [fitted, byHand] = [network(), network()]
    const history = await fitted.fit(images, targets, {
      epochs: 3,
      batchSize: 4,
      shuffle: false,
      augment: data.augment(options),
      validationData: [images, targets],
    })
    const augment = data.augment(options)
    for (const { val_loss } of history.epochs) {
      const changed = augment.apply(tensor(images, { dtype: 'float64' }))
      for (let row = 0; row < 12; row += 4)
        await byHand.trainOnBatch(ops.slice(changed, [row, 0], [4, 25]), targets.slice(row, row + 4))
      expect(val_loss).to.be.closeTo((await byHand.evaluate(images, targets)).loss, 1e-12)
    }
    close(fitted.getWeights()[0].weight, byHand.getWeights()[0].weight, 1e-12)
  })

  it('refuses what is no image of that shape', () => {
    expect(thrown(() => data.augment({ shape }).apply([[1, 2, 3]]))).to.be.instanceOf(ShapeError)
    expect(thrown(() => data.augment({ shape: [5] })).message).to.include('[height, width]')
    expect(thrown(() => data.augment({ shape, crop: 0 })).message).to.include('crop')
    expect(thrown(() => data.augment({ shape, translate: 1.5 })).message).to.include('translate')
  })
})
