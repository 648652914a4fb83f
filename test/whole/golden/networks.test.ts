/**
 * Trajectories of networks that PyTorch computed in float64 (generate-networks.py), walked again through the public
 * API. Another folder of the same kind: MYELIN_GOLDEN_NETWORKS=/folder.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { input, layers, model, optimizers, regularizers, tensor, type LossName } from '../../../lib'

/** Arrays of any rank as JSON has them. */
type Nested = number | Nested[]
type Options = Record<string, unknown>
/** Weights and state of layers by their names. */
type WeightsJson = Record<string, Record<string, Nested>>

interface Node {
  name: string
  layer?: string
  /** Instead of `layer`: the node whose layer is applied again. */
  weightsOf?: string
  options?: Options
  from: string[]
  frozen?: boolean
}

interface Trajectory {
  name: string
  inputs: Record<string, { shape: number[]; vocabulary?: number }>
  nodes: Node[]
  outputs: string[]
  loss: LossName | Record<string, LossName>
  lossWeights?: Record<string, number>
  optimizer: { kind: 'gradientDescent' | 'momentum' | 'rmsprop' | 'adam' | 'adamw' } & Record<string, number | string>
  learningRate: number
  batchSize: number
  epochs: number
  data: Record<string, Nested[]>
  y: Record<string, Nested[]>
  initial: WeightsJson
  firstBatchGradients: WeightsJson
  batchCosts: number[]
  epochCosts: number[]
  final: WeightsJson
  predictions: Record<string, Nested[]>
}

const folder = process.env.MYELIN_GOLDEN_NETWORKS ?? join(__dirname, 'networks')
const trajectories = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Trajectory)

function f64(data: Nested) {
  return tensor(data as never, undefined, { dtype: 'float64' })
}

function flat(values: Nested): number[] {
  return typeof values === 'number' ? [values] : values.flatMap(flat)
}

/** A record of one is the value itself: one input or output stands bare. */
function bare<T>(record: Record<string, T>): T | Record<string, T> {
  const values = Object.values(record)
  return values.length === 1 ? values[0] : record
}

function mapped<A, B>(record: Record<string, A>, change: (value: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]))
}

/** Functions of the API by the names that files say, so that one stretch of code builds every network. */
type Makers = Record<string, (...args: unknown[]) => Layer>
interface Layer {
  apply(x: unknown): unknown
}
const makers = layers as unknown as Makers

function withRegularizers(options: Options): Options {
  return mapped(options, (value, key) => {
    if (!key.endsWith('Regularizer')) return value
    const { kind, ...rest } = value as { kind: 'l1' | 'l2' | 'l1l2' }
    return regularizers[kind](rest as never)
  })
}

function layerOf({ layer, options = {}, name, frozen }: Node): Layer {
  const common = { name, ...(frozen ? { trainable: false } : {}) }
  if (layer === 'activation') return makers.activation(options.activation, common)
  if (layer === 'bidirectional') {
    const inner = makers[options.layer as string](options.options)
    return makers.bidirectional({ layer: inner, ...common })
  }
  return makers[layer!]({ ...withRegularizers(options), ...common })
}

function networkOf(t: Trajectory) {
  const inputs = mapped(t.inputs, ({ shape }, name) => input({ shape, name }))
  const values: Record<string, unknown> = { ...inputs }
  const made: Record<string, Layer> = {}
  for (const node of t.nodes) {
    const layer = (made[node.name] = node.weightsOf ? made[node.weightsOf] : layerOf(node))
    const from = node.from.map((name) => values[name])
    values[node.name] = layer.apply(from.length === 1 ? from[0] : from)
  }
  const outputs = Object.fromEntries(t.outputs.map((name) => [name, values[name]]))
  const network = model({ inputs: bare(inputs), outputs: bare(outputs), seed: 1, dtype: 'float64' } as never)
  network.setWeights(
    network.getWeights().map(({ name }) => ({ name, ...mapped(t.initial[name], (values) => f64(values)) })) as never,
  )
  const { kind, ...options } = t.optimizer
  network.compile({
    optimizer: optimizers[kind]({ ...options, learningRate: t.learningRate } as never),
    loss: t.loss,
    ...(t.lossWeights ? { lossWeights: t.lossWeights } : {}),
  } as never)
  return network
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number, what: string) {
  expect(actual.length, `${what}: number of values`).to.equal(expected.length)
  expected.forEach((value, i) => expect(actual[i], `${what}[${i}]`).to.be.closeTo(value, tolerance))
}

/** Exactly the weights that are expected, layer by layer; a layer of which nothing is expected may be listed empty. */
function expectWeights(
  actual: readonly { name: string }[],
  expected: WeightsJson,
  tolerance: number,
  what: string,
): void {
  const names = ({ name, ...values }: { name: string }) => Object.keys(values).map((key) => `${name}.${key}`)
  const wanted = Object.entries(expected).flatMap(([name, values]) =>
    Object.keys(values).map((key) => `${name}.${key}`),
  )
  expect(actual.flatMap(names), what).to.have.members(wanted)
  for (const { name, ...values } of actual)
    for (const [key, value] of Object.entries(values as Record<string, { data: ArrayLike<number> }>))
      expectClose(value.data, flat(expected[name][key]), tolerance, `${what}: ${name}.${key}`)
}

/** What a model of several outputs says by name, and one of one output bare. */
function byName(outputs: readonly string[], answer: unknown): Record<string, { data: ArrayLike<number> }> {
  const one = outputs.length === 1
  return (one ? { [outputs[0]]: answer } : answer) as Record<string, { data: ArrayLike<number> }>
}

describe('golden trajectories of networks', () => {
  it('are there', () => expect(trajectories.length).to.be.at.least(1))

  for (const t of trajectories) {
    it(t.name, async () => {
      const network = networkOf(t)
      expect(network.device).to.equal(process.env.MYELIN_DEVICE === 'cuda' ? 'cuda:0' : 'cpu')
      const { batchSize, epochs } = t
      const rows = (data: Record<string, Nested[]>, count?: number) =>
        bare(mapped(data, (values) => f64(values.slice(0, count)))) as never
      const training = { training: true }
      const first = await network.costAndGradients(rows(t.data, batchSize), rows(t.y, batchSize), training)
      expect(first.cost).to.be.closeTo(t.batchCosts[0], 1e-10)
      expectWeights(first.gradients, t.firstBatchGradients, 1e-10, 'gradient')
      expectWeights(network.getWeights(), t.initial, 0, 'untouched by costAndGradients')

      const history = await network.fit(rows(t.data), rows(t.y), { epochs, batchSize, shuffle: false })
      expectClose(history.batches, t.batchCosts, 1e-9, 'batch cost')
      expectClose(
        history.epochs.map((logs) => logs.loss),
        t.epochCosts,
        1e-9,
        'epoch cost',
      )
      expectWeights(network.getWeights(), t.final, 1e-9, 'final')
      const predictions = byName(t.outputs, await network.predict(rows(t.data)))
      for (const name of t.outputs)
        expectClose(predictions[name].data, flat(t.predictions[name]), 1e-9, `prediction ${name}`)
      network.dispose()
    })
  }
})
