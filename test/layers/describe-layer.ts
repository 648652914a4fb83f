/**
 * What every layer of the table must do. Its test hands over a few uses of it and gets the tests. They use models on
 * the device that MYELIN_DEVICE names, so that other backends run them too.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  gradientCheck,
  input,
  layers,
  loadModel,
  model,
  tensor,
  type Custom,
  type Layer,
  type Model,
  type Shape,
} from '../../lib'
import type { DType } from '../../lib/base/dtype'
import { OptionError } from '../../lib/base/errors'
import { sizeOf } from '../../lib/base/shape'
import { layerFromConfig } from '../../lib/layers/from-config'
import { close } from '../numbers'

export type LayerName = keyof typeof layers

/** A layer and what it is applied to. */
interface Use {
  layer: () => Layer
  /** Shapes of the inputs, without the batch. */
  inputs: readonly Shape[]
  /** Shape of the result, without the batch. */
  output: Shape
  /** Functions that the layer uses, by name. */
  custom?: Custom
}

interface Description {
  /** Makes the layer where an object of options is not its first argument. */
  make?: (options: object) => Layer
  /** By what is special about them. */
  uses: Record<string, Use>
}

/** Names of the layers that were described. */
export const described = new Set<LayerName>()

const rows = 6
/** The layer, in models of these tests. */
const name = 'tried'
/** Layers around it. */
const [before, after] = ['before', 'after']
const api = readFileSync(join(__dirname, '../../docs/api.md'), 'utf8')

export function describeLayer(kind: LayerName, { make, uses }: Description): void {
  described.add(kind)
  describe(`layers.${kind}, as every layer`, function () {
    this.timeout(process.env.MYELIN_DEVICE ? 600_000 : 60_000) // the stand-in for a GPU takes its time

    it('has a row in docs/api.md that names all its options', () => {
      const { message } = thrown(() => (make ?? (layers[kind] as (options: object) => Layer))({ unknownOption: 1 }))
      const options = /Known: (.*)\./.exec(message)![1].split(', ')
      const [, table] = /\n## Layers\n([^]*?)\n\n[^|\n]/.exec(api)!
      const row = table.split('\n').find((line) => new RegExp(`^\\|[^|]*\`${kind}\\b`).test(line))
      expect(row, `a row of the table of layers for ${kind}`).to.be.a('string')
      for (const option of options)
        if (option !== 'name' && option !== 'trainable') expect(row).to.match(new RegExp(`\`${option}\\b`))
    })
    for (const [title, use] of Object.entries(uses)) describe(title, () => testUse(kind, use))
  })
  describe(`5.16 layers.${kind}: gradients`, function () {
    this.timeout(process.env.MYELIN_DEVICE ? 600_000 : 60_000)
    for (const [title, use] of Object.entries(uses)) it(title, () => checkGradients(use))
  })
}

/** Checks that hold for every layer, on one use of it. */
function testUse(kind: LayerName, use: Use): void {
  const { inputs, output, custom } = use
  const built = use.layer().build(inputs, name)
  const changing = built.weights.filter((spec) => spec.role === 'state' || (spec.role === 'weight' && spec.trainable))

  it('says its shape and keeps the batch, one row or several', async () => {
    expect([use.layer().kind, built.outputShape]).to.deep.equal([kind, output])
    using alone = await bare(use)
    for (const m of [1, rows]) expect((await alone.predict(dataFor(use, m))).shape).to.deep.equal([m, ...output])
  })

  it('comes back from its config and computes the same bits', async () => {
    const layer = use.layer()
    const { config, trainable } = layer
    const again = layerFromConfig(kind, JSON.parse(JSON.stringify(config)), { name: 'other', trainable }, custom)
    const facts = (of: Layer) => [of.kind, of.config, of.trainable]
    expect(facts(again)).to.deep.equal(facts(layer))
    using first = await bare(use)
    using second = await bare({ ...use, layer: () => again })
    const x = dataFor(use)
    expect((await second.predict(x)).toArray()).to.deep.equal((await first.predict(x)).toArray())
  })

  it('is saved and loaded with all its arrays, and trains on to the same bits', async () => {
    using trained = trainable(use)
    const [x, y] = [dataFor(use), targets()]
    await trained.fit(x, y, { epochs: 2, batchSize: 4 })
    using loaded = await loadModel(trained.toBytes(), { custom })
    for (let round = 0; round < 2; round++) {
      expect(everything(loaded)).to.deep.equal(everything(trained))
      expect((await loaded.predict(x as never)).toArray()).to.deep.equal((await trained.predict(x)).toArray())
      await Promise.all([trained, loaded].map((each) => each.fit(x as never, y, { epochs: 3, initialEpoch: 2 })))
    }
  })

  if (changing.length > 0)
    it('stays what it is while it is frozen, and moves again afterwards', async () => {
      using tried = trainable(use)
      const step = async () => {
        const start = everything(tried)
        await tried.fit(dataFor(use), targets())
        const end = everything(tried)
        return Object.keys(start).filter((key) => start[key].join() !== end[key].join())
      }
      await step() // learns statistics
      const own = changing.map((spec) => `${name}.${spec.name}`)
      tried.freeze(name)
      expect(await step())
        .to.include(`${after}.weight`)
        .and.not.include.members(own)
      for (const key of own) expect(await step()).to.not.include(key)
      tried.unfreeze(name)
      expect(await step()).to.include.members([`${after}.weight`, ...own])
    })

  it('computes the same in float32 as in float64, and on this device as on the CPU', async () => {
    const results = []
    for (const [dtype, device] of [['float64'], ['float32'], ['float64', 'cpu']] as [DType, 'cpu'?][]) {
      using tried = trainable(use, dtype, device)
      const expected = device ?? (process.env.MYELIN_DEVICE === 'cuda' ? 'cuda:0' : 'cpu')
      expect(tried.device).to.equal(expected)
      await tried.fit(dataFor(use), targets(), { epochs: 3, batchSize: 4 })
      const predicted = await tried.predict(dataFor(use))
      expect(predicted.dtype).to.equal(dtype)
      results.push([predicted, ...Object.values(everything(tried))].map((list) => ('data' in list ? list.data : list)))
    }
    const [double, single, host] = results
    // Seven steps carry the rounding of float32, 6e-8 of numbers near 1, through all sums.
    double.forEach((list, i) => close(single[i], list, 2e-5))
    double.forEach((list, i) => close(host[i], list, 1e-11))
  })
}

async function checkGradients(use: Use): Promise<void> {
  using tried = trainable(use)
  const [x, y] = [dataFor(use), targets()]
  await tried.fit(x, y, { epochs: 2, batchSize: 4 })
  const { stochastic } = use.layer().build(use.inputs, name)
  for (const dropout of stochastic ? (['off', 'frozen'] as const) : (['refuse'] as const)) {
    const check = await gradientCheck(tried, x, y, { dropout, epsilon: 1e-6 })
    expect(check.verdict, String(check)).to.equal('correct')
    expect(check.checked).to.be.above(3)
  }
}

/** A model of nothing but the layer. */
async function bare(use: Use): Promise<Model> {
  const { values, inputs } = inputsOf(use)
  const outputs = use.layer().apply(values)
  const made = model({ inputs, outputs, seed: 7, dtype: 'float64' }) as unknown as Model
  if (use.layer().build(use.inputs, name).needsAdapt) await made.adapt(dataFor(use))
  return made
}

/**
 * The layer in a model that trains. Dense layers stand before it, so that its derivative by each input is needed, where
 * it is not made for the data themselves.
 */
function trainable(use: Use, dtype: DType = 'float64', device?: 'cpu'): Model {
  const { values, inputs } = inputsOf(use)
  const { first, wholeNumbers } = use.layer().build(use.inputs, name)
  const ready =
    first || wholeNumbers
      ? values
      : values.map((value, i) =>
          layers.dense({ units: value.shape.at(-1)!, activation: 'tanh', name: `${before}${i}` }).apply(value),
        )
  const layer = use.layer()
  const own = { ...layer, name }
  const flat = layers.flatten().apply(layer.apply.call(own, ready))
  const outputs = layers.dense({ units: 1, name: after }).apply(flat)
  const made = model({ inputs, outputs, seed: 7, dtype, device })
  made.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  return made as unknown as Model
}

function inputsOf({ inputs }: Use) {
  const values = inputs.map((shape) => input({ shape }))
  return { values, inputs: values.length === 1 ? values[0] : Object.fromEntries(values.map((v, i) => [`in${i}`, v])) }
}

/** Numbers in (−2, 2), or whole ones for layers of ids: alone, or by input. */
function dataFor({ layer, inputs }: Use, m = rows): never {
  const { wholeNumbers } = layer().build(inputs, name)
  const list = inputs.map((shape, k) => {
    const numbers = Float64Array.from({ length: m * sizeOf(shape) }, (_, i) => {
      const v = 2 * Math.sin(12.9898 * (i + 1) + 78.233 * k)
      return wholeNumbers ? Math.floor((v + 2) * 1000) % wholeNumbers.below : v
    })
    return tensor(numbers, [m, ...shape], { dtype: 'float64' })
  })
  return (list.length === 1 ? list[0] : Object.fromEntries(list.map((x, k) => [`in${k}`, x]))) as never
}

const targets = () => Array.from({ length: rows }, (_, i) => [Math.cos(3 * i)])

/** Weights, states and statistics by layer and name. */
function everything(of: Model): Record<string, number[]> {
  return Object.fromEntries(
    of
      .getWeights({ statistics: true })
      .flatMap(({ name: layer, ...arrays }) =>
        Object.entries(arrays as Record<string, { data: ArrayLike<number> }>).map(([key, value]) => [
          `${layer}.${key}`,
          Array.from(value.data),
        ]),
      ),
  )
}

function thrown(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    expect(error).to.be.instanceOf(OptionError)
    return error as Error
  }
  throw new Error('expected an error for an option that no layer has')
}
