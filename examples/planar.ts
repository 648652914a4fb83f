/**
 * A shallow network on two classes that no line separates: what a hidden layer is for, how many units it needs, tanh
 * against sigmoid, and why weights must not start at zero.
 *
 *   npm run examples -- planar
 */
import {
  diagnose,
  initializers,
  layers,
  ops,
  optimizers,
  range,
  search,
  sequential,
  type ActivationName,
  type History,
  type InitializerSpec,
  type Model,
} from 'myelin'
import * as plot from 'myelin/plot'
import { notice, percent, run, save, table } from './support/show'

/** m noisy points [x₁, x₂] on a flower whose petals are of the two classes in turn. */
function flower(m: number, seed: number): { x: number[][]; y: number[] } {
  const noise = ops.randomNormal([m, 2], { seed }).toArray() as number[][]
  const y = noise.map((_, i) => i % 2)
  const x = noise.map(([a, b], i) => {
    const angle = (y[i] + Math.floor(i / 2) / (m / 2)) * 3.12 + 0.2 * a
    const radius = 4 * Math.sin(4 * angle) + 0.2 * b
    return [radius * Math.sin(angle), radius * Math.cos(angle)]
  })
  return { x, y }
}

const [train, dev] = [flower(400, 1), flower(400, 2)]

interface Shallow {
  /** Hidden units; 0 is logistic regression. */
  units: number
  activation?: ActivationName
  kernelInitializer?: InitializerSpec
  seed?: number
}

function shallow({ units, activation = 'tanh', kernelInitializer, seed = 1 }: Shallow): Model {
  const hidden = units === 0 ? [] : [layers.dense({ units, activation, kernelInitializer })]
  const model = sequential({
    inputShape: [2],
    seed,
    layers: [...hidden, layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer })],
  })
  const optimizer = optimizers.gradientDescent({ learningRate: 1 })
  model.compile({ optimizer, loss: 'binaryCrossentropy', metrics: ['accuracy'] })
  return model
}

const epochs = 1200
const fit = (model: Model): Promise<History> => model.fit(train.x, train.y, { epochs, batchSize: 'all' })
const devError = async (model: Model) => 1 - (await model.evaluate(dev.x, dev.y)).accuracy

async function hiddenUnits(): Promise<void> {
  // Any function of some choices, tried on a grid and ranked on the dev set.
  const { trials } = await search(
    { units: range.choice([0, 1, 2, 4, 8, 32]) },
    async ({ units }) => {
      using model = shallow({ units })
      await fit(model)
      return await devError(model) // awaited here: at the end of the block `using` frees the model
    },
    { strategy: 'grid' },
  )
  const inOrder = [...trials].sort((a, b) => a.config.units - b.config.units)
  console.log(
    table([
      ['hidden units', 'dev error'],
      ...inOrder.map(({ config, error }) => [config.units ? String(config.units) : 'none', percent(error)]),
    ]),
  )
  const errorOf = (units: number) => trials.find(({ config }) => config.units === units)!.error
  notice(
    `A straight line is wrong for ${percent(errorOf(0), 0)} of the points; 8 hidden units are wrong for ` +
      `${percent(errorOf(8), 0)}. More units hardly help.`,
    errorOf(0) > 0.35 && errorOf(8) < 0.2 && errorOf(32) > errorOf(8) - 0.05,
  )
  for (const [name, units] of [
    ['line', 0],
    ['network', 8],
  ] as const) {
    using model = shallow({ units })
    await fit(model)
    const title = units === 0 ? 'Logistic regression' : `${units} hidden tanh units`
    await save(`planar-${name}`, await plot.decisionBoundary(model, dev.x, dev.y, { title }))
  }
}

async function tanhOrSigmoid(): Promise<void> {
  const runs: Record<string, History> = {}
  for (const activation of ['tanh', 'sigmoid'] as const) {
    using model = shallow({ units: 8, activation })
    runs[activation] = await fit(model)
  }
  const target = runs.sigmoid.batches[epochs - 1]
  const sooner = runs.tanh.batches.findIndex((cost) => cost <= target) + 1
  notice(
    `The cost that sigmoid hidden units reach in ${epochs} steps (${target.toFixed(3)}), tanh units reach in ` +
      `${sooner}: their outputs have mean 0, and their slope is four times as steep.`,
    sooner > 0 && sooner < epochs / 2,
  )
  await save('planar-activations', plot.costCurves(runs))
  using model = shallow({ units: 8, activation: 'sigmoid' })
  for (const { layer, activation, better, reason } of diagnose.activationAdvice(model))
    console.log(`${layer}: ${activation}${better === null ? ' is fine' : `, better ${better}`}: ${reason}`)
}

/** Units that start equal stay equal. */
async function symmetry(): Promise<void> {
  const distinctUnits = async (kernelInitializer: InitializerSpec) => {
    using model = shallow({ units: 8, activation: 'sigmoid', kernelInitializer })
    await fit(model)
    const rows = model.getWeights()[0].weight.toArray() as number[][]
    return { distinct: new Set(rows.map((row) => row.join())).size, error: await devError(model) }
  }
  const zeros = await distinctUnits('zeros')
  const random = await distinctUnits(initializers.normal({ variance: 1e-4 }))
  notice(
    `8 hidden units that start at zero are ${zeros.distinct} distinct unit after ${epochs} steps (dev error ` +
      `${percent(zeros.error)}); those that start at random numbers of about 0.01 are ${random.distinct} distinct ` +
      `ones (${percent(random.error)}).`,
    zeros.distinct === 1 && random.distinct === 8,
  )
}

run(async () => {
  await hiddenUnits()
  await tanhOrSigmoid()
  await symmetry()
})
