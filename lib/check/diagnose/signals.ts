/** Do signals vanish or explode on their way through the layers, forwards and backwards? */
import { activationFacts } from '../../activations'
import { checkOptions, checkSignal, positiveNumber } from '../../base/checks'
import { describeValue, OptionError } from '../../base/errors'
import { sizeOf } from '../../base/shape'
import { inTurns, type Sliced } from '../../base/slices'
import { withExamples } from '../../model/calls'
import type { TargetData } from '../../model/data/examples'
import type { InputData, NativeInputs } from '../../model/data/inputs'
import { activationsOf } from '../../model/infer/activations'
import { costAndGradientsOf } from '../../model/infer/cost-and-gradients'
import { Model, type AnyModel } from '../../model/model'
import type { LayerUse, Network } from '../../model/structure/network'
import { bufferOf, Tensor, type AnyTensor } from '../../tensor/tensor'
import type { WeightSet } from '../../tensor/weight-set'
import { statistics, unitStatistics, type Statistics } from './statistics'

export type { Statistics } from './statistics'

export interface SignalsOptions {
  /** A layer whose root mean square is this many times larger or smaller than the input's is named. Default 1000. */
  factor?: number | undefined
  signal?: AbortSignal | undefined
}

export interface LayerSignals {
  name: string
  /** Of the layer's output a. */
  activation: Statistics
  /** Share of outputs where the activation is flat: a sigmoid within 0.01 of 0 or 1, a tanh within 0.01 of ±1. */
  saturated: number
  /** Share of units that are 0 for every example: dead ReLUs. */
  dead: number
  /** Of dJ/d(weight), by weight name; empty for layers without weights. */
  gradients: Record<string, Statistics>
}

export interface Signals {
  verdict: 'healthy' | 'vanishing' | 'exploding'
  /** The first layer where the verdict shows; null where healthy. */
  layer: string | null
  layers: LayerSignals[]
  /** One sentence, with advice where there is something to do. */
  message: string
  toString(): string
}

/**
 * What signals are compared with: the root mean square over the inputs. Behind layers that bring raw inputs of any size
 * to size 1, or make vectors of ids, their outputs count as the input: that is where signals start.
 */
function* inputSize(network: Network, x: NativeInputs, sizeOfUse: ReadonlyMap<string, number>): Sliced<number> {
  const sizes: number[] = []
  for (const [value, input] of network.inputs.entries()) {
    const readers = network.uses.filter(({ from }) => from.includes(value))
    const begins = readers.filter(({ built }) => built.first ?? built.wholeNumbers)
    if (readers.length > 0 && begins.length === readers.length)
      sizes.push(...begins.map((use) => sizeOfUse.get(use.name)!))
    else {
      const { buffer, shape } = x.list.find((given) => given.input === input)!
      sizes.push((yield* statistics(buffer, sizeOf(shape))).rms)
    }
  }
  return sizes.length === 1 ? sizes[0] : Math.sqrt(sizes.reduce((sum, size) => sum + size ** 2, 0) / sizes.length)
}

/**
 * Statistics of the activations of every use of a layer and of the gradients of its weights on rows x, y, and a
 * verdict: 'exploding' or 'vanishing', with the first layer whose root mean square is more than `factor` times that of
 * the input, or less than 1/`factor` of it, or whose values are not finite. (Behind a first normalize layer, its output
 * counts as the input.) Failing that, for signals that go wrong backwards, the layer next to the output whose gradient
 * is `factor`² times smaller or larger than that of the last layer with weights. Changes nothing.
 */
export async function signals(
  model: AnyModel,
  x: InputData,
  y: TargetData,
  options: SignalsOptions = {},
): Promise<Signals> {
  const where = 'diagnose.signals'
  if (!(model instanceof Model))
    throw new OptionError(
      `${where}: expected a model made by sequential, model or loadModel, got ${describeValue(model)}.`,
    )
  checkOptions(where, options, ['factor', 'signal'])
  checkSignal(where, options.signal)
  const factor = positiveNumber(`${where}: factor`, options.factor ?? 1000)
  if (factor <= 1) throw new OptionError(`${where}: factor: expected a number above 1, got ${factor}.`)
  const { engine } = model.internals(where)
  return withExamples(engine, where, 'read', { x, y }, options.signal, async (job, examples) => {
    const { outputs } = engine.requireCompiled(where)
    engine.requireAdapted(where)
    const data = await examples.check(outputs).prepared(engine, job)
    const made: AnyTensor[] = []
    try {
      const found = await activationsOf(engine, job, data.x, false)
      for (const { z, a } of Object.values(found)) made.push(...(z ? [z, a] : [a]))
      const { gradients } = await costAndGradientsOf(engine, job, outputs, data, false)
      for (const entry of gradients) made.push(...Object.values(entry).filter((value) => value instanceof Tensor))
      const work = (function* (): Sliced<Signals> {
        const layers: LayerSignals[] = []
        for (const use of engine.network.uses) layers.push(yield* layerSignals(use, found[use.name].a, gradients))
        const sizes = new Map(layers.map(({ name, activation }) => [name, activation.rms]))
        return report(layers, yield* inputSize(engine.network, data.x, sizes), factor)
      })()
      return await inTurns(work, () => job.throwIfAborted())
    } finally {
      for (const t of made) t.dispose()
      data.dispose()
    }
  })
}

/** Of one use of a layer with output `a`. */
function* layerSignals(use: LayerUse, a: Tensor, gradients: WeightSet): Sliced<LayerSignals> {
  const { name, place, built } = use
  const { limits } = activationFacts(built.activation)
  const { saturated, dead, ...activation } = yield* unitStatistics(bufferOf(a), a.shape, limits)
  // The gradients of a shared layer are those of all its uses; they stand at the first.
  const entry = (name === place.name && gradients.find((g) => g.name === name)) || {}
  const own: LayerSignals['gradients'] = {}
  for (const [key, value] of Object.entries(entry))
    if (value instanceof Tensor) own[key] = yield* statistics(bufferOf(value), value.size)
  return { name, activation, saturated, dead, gradients: own }
}

function report(layers: LayerSignals[], input: number, factor: number): Signals {
  const judge = (size: number, reference: number, limit: number) =>
    Number.isNaN(size) || size > limit * reference ? 'exploding' : size < reference / limit ? 'vanishing' : null
  let place: { verdict: 'vanishing' | 'exploding'; layer: string; what: string } | null = null
  for (const { name, activation } of layers) {
    const verdict = judge(activation.rms, input, factor)
    if (verdict && !place) place = { verdict, layer: name, what: 'activations' }
  }
  const weighted = layers.filter(({ gradients }) => 'weight' in gradients)
  const last = weighted[weighted.length - 1]?.gradients.weight.rms
  if (!place && last > 0)
    for (const { name, gradients } of [...weighted].reverse()) {
      const verdict = judge(gradients.weight.rms, last, factor ** 2)
      if (verdict && !place) place = { verdict, layer: name, what: 'gradients' }
    }
  const advice = {
    vanishing: "Start with larger weights ('he' before ReLU, 'xavier' before tanh), use ReLU, or fewer layers.",
    exploding:
      "Start with smaller weights ('he' before ReLU, 'xavier' before tanh), clip gradients, or use fewer layers.",
  }
  const message = place
    ? `${place.what} are ${place.verdict} from ${place.layer} on. ${advice[place.verdict]}`
    : 'Signals keep their size through all layers.'
  return {
    verdict: place?.verdict ?? 'healthy',
    layer: place?.layer ?? null,
    layers,
    message,
    toString: () => table(layers, message),
  }
}

function table(layers: readonly LayerSignals[], message: string): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  const rows = layers.map(({ name, activation, saturated, dead, gradients }) => [
    name,
    activation.mean.toExponential(2),
    activation.std.toExponential(2),
    percent(activation.zeros),
    percent(saturated),
    percent(dead),
    gradients.weight ? gradients.weight.rms.toExponential(2) : '–',
  ])
  const all = [['layer', 'mean a', 'std a', 'zeros', 'saturated', 'dead units', 'rms dW'], ...rows]
  const widths = all[0].map((_, j) => Math.max(...all.map((row) => row[j].length)))
  const lines = all.map((row) => row.map((cell, j) => cell.padEnd(widths[j])).join('  '))
  return [message, ...lines.map((line) => line.trimEnd())].join('\n')
}
