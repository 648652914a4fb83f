/** `precision`: products of float32 models through tensor cores, against the same rounding written in JavaScript. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { native } from '../../../lib/native/native'
import { skip } from '../../skip'
import { isStandIn } from './support'

/** A float32 whose lower `dropped` bits are rounded off: to the nearest, ties to even or away from zero. */
function rounded(x: number, dropped: number, ties: 'even' | 'away'): number {
  const bits = new Uint32Array(Float32Array.of(x).buffer)[0]
  const unit = 2 ** dropped
  const below = bits - (bits % unit)
  const rest = bits - below
  const up = rest > unit / 2 || (rest === unit / 2 && (ties === 'away' || (below / unit) % 2 === 1))
  return new Float32Array(Uint32Array.of(below + (up ? unit : 0)).buffer)[0]
}

const formats = {
  tf32: { round: (x: number) => rounded(x, 13, 'away'), bits: 10 },
  bf16: { round: (x: number) => rounded(x, 16, 'even'), bits: 7 },
} as const
const names = ['tf32', 'bf16'] as const

const wave = (n: number, width: number, k = 0.7) =>
  Array.from({ length: n }, (_, i) =>
    Array.from({ length: width }, (_, j) => Math.fround(Math.sin(k * (i * width + j)))),
  )

interface Setting {
  precision?: my.Precision
  device?: my.DeviceName
  inputs?: number
  widths?: number[]
  learningRate?: number
}

/** inputs-…-outputs, relu inside and linear at the end, mean squared error. */
function network({ precision, device = 'cuda', inputs = 40, widths = [48, 32], learningRate = 0.01 }: Setting) {
  const model = my.sequential({
    inputShape: [inputs],
    seed: 3,
    device,
    precision,
    layers: widths.map((units, i) =>
      my.layers.dense({
        units,
        activation: i < widths.length - 1 ? 'relu' : 'linear',
        biasInitializer: my.initializers.uniform({ min: -0.5, max: 0.5 }),
      }),
    ),
  })
  model.compile({ optimizer: my.optimizers.momentum({ learningRate }), loss: 'meanSquaredError' })
  return model
}

const dataOf = (t: my.Tensor) => [...t.data]
const weightsOf = (model: my.Model) => model.getWeights().flatMap(({ weight, bias }) => [...weight.data, ...bias.data])

/** Norm of the difference, relative to the norm. */
function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, size] = [0, 0]
  for (let i = 0; i < expected.length; i++) {
    difference += (found[i] - expected[i]) ** 2
    size += expected[i] ** 2
  }
  return Math.sqrt(difference / size)
}

/**
 * Σ_k a(i,k)·b(k,j) [+ c(j)] of rounded operands in float64, against `found` [m, n]. Each of k+1 additions may be off
 * by one unit in the last place of the terms' absolute sum: two of rounding, because tensor cores may cut instead of
 * round.
 */
function expectProduct(
  found: my.Tensor,
  k: number,
  a: (i: number, q: number) => number,
  b: (q: number, j: number) => number,
  round: (x: number) => number,
  c: (j: number) => number = () => 0,
) {
  const [m, n] = found.shape
  let wrong = ''
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let [sum, size] = [c(j), Math.abs(c(j))]
      for (let q = 0; q < k; q++) {
        const term = round(a(i, q)) * round(b(q, j))
        sum += term
        size += Math.abs(term)
      }
      const value = found.data[i * n + j]
      if (!(Math.abs(value - sum) <= (k + 1) * 2 ** -23 * size)) wrong ||= `[${i}, ${j}]: ${value} instead of ${sum}`
    }
  expect(wrong).to.equal('')
}

describe('precision on cuda', () => {
  before(function () {
    const { computeCapability } = my.devices()[1]
    if (!isStandIn && Number(computeCapability) < 8)
      skip(this, `compute capability ${computeCapability} has no tensor cores for TF32 and bf16`)
  })

  for (const precision of names) {
    const { round, bits } = formats[precision]

    it(`${precision}: operands are rounded as the format says, ties included`, () => {
      const model = my.sequential({
        inputShape: [32],
        device: 'cuda',
        precision,
        layers: [my.layers.dense({ units: 32, useBias: false })],
      })
      // x times the unit matrix: what comes out is what x was rounded to.
      const unit = Array.from({ length: 32 }, (_, i) => Array.from({ length: 32 }, (_, j) => Number(i === j)))
      model.setWeights([{ name: 'dense_1', weight: unit }])
      const x = wave(64, 32, 1.3)
      const half = 2 ** -(bits + 1)
      x[0].splice(
        0,
        8,
        1 + half,
        1 + 3 * half,
        -1 - half,
        -1 - 3 * half,
        1 + half * 1.001,
        1 + half * 0.999,
        3e38,
        1e-30,
      )
      const expected = x.flat().map(round)
      expect(dataOf(model.predictSync(x))).to.deep.equal(expected)
      const [even, odd] = precision === 'bf16' ? [1, 1 + 4 * half] : [1 + 2 * half, 1 + 4 * half]
      expect(expected.slice(0, 4)).to.deep.equal([even, odd, -even, -odd])
    })

    it(`${precision}: forward and backward products are those of the rounded operands`, async () => {
      // 32 rows and outputs and y = 0: dJ/dz = 2·a/1024 is exact, so that the operands of all these products are known.
      const x = wave(32, 40)
      const y = wave(32, 32).map((row) => row.map(() => 0))
      const model = network({ precision })
      const [first, second] = model.getWeights()
      const { dense_1, dense_2 } = await model.activations(x)
      const at = (t: my.Tensor) => (i: number, j: number) => t.data[i * t.shape[1] + j]
      const flipped = (f: (i: number, j: number) => number) => (i: number, j: number) => f(j, i)
      expectProduct(
        dense_1.z!,
        40,
        (i, q) => x[i][q],
        flipped(at(first.weight)),
        round,
        (j) => first.bias.data[j],
      )
      expectProduct(dense_2.z!, 48, at(dense_1.a), flipped(at(second.weight)), round, (j) => second.bias.data[j])
      const { gradients } = await model.costAndGradients(x, y)
      const dz = (i: number, j: number) => at(dense_2.a)(i, j) / 512
      expectProduct(gradients[1].weight, 32, flipped(dz), at(dense_1.a), round)

      // Far from float32 by what the format rounds off, and no farther.
      const full = network({})
      const expected = await full.costAndGradients(x, y)
      const found = [dense_1.z!.data, gradients[0].weight.data, gradients[1].weight.data]
      const exact = [(await full.activations(x)).dense_1.z!.data, ...expected.gradients.map((g) => g.weight.data)]
      found.forEach((data, i) =>
        expect(distance(data, exact[i]), String(i)).to.be.within(2 ** -bits / 16, 2 ** -bits * 2),
      )
    })

    it(`${precision}: products of at most 16 rows or columns stay as they are`, async () => {
      for (const [rows, setting] of [
        [12, { inputs: 40, widths: [48] }],
        [64, { inputs: 40, widths: [16] }],
      ] as const) {
        const x = wave(rows, 40)
        const [reduced, full] = [precision, 'float32' as const].map((p) =>
          network({ ...setting, widths: [...setting.widths], precision: p }),
        )
        expect(dataOf(await reduced.predict(x))).to.deep.equal(dataOf(await full.predict(x)))
      }
    })

    it(`${precision}: replayed steps are those that are launched kernel by kernel, on the GPU alone`, async () => {
      const [x, y] = [wave(96, 40), wave(96, 32, 0.3)]
      const [model, full, stepwise] = [network({ precision }), network({}), network({ precision })]
      const before = native.deviceCounters('cuda')
      const options = { epochs: 2, batchSize: 32, shuffle: false }
      const [found, expected] = await Promise.all([model.fit(x, y, options), full.fit(x, y, options)])
      const after = native.deviceCounters('cuda')
      expect(after.captures - before.captures).to.be.at.least(2)
      expect(after.graphLaunches - before.graphLaunches).to.be.at.least(8)
      expect(after.hostKernelCalls).to.equal(before.hostKernelCalls)
      const costs: number[] = []
      for (let step = 0; step < 6; step++) {
        const rows = [(step % 3) * 32, (step % 3) * 32 + 32] as const
        costs.push((await stepwise.trainOnBatch(x.slice(...rows), y.slice(...rows))).loss)
      }
      expect(costs).to.deep.equal([...found.batches])
      expect(weightsOf(stepwise)).to.deep.equal(weightsOf(model))
      found.batches.forEach((cost, i) => expect(cost).to.not.equal(expected.batches[i]))
    })

    it(`${precision}: every way to run the model has it, and plain plans too`, async () => {
      const [x, y] = [wave(40, 40), wave(40, 32, 0.3)]
      const model = network({ precision })
      const output = dataOf(model.predictSync(x))
      expect(output).to.not.deep.equal(dataOf(network({}).predictSync(x)))
      expect(dataOf(await model.predict(x))).to.deep.equal(output)
      expect(dataOf((await model.activations(x)).dense_2.a)).to.deep.equal(output)
      const { loss } = await model.evaluate(x, y)
      const mean = output.reduce((sum, v, i) => sum + (v - y.flat()[i]) ** 2, 0) / output.length
      expect(loss).to.be.closeTo(mean, 1e-6)
      const { value } = my.valueAndGrad(model, 'meanSquaredError')(x, y)
      expect(value).to.be.closeTo(mean, 1e-6)
      const mode = process.env.MYELIN_PLAN
      process.env.MYELIN_PLAN = 'plain'
      try {
        expect(dataOf(network({ precision }).predictSync(x))).to.deep.equal(output)
      } finally {
        if (mode === undefined) delete process.env.MYELIN_PLAN
        else process.env.MYELIN_PLAN = mode
      }
    })

    it(`${precision}: training ends near float32, to the same bits in every run, with weights of float32`, async () => {
      const x = wave(96, 20, 0.37)
      const y = x.map((row) => [row[0] * row[1], Math.abs(row[2]), row[3]])
      const train = async (chosen: my.Precision) => {
        const model = network({ precision: chosen, inputs: 20, widths: [32, 32, 3], learningRate: 0.1 })
        const { epochs } = await model.fit(x, y, { epochs: 12, batchSize: 32 })
        return { losses: epochs.map(({ loss }) => loss), weights: weightsOf(model) }
      }
      const [full, found, again] = [await train('float32'), await train(precision), await train(precision)]
      expect(again).to.deep.equal(found)
      expect(full.losses[11]).to.be.below(full.losses[0] / 3)
      expect(found.losses[11] / full.losses[11]).to.be.within(0.9, 1.1)
      expect(found.weights).to.not.deep.equal(full.weights)
      const short = found.weights.filter((w) => w === round(w)).length
      expect(short / found.weights.length).to.be.below(precision === 'tf32' ? 0.05 : 0.02)
    })

    it(`${precision}: stays with the model on its way between devices and through files`, async () => {
      const [x, y] = [wave(40, 40), wave(40, 32, 0.3)]
      const model = network({ precision })
      await model.fit(x, y)
      const output = dataOf(model.predictSync(x))
      const bytes = model.toBytes()
      expect((await model.to('cpu')).precision).to.equal(precision)
      expect(dataOf(model.predictSync(x))).to.not.deep.equal(output)
      expect(Buffer.compare(model.toBytes(), bytes)).to.equal(0)
      await model.to('cuda')
      expect(dataOf(model.predictSync(x))).to.deep.equal(output)
      const loaded = await my.loadModel(bytes, { device: 'cuda' })
      expect(loaded.precision).to.equal(precision)
      expect(dataOf(loaded.predictSync(x))).to.deep.equal(output)

      const folder = mkdtempSync(join(tmpdir(), 'myelin-precision-'))
      try {
        const whole = network({ precision })
        const expected = await whole.fit(x, y, { epochs: 3 })
        const path = join(folder, 'run')
        const controller = new AbortController()
        const fit = network({ precision }).fit(x, y, {
          epochs: 3,
          checkpoint: { path, every: { epochs: 1 } },
          signal: controller.signal,
          onEpoch: ({ epoch }) => (epoch === 2 ? controller.abort() : undefined),
        })
        expect(await fit.catch((error: unknown) => error)).to.be.instanceOf(my.AbortError)
        const resumed = await my.resume(path, x, y, { device: 'cuda' })
        expect(resumed.model.precision).to.equal(precision)
        expect([...resumed.history.batches]).to.deep.equal([...expected.batches])
        expect(weightsOf(resumed.model)).to.deep.equal(weightsOf(whole))
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
  }

  it('devices without tensor cores for it compute in full', function () {
    if (!isStandIn) return skip(this, 'only the stand-in runtime can be an older device')
    const x = wave(40, 40)
    const full = dataOf(network({}).predictSync(x))
    process.env.EMU_CAPABILITY = '75'
    try {
      for (const precision of names) expect(dataOf(network({ precision }).predictSync(x))).to.deep.equal(full)
    } finally {
      delete process.env.EMU_CAPABILITY
    }
  })

  it('gradientCheck computes in float64 whatever the precision', async () => {
    const [x, y] = [wave(17, 17), wave(17, 17, 0.3)]
    const found = await my.gradientCheck(network({ precision: 'bf16', inputs: 17, widths: [17] }), x, y)
    expect(found.verdict).to.equal('correct')
  })

  it('functions of tensors stay float32', () => {
    const x = my.tensor(wave(32, 32))
    const f = (t: my.Tensor) => my.ops.sum(my.ops.matmul(t, t))
    network({ precision: 'bf16' }).predictSync(wave(32, 40))
    const [dx] = my.grad(f)(x)
    const row = dataOf(my.ops.sum(x, { axis: 1 }))
    const column = dataOf(my.ops.sum(x, { axis: 0 }))
    dataOf(dx).forEach((v, i) => expect(v).to.be.closeTo(row[i % 32] + column[Math.floor(i / 32)], 1e-4))
  })
})
