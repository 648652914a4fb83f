/**
 * What is wrong with this network, and what to try: when to stop, what costs tell, and what penalties do to the
 * weights.
 *
 *   npm run examples -- diagnosis
 */
import {
  callbacks,
  data,
  diagnose,
  layers,
  ops,
  optimizers,
  regularizers,
  schedules,
  sequential,
  type Callback,
  type History,
  type Model,
  type Regularizer,
} from 'myelin'
import * as plot from 'myelin/plot'
import { adviceOf, notice, percent, run, save, table } from './support/show'

/** m points, noisy, in a disc (y = 1) and around it. */
function ring(m: number, seed: number): { x: number[][]; y: number[] } {
  const draws = ops.randomNormal([m, 3], { seed }).toArray() as number[][]
  const y = draws.map((_, i) => i % 2)
  const x = draws.map(([a, b, c], i) => {
    const radius = (y[i] ? 0.6 : 1.6) + 0.3 * c
    return [(radius * a) / Math.hypot(a, b), (radius * b) / Math.hypot(a, b)]
  })
  return { x, y }
}

interface Options {
  hidden: number[]
  keepProb?: number
  kernelRegularizer?: Regularizer
  learningRate?: number
}

function classifier({ hidden, keepProb = 1, kernelRegularizer, learningRate = 0.5 }: Options): Model {
  const model = sequential({
    inputShape: [2],
    seed: 1,
    layers: [
      ...hidden.flatMap((units) => [
        layers.dense({ units, activation: 'tanh', kernelRegularizer }),
        layers.dropout({ keepProb }),
      ]),
      layers.dense({ units: 1, activation: 'sigmoid', kernelRegularizer }),
    ],
  })
  const optimizer = optimizers.gradientDescent({ learningRate })
  model.compile({ optimizer, loss: 'binaryCrossentropy', metrics: ['accuracy'] })
  return model
}

const [train, dev] = [ring(200, 1), ring(400, 2)]

/** Gradient descent, step after step, until the cost hardly changes. */
async function untilConverged(): Promise<void> {
  using model = classifier({ hidden: [6] })
  const stopWhen = { tolerance: 1e-5 }
  const { epochs, stopped } = await model.fit(train.x, train.y, { epochs: 20_000, batchSize: 'all', stopWhen })
  const { accuracy } = await model.evaluate(train.x, train.y)
  const change = Math.abs(epochs[epochs.length - 1].loss - epochs[epochs.length - 2].loss)
  notice(
    `Of 20,000 steps allowed ${epochs.length.toLocaleString('en')} were made: the last changed J by ` +
      `${change.toExponential(1)}. ${percent(accuracy)} of the training set is right, though no line separates it.`,
    stopped === 'converged' && change < stopWhen.tolerance && accuracy > 0.95,
  )
}

/** Two errors, and the error that nobody can avoid. */
function errors(): void {
  const cases: [number, number, number?][] = [
    [1, 11],
    [15, 16],
    [15, 30],
    [0.5, 1],
    [15, 16, 15],
  ]
  const found = cases.map(([trainError, devError, bayesError = 0]) => {
    const [a, b, c] = [trainError, devError, bayesError].map((points) => points / 100)
    return { trainError, devError, bayesError, ...diagnose.biasVariance({ trainError: a, devError: b, bayesError: c }) }
  })
  const rows = found.map((f) => [f.trainError, f.devError, f.bayesError, f.bias, f.variance].map(String))
  console.log(table([['train error %', 'dev error %', 'Bayes error %', 'bias', 'variance'], ...rows]))
  console.log(`\nwhere both are high: ${found[2].recipe.join(', ')}`)
  const verdicts = found.map(({ bias, variance }) => `${bias} ${variance}`).join()
  notice(
    'Train error minus what is unavoidable is bias, dev error minus train error is variance. Bias first, then ' +
      'variance, then bias again. 15 % and 16 % are bad if people make no mistakes and good if they make 15 %.',
    verdicts === 'low high,high low,high high,low low,low low' && found[2].recipe[0] === 'a bigger network',
  )
}

/** With dropout J is another function at every step. */
async function costWithDropout(): Promise<void> {
  const runs: Record<string, History> = {}
  for (const keepProb of [1, 0.5]) {
    using model = classifier({ hidden: [16], keepProb, learningRate: 0.1 })
    runs[`keepProb ${keepProb}`] = await model.fit(train.x, train.y, { epochs: 150, batchSize: 'all' })
  }
  using model = classifier({ hidden: [16], keepProb: 0.5 })
  const stream = { write: () => true, isTTY: false }
  const watched = { callbacks: [callbacks.progressBar({ stream })] }
  const said = await adviceOf(() => model.fit(train.x, train.y, watched))
  console.log(said.join('\n'))
  const [without, withDropout] = Object.values(runs).map(
    ({ batches }) => batches.slice(1).filter((cost, i) => cost >= batches[i]).length,
  )
  notice(
    `Gradient descent on all examples: J goes up in ${withDropout} of 149 steps with dropout, in ${without} without. ` +
      `To see whether ` +
      `the code is right, look at J with keepProb = 1 first.`,
    without === 0 && withDropout > 10 && said.length === 1,
  )
  await save('diagnosis-dropout', plot.costCurves(runs))
}

/** 20 inputs, of which 5 matter. */
async function sparsity(): Promise<void> {
  const draws = ops.randomNormal([100, 21], { seed: 3 }).toArray() as number[][]
  const x = draws.map((row) => row.slice(0, 20))
  const y = draws.map((row) => 2 * row[0] - row[1] + 3 * row[2] + row[3] - 2 * row[4] + 0.5 * row[20])
  const weightsUnder = async (kernelRegularizer?: Regularizer) => {
    using model = sequential({ inputShape: [20], seed: 1, layers: [layers.dense({ units: 1, kernelRegularizer })] })
    const learningRate = schedules.exponential({ initial: 0.1, beta: 0.98 })
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate }), loss: 'meanSquaredError' })
    await model.fit(x, y, { epochs: 600, batchSize: 'all' })
    const [{ small }] = diagnose.sparsity(model).weights
    const [{ weight }] = model.getWeights()
    return { small, norm: ops.sumSquares(weight).item(), weight: Array.from(weight.data) }
  }
  const found = {
    none: await weightsUnder(),
    'L2, λ = 20': await weightsUnder(regularizers.l2({ lambda: 20 })),
    'L1, λ = 20': await weightsUnder(regularizers.l1({ lambda: 20 })),
  }
  const rows = Object.entries(found).map(([name, { small, norm }]) => [name, String(small), norm.toFixed(2)])
  console.log(table([['penalty', 'weights below 0.001', '‖w‖²'], ...rows]))
  const [none, l2, l1] = Object.values(found)
  notice(
    `L1 makes ${l1.small} of 20 weights zero, where 15 inputs are of no use; L2 makes the weights smaller and ` +
      `${l2.small} of them zero.`,
    l1.small >= 8 && l2.small <= 2 && l2.norm < none.norm,
  )
  const line = ({ weight }: typeof none) => weight.map((w, i) => [i + 1, Math.abs(w)] as const)
  const lines = Object.fromEntries(Object.entries(found).map(([name, one]) => [name, line(one)]))
  await save(
    'diagnosis-sparsity',
    plot.lines(lines, { title: 'Size of 20 weights', x: 'input', y: '|w|', points: true }),
  )
}

/**
 * Weights grow while a network is trained; a penalty, or stopping early, keeps them
 * small.
 */
async function weightNorms(): Promise<void> {
  const key = 'dense_1.weight.squaredNorm'
  const stop = callbacks.earlyStopping({ monitor: 'val_loss', patience: 150, restoreBestWeights: true })
  const few = { x: train.x.slice(0, 40), y: train.y.slice(0, 40) }
  const runs: Record<string, History> = {}
  const fit = async (name: string, kernelRegularizer?: Regularizer, more: Callback[] = []) => {
    using model = classifier({ hidden: [32], kernelRegularizer })
    const options = { epochs: 1500, batchSize: 'all', validationData: [dev.x, dev.y] } as const
    runs[name] = await model.fit(few.x, few.y, { ...options, callbacks: [callbacks.weightNorms(), ...more] })
  }
  await fit('nothing')
  await fit('L2, λ = 0.3', regularizers.l2({ lambda: 0.3 }))
  await fit('early stopping', undefined, [stop])
  const rows = Object.entries(runs).map(([name, { epochs }]) => {
    const last = epochs[epochs.length - 1]
    return [name, String(epochs.length), last[key].toFixed(1), last.dataLoss.toFixed(3), last.val_loss.toFixed(3)]
  })
  console.log(table([['', 'epochs', '‖W1‖²', 'train cost', 'dev cost'], ...rows]))
  const [nothing, l2, early] = Object.values(runs).map(({ epochs }) => epochs[epochs.length - 1][key])
  const start = runs.nothing.epochs[0][key]
  notice(
    `‖W1‖² grows from ${start.toFixed(1)} to ${nothing.toFixed(1)} if nothing holds it back; L2 ends ` +
      `at ${l2.toFixed(1)}, early stopping at ${early.toFixed(1)}. L2 is a knob of its own; ` +
      `early stopping also decides how far J falls.`,
    nothing > 2 * start && l2 < 0.5 * nothing && early < nothing && runs['early stopping'].stopped === 'early',
  )
  await save('diagnosis-norms', plot.costCurves(runs, { key, title: '‖W1‖² by epoch' }))
}

/** Costs of mini-batches jump; an average over about 1/(1 − β) of them does not. */
async function averages(): Promise<void> {
  using model = classifier({ hidden: [16], learningRate: 0.1 })
  const { batches } = await model.fit(train.x, train.y, { epochs: 10, batchSize: 8 })
  const [plain, corrected] = [false, true].map((biasCorrection) =>
    data.ewa({ beta: 0.9, biasCorrection }).smooth(batches),
  )
  const jump = (values: Float64Array) =>
    values.slice(10).reduce((sum, v, i) => sum + Math.abs(v - values[i + 9]), 0) / (values.length - 10)
  const rows = [0, 1, 9, 99].map((t) => [
    `${t + 1}`,
    ...[batches, plain, corrected].map((values) => values[t].toFixed(4)),
  ])
  console.log(table([['t', 'J', 'v', 'v/(1 − βᵗ)'], ...rows]))
  notice(
    `From one mini-batch to the next J changes by ${jump(batches).toFixed(3)}, its average by ` +
      `${jump(corrected).toFixed(3)}. Without correction the average starts at (1 − β)·J₁ = ${plain[0].toFixed(4)}, ` +
      `far too low; after 100 values the two are the same to ${Math.abs(plain[99] - corrected[99]).toExponential(0)}.`,
    jump(corrected) < 0.3 * jump(batches) &&
      Math.abs(plain[0] - 0.1 * batches[0]) < 1e-12 &&
      Math.abs(corrected[0] - batches[0]) < 1e-12 &&
      Math.abs(plain[99] - corrected[99]) < 1e-4,
  )
  const how = { 'β = 0.9': { beta: 0.9 }, 'β = 0.9, corrected': { beta: 0.9, biasCorrection: true } }
  await save('diagnosis-averages', plot.averages(batches, how, { title: 'Costs of mini-batches', x: 'step', y: 'J' }))
}

run(async () => {
  await untilConverged()
  errors()
  await costWithDropout()
  await sparsity()
  await weightNorms()
  await averages()
})
