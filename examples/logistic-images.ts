/**
 * Logistic regression on images: is a handwritten digit a 3 or an 8?
 *
 *   npm run examples -- logistic-images
 */
import { data, layers, ops, optimizers, sequential, type History, type Model } from 'myelin'
import * as plot from 'myelin/plot'
import { drawDigit, loadDigits, side, sideBySide } from './support/digits'
import { notice, percent, run, save, table } from './support/show'

/** Images of the two digits as rows of 784 grey values; y is 1 for an 8. */
function threesAndEights(): { x: { data: Float32Array; shape: number[] }; y: number[] } {
  const { x, y } = loadDigits()
  const rows = Array.from(y.keys()).filter((row) => y[row] === 3 || y[row] === 8)
  const pixels = new Float32Array(rows.length * side * side)
  rows.forEach((row, i) => pixels.set(x.data.subarray(row * side * side, (row + 1) * side * side), i * side * side))
  return { x: { data: pixels, shape: [rows.length, side * side] }, y: rows.map((row) => Number(y[row] === 8)) }
}

const { train, test } = data.split(threesAndEights(), { train: 0.8, test: 0.2, seed: 1, stratify: true })
const [m] = train.x.shape

/** ŷ = σ(w·x + b), starting from w = 0: the cost is convex, so any start will do. */
function logisticRegression(learningRate: number): Model {
  const model = sequential({
    inputShape: [side * side],
    layers: [layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: 'zeros' })],
  })
  const optimizer = optimizers.gradientDescent({ learningRate })
  model.compile({ optimizer, loss: 'binaryCrossentropy', metrics: ['accuracy'] })
  return model
}

/** dZ = A − Y, dw = (1/m)·dZᵀ·X, db = the mean of dZ, for all m images at once. */
async function gradientByHand(): Promise<void> {
  using model = logisticRegression(0.1)
  await model.fit(train.x, train.y, { epochs: 5, batchSize: 'all' })
  const dZ = ops.sub(await model.predict(train.x), ops.reshape(train.y, [m, 1]))
  const dw = ops.div(ops.matmul(dZ, train.x, { transposeA: true }), m)
  const db = ops.mean(dZ)
  const { gradients } = await model.costAndGradients(train.x, train.y)
  const apart = Math.max(
    ops.max(ops.abs(ops.sub(gradients[0].weight, dw))).item(),
    Math.abs(gradients[0].bias.item() - db.item()),
  )
  const largest = ops.max(ops.abs(dw)).item()
  notice(
    `dw and db by their formulas, for ${m} images at once, differ from the library's by at most ` +
      `${apart.toExponential(0)} (the largest entry is ${largest.toFixed(3)}).`,
    apart < 1e-5 * Math.max(1, largest),
  )
}

/** How large a step to take: too small is slow, too large swings from side to side. */
async function learningRates(): Promise<Model> {
  const runs: Record<string, History> = {}
  const rows: string[][] = []
  let chosen: Model | undefined
  for (const learningRate of [0.01, 0.1, 1]) {
    const model = logisticRegression(learningRate)
    const history = await model.fit(train.x, train.y, { epochs: 150, batchSize: 'all' })
    const rises = history.batches.slice(1).filter((cost, i) => cost > history.batches[i]).length
    const { accuracy } = await model.evaluate(test.x, test.y)
    runs[`α = ${learningRate}`] = history
    rows.push([`α = ${learningRate}`, history.batches[149].toFixed(4), String(rises), percent(1 - accuracy)])
    if (learningRate === 0.1) chosen = model
    else model.dispose()
  }
  console.log(table([['after 150 steps', 'cost J', 'steps uphill', 'test error'], ...rows]))
  const [slow, good, large] = rows.map(([, cost, rises]) => ({ cost: Number(cost), rises: Number(rises) }))
  notice(
    `With α = 0.1 the cost falls at every step, to ${good.cost}; a tenth of that is still at ${slow.cost}, ` +
      `and ten times as much goes uphill in ${large.rises} of 149 steps before it settles.`,
    good.rises === 0 && slow.rises === 0 && slow.cost > 1.5 * good.cost && large.rises > 0,
  )
  await save('logistic-images-cost', plot.costCurves(runs))
  return chosen!
}

/** What the weights have learnt, and what they get wrong. */
async function look(model: Model): Promise<void> {
  const probabilities = (await model.predict(test.x)).data
  const wrong = Array.from(test.y.data.keys()).filter((i) => Math.round(probabilities[i]) !== test.y.data[i])
  const accuracy = 1 - wrong.length / test.y.size
  const pictures = wrong.slice(0, 4).map((i) => ({
    lines: drawDigit(test.x.data.subarray(i * side * side, (i + 1) * side * side)),
    caption: `${test.y.data[i] ? 8 : 3}, P(8) = ${percent(probabilities[i], 0)}`,
  }))
  console.log(sideBySide(pictures))
  notice(
    `${percent(accuracy)} of ${test.y.size} digits not seen before are read correctly with one weight for each ` +
      `pixel. Positive weights speak for an 8: they lie where its two rings are closed on the left.`,
    accuracy > 0.94,
  )
  await save('logistic-images-weights', plot.weightImages(model.getWeights()[0].weight, { size: [side, side] }))
}

run(async () => {
  await gradientByHand()
  using model = await learningRates()
  await look(model)
})
