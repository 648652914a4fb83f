import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { data, layers, OptionError, sequential } from '../../../lib'
import type { LossName } from '../../../lib/losses'

describe('classWeight', () => {
  it('multiplies class weights by class', async () => {
    const model = sequential({
      inputShape: [1],
      dtype: 'float64',
      seed: 1,
      layers: [layers.dense({ units: 2, activation: 'softmax', kernelInitializer: 'zeros' })],
    })
    model.compile({ optimizer: 'gradientDescent', loss: 'sparseCategoricalCrossentropy' })
    const { cost } = await model.costAndGradients([[1], [1]], [0, 1], { classWeight: { 0: 2, 1: 0 } })
    expect(cost).to.be.closeTo(Math.log(2), 1e-15)
  })

  it('refuses class weights for numbers that are no classes of the model', async () => {
    const layer = layers.dense({ units: 1, activation: 'sigmoid' })
    const model = sequential({ inputShape: [1], seed: 1, layers: [layer] })
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    for (const bad of [2, -1]) {
      const error = await model.fit([[1], [1]], [0, bad], { classWeight: [1, 2] }).catch((e: Error) => e)
      expect(error).to.be.instanceOf(OptionError)
      expect((error as Error).message).to.include(`y[1] is class ${bad}; the model tells 2 classes apart`)
    }
    model.dispose()
  })

  it('takes class weights as a record, a list or a Map, for class numbers and one-hot rows', async () => {
    const output = layers.dense({ units: 3, activation: 'softmax', kernelInitializer: 'zeros' })
    const model = sequential({ inputShape: [1], dtype: 'float64', seed: 1, layers: [output] })
    const x = [[1], [1], [1]]
    for (const [loss, y] of [
      ['sparseCategoricalCrossentropy', [0, 2, 2]],
      ['categoricalCrossentropy', data.oneHot([0, 2, 2], 3, { dtype: 'float64' })],
    ] as const) {
      model.compile({ optimizer: 'adam', loss })
      const ways = [{ 2: 4 }, [1, 1, 4], new Map([[2, 4]]), runInNewContext('new Map([[2, 4]])') as Map<number, number>]
      for (const classWeight of ways) {
        const { cost } = await model.costAndGradients(x, y, { classWeight })
        expect(cost).to.be.closeTo(3 * Math.log(3), 1e-14)
      }
    }
    for (const classWeight of [new Map([[3, 1]]), new Map([['2', 1]]), new Set([1]), 3] as never[])
      expect(await model.fit(x, data.oneHot([0, 2, 2]), { classWeight }).catch((e: Error) => e)).to.be.instanceOf(
        OptionError,
      )
    model.dispose()
  })

  it('refuses class weights that leave the range together with the weights of rows', async () => {
    const layer = layers.dense({ units: 1, activation: 'sigmoid' })
    const model = sequential({ inputShape: [1], seed: 1, layers: [layer] })
    model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
    const options = { classWeight: { 1: 1e30 }, sampleWeight: [1, 1e10] }
    const x = [[1], [1]]
    for (const call of [
      () => model.fit(x, [0, 1], options),
      () => model.trainOnBatch(x, [0, 1], options),
      () => model.costAndGradients(x, [0, 1], options),
    ]) {
      const error = await call().catch((e: Error) => e)
      expect(error).to.be.instanceOf(OptionError)
      expect((error as Error).message).to.match(
        /classWeight\[1\]: expected weights that float32 can hold, got 10000000000 · 1e\+30 in row 1\./,
      )
    }
    model.dispose()
  })

  it('refuses class weights where the rows of an output are not of one class each', async () => {
    const refused = async (
      units: number,
      activation: 'linear' | 'sigmoid' | 'softmax',
      loss: LossName,
      y: number[][],
    ) => {
      const model = sequential({ inputShape: [1], seed: 1, layers: [layers.dense({ units, activation })] })
      model.compile({ optimizer: 'adam', loss })
      const error = await model.fit([[1], [1]], y, { classWeight: { 0: 2 } }).catch((e: Error) => e)
      expect(error).to.be.instanceOf(OptionError)
      expect(model.progress.steps).to.equal(0)
      model.dispose()
      return (error as Error).message
    }
    const labels = [
      [1, 1, 0],
      [0, 0, 0],
    ]
    const several = await refused(3, 'sigmoid', 'binaryCrossentropy', labels)
    expect(several).to.include('got 3 labels, each yes or no').and.to.include('sampleWeight')
    const numbers = "got plain numbers (loss 'meanSquaredError')"
    expect(await refused(1, 'linear', 'meanSquaredError', [[0], [1]])).to.include(numbers)
    expect(await refused(3, 'linear', 'meanSquaredError', labels)).to.include(numbers)
    const halves = await refused(2, 'softmax', 'categoricalCrossentropy', [
      [1, 0],
      [0.5, 0.5],
    ])
    expect(halves).to.include('expected one class in each row of y, got the same for 0 and 1 in row 1')
  })
})
