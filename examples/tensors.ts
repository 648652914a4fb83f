/**
 * Tensors and derivatives: a cost that is finite for any z, a computation graph and its derivatives, loops against
 * vectors, broadcasting, shapes, and why a sigmoid goes with the cross-entropy.
 *
 *   npm run examples -- tensors
 */
import {
  assertShape,
  diagnose,
  grad,
  layers,
  ops,
  sequential,
  ShapeError,
  tensor,
  trace,
  type Model,
  type Tensor,
  type Value,
} from 'myelin'
import * as plot from 'myelin/plot'
import { adviceOf, apart, digits, notice, percent, run, save, table } from './support/show'

const sigma = (z: number) => 1 / (1 + Math.exp(-z))

/** ŷ = σ(w·x + b) with the weights given, in float64. */
function logistic(w: number[], b: number): Model {
  const model = sequential({
    inputShape: [w.length],
    dtype: 'float64',
    layers: [layers.dense({ units: 1, activation: 'sigmoid' })],
  })
  model.compile({ optimizer: 'gradientDescent', loss: 'binaryCrossentropy' })
  model.setWeights([{ name: 'dense_1', weight: [w], bias: [b] }])
  return model
}

/** L = −ln a where y = 1, −ln(1 − a) where y = 0, and J is the mean of L over the examples. */
async function lossAndCost(): Promise<void> {
  using model = logistic([1], 0)
  const [x, y] = [
    [[2], [0.5], [-1]],
    [1, 0, 0],
  ]
  const a = Array.from(model.predictSync(x).data)
  const L = a.map((p, i) => -Math.log(y[i] === 1 ? p : 1 - p))
  const alone: number[] = []
  for (const [i, row] of x.entries()) alone.push((await model.costAndGradients([row], [y[i]])).cost)
  const { cost } = await model.costAndGradients(x, y)
  const rows = x.map(([z], i) => [`${z}`, `${y[i]}`, a[i].toFixed(3), L[i].toFixed(3)])
  console.log(table([['z', 'y', 'a', 'loss L'], ...rows]))
  const likelihood = a.reduce((product, p, i) => product * (y[i] === 1 ? p : 1 - p), 1)
  notice(
    `J = ${cost.toFixed(3)} is their mean. e^(−3J) = ${Math.exp(-3 * cost).toFixed(3)} is the probability that the ` +
      `model gives to ` +
      'these three labels together: the least cost is the maximum likelihood.',
    apart(alone, L) < 1e-14 &&
      Math.abs(cost - (L[0] + L[1] + L[2]) / 3) < 1e-14 &&
      Math.abs(Math.exp(-3 * cost) - likelihood) < 1e-14,
  )
}

/** A computer rounds a to 1 long before z is large. */
async function anyZ(): Promise<void> {
  const found: { z: number; naive: number; cost: number; slope: number }[] = []
  for (const z of [-1000, -2, 2, 40, 1000]) {
    using model = logistic([z], 0)
    const { cost, gradients } = await model.costAndGradients([[1]], [0])
    found.push({ z, naive: -Math.log(1 - sigma(z)), cost, slope: gradients[0].bias.item() })
  }
  const rows = found.map((values) => Object.values(values).map((v) => String(Number(v.toPrecision(5)))))
  console.log(table([['z', '−ln(1 − σ(z))', 'cost', 'dL/dz'], ...rows]))
  notice(
    'Computed from a, the cost of a wrong answer is infinite at z = 40. The library computes it from z: it is finite ' +
      'for every z, and its derivative is a − y.',
    found[3].naive === Infinity &&
      found.every(({ z, cost, slope }) => Number.isFinite(cost) && Math.abs(slope - sigma(z)) < 1e-15) &&
      found[4].cost === 1000,
  )
}

/** A computation graph: values forwards, derivatives backwards. */
async function computationGraph(): Promise<void> {
  const J = (a: Value, b: Value, c: Value) => {
    const u = ops.named('u', ops.mul(b, c))
    const v = ops.named('v', ops.add(a, u))
    return ops.named('J', ops.mul(3, v))
  }
  const graph = trace(J, [[], [], []])
  const nodes = graph.evaluate(5, 3, 2).filter(({ name }) => 'abcuvJ'.includes(name))
  console.log(table([['', 'value', 'dJ/d…'], ...nodes.map((n) => [n.name, String(n.value), String(n.derivative)])]))
  const at = Object.fromEntries(nodes.map((node) => [node.name, node]))
  notice(
    `Forwards u = bc = ${at.u.value}, v = a + u = ${at.v.value}, J = 3v = ${at.J.value}; backwards, by the chain ` +
      `rule, dJ/da = ${at.a.derivative}, dJ/db = ${at.b.derivative}, dJ/dc = ${at.c.derivative}. grad(J)(5, 3, 2) ` +
      `agrees.`,
    at.J.value === 33 && String(grad(J)(5, 3, 2)) === '3,6,9' && at.b.derivative === 6 && at.v.derivative === 3,
  )
  await save('tensors-graph', plot.computationGraph(graph, { at: [5, 3, 2], title: 'J = 3(a + bc)' }))
}

/** da, dz, dw₁, dw₂ and db of one example, one after the other. */
function oneExample(): void {
  const [x1, x2, y] = [0.3, -1.2, 1]
  const [w1, w2, b] = [0.5, -0.4, 0.1]
  const a = sigma(w1 * x1 + w2 * x2 + b)
  const da = -y / a + (1 - y) / (1 - a)
  const dz = da * a * (1 - a)
  const L = (w1: Value, w2: Value, b: Value) => {
    const z = ops.add(ops.add(ops.mul(w1, x1), ops.mul(w2, x2)), b)
    return ops.neg(ops.log(ops.sigmoid(z))) // y = 1
  }
  const off = apart(grad(L)(w1, w2, b), [x1 * dz, x2 * dz, dz])
  notice(
    `One example by hand: da = ${da.toFixed(4)}, dz = da·a(1 − a) = ${dz.toFixed(4)}, which is a − y; dw₁ = x₁·dz, ` +
      `dw₂ = x₂·dz, db = dz. The derivatives of the graph differ by ${digits(off)}.`,
    Math.abs(dz - (a - y)) < 1e-15 && off < 1e-14,
  )
}

/** The gradient of logistic regression by loops over examples and features. */
function loops(x: number[][], y: number[], w: number[], b: number): { dw: number[]; db: number } {
  const dw = w.map(() => 0)
  let db = 0
  for (let i = 0; i < x.length; i++) {
    let z = b
    for (let k = 0; k < w.length; k++) z += w[k] * x[i][k]
    const dz = sigma(z) - y[i]
    for (let k = 0; k < w.length; k++) dw[k] += x[i][k] * dz
    db += dz
  }
  return { dw: dw.map((d) => d / x.length), db: db / x.length }
}

/** Milliseconds of the two, as the median of rounds by turns: other programs may use the processor, too. */
function milliseconds(...runs: (() => unknown)[]): number[] {
  const times = runs.map((): number[] => [])
  for (let round = 0; round < 15; round++)
    runs.forEach((act, i) => {
      const start = performance.now()
      act()
      times[i].push(performance.now() - start)
    })
  return times.map((list) => list.sort((a, b) => a - b)[7])
}

/** The same gradient for all examples at once, and how much faster an op is than a loop. */
async function vectorisation(): Promise<void> {
  const [m, n] = [2000, 50]
  const X = ops.randomNormal([m, n], { seed: 1, dtype: 'float64' })
  const x = X.toArray() as number[][]
  const y = x.map(([a, b]) => Number(a > b))
  const w = x[0].map((_, k) => Math.sin(k))
  using model = logistic(w, 0.1)
  const { gradients } = await model.costAndGradients(X, y)
  const byLoops = loops(x, y, w, 0.1)
  const off = Math.max(apart(gradients[0].weight, byLoops.dw), apart(gradients[0].bias, [byLoops.db]))

  const numbers = Float32Array.from({ length: 1_000_000 }, (_, i) => Math.sin(i))
  const vector = tensor(numbers)
  const [loop, vectorised] = milliseconds(
    () => {
      const result = new Float32Array(numbers.length)
      for (let i = 0; i < numbers.length; i++) result[i] = Math.exp(numbers[i])
      return result
    },
    () => ops.exp(vector),
  )
  const same = apart(ops.slice(ops.exp(vector), [0], [1000]), [...numbers.subarray(0, 1000)].map(Math.exp))
  notice(
    `dw [${gradients[0].weight.shape.join(', ')}] and db of ${m} examples at once differ from two nested loops by ` +
      `${digits(off)}. A loop over eᶻ of a million numbers takes ${loop.toFixed(2)} ms here, ops.exp ` +
      `${vectorised.toFixed(2)} ms: ${(loop / vectorised).toFixed(1)} times as fast (npm run bench -- vectorisation ` +
      `has more).`,
    off < 1e-12 && same < 1e-6,
  )
}

/** What to write instead of a loop. */
function primitives(): void {
  const A = tensor([
    [1, -2, 3],
    [4, 0.5, -6],
  ])
  const v = tensor([1, 2, 3])
  const lines: [string, Tensor, unknown][] = [
    ['dot(v, v)', ops.dot(v, v), 14],
    ['dot(A, v)', ops.dot(A, v), [6, -13]],
    [
      'matmul(A, Aᵀ)',
      ops.matmul(A, A, { transposeB: true }),
      [
        [14, -15],
        [-15, 52.25],
      ],
    ],
    [
      'transpose(A)',
      ops.transpose(A),
      [
        [1, 4],
        [-2, 0.5],
        [3, -6],
      ],
    ],
    [
      'reshape(A, [3, 2])',
      ops.reshape(A, [3, 2]),
      [
        [1, -2],
        [3, 4],
        [0.5, -6],
      ],
    ],
    [
      'abs(A)',
      ops.abs(A),
      [
        [1, 2, 3],
        [4, 0.5, 6],
      ],
    ],
    ['power(v, 2)', ops.power(v, 2), [1, 4, 9]],
    [
      'maximum(A, 0)',
      ops.maximum(A, 0),
      [
        [1, 0, 3],
        [4, 0.5, 0],
      ],
    ],
    [
      'greater(A, 0)',
      ops.greater(A, 0),
      [
        [1, 0, 1],
        [1, 1, 0],
      ],
    ],
    ['sum(A, axis 0)', ops.sum(A, { axis: 0 }), [5, -1.5, -3]],
    ['sum(A, axis 1, keepDims)', ops.sum(A, { axis: 1, keepDims: true }), [[2], [-1.5]]],
    ['mean(v)', ops.mean(v), 2],
    ['argmax(A, axis 1)', ops.argmax(A, { axis: 1 }), [2, 0]],
    ['exp(log(v))', ops.exp(ops.log(tensor([1]))), [1]],
  ]
  const text = (value: unknown) => JSON.stringify(value)
  const value = (t: Tensor) => text(t.rank === 0 ? t.item() : t.toArray())
  console.log('A = [[1, −2, 3], [4, 0.5, −6]], v = [1, 2, 3]')
  for (const [name, t] of lines) console.log(`${name.padEnd(26)}${value(t)}`)
  const right = lines.filter(([, t, expected]) => value(t) === text(expected)).length
  notice(`${right} of ${lines.length} give what one works out on paper.`, right === lines.length)
}

/** A row, a column or a number is repeated to the shape of the other operand. */
function broadcasting(): void {
  const calories = tensor([
    [56, 0, 4.4, 68],
    [1.2, 104, 52, 8],
    [1.8, 135, 99, 0.9],
  ])
  const shares = ops.div(calories, ops.sum(calories, { axis: 0, keepDims: true })) // [3, 4] / [1, 4]
  const rows = (shares.toArray() as number[][]).map((row) => row.map((share) => percent(share)))
  const names = ['carbohydrates', 'proteins', 'fats']
  console.log(
    table([['of the calories', 'apples', 'beef', 'eggs', 'potatoes'], ...rows.map((row, i) => [names[i], ...row])]),
  )
  const column = ops.add(tensor([[1], [2], [3], [4]]), 100)
  const M = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ])
  const [, dRow] = grad((a: Tensor, row: Tensor) => ops.sum(ops.mul(a, row)))(M, tensor([[1, 1, 1]]))
  notice(
    `${rows[0][0]} of the calories of apples are carbohydrates: one division of [3, 4] by [1, 4]. On the way back ` +
      `the derivative of a repeated row is the sum over its copies: [${dRow.data.join(', ')}] for the columns of ` +
      `[[1, 2, 3], [4, 5, 6]].`,
    rows[0][0] === '94.9 %' && column.data.join() === '101,102,103,104' && dRow.data.join() === '5,7,9',
  )
}

/** A list [5] is neither a row nor a column. */
function shapes(): void {
  const ones = (shape: number[]) => ops.broadcastTo(1, shape)
  const mixer = () =>
    sequential({ inputShape: [3], layers: [layers.lambda((t) => ops.matmul(t, ones([4, 2])), { name: 'mixer' })] })
  const mistakes = [
    () => ops.matmul(ones([3, 4]), ones([3, 2])),
    () => ops.sub(ones([5]), ones([5, 1])),
    () => assertShape(ones([3, 4]), [4, null]),
    mixer,
  ]
  const caught = mistakes.flatMap((mistake) => {
    try {
      mistake()
      return []
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error
      return [error.message]
    }
  })
  console.log(caught.map((message) => `ShapeError: ${message}`).join('\n'))
  const [list, outer] = [ops.dot(ones([5]), ones([5])), ops.matmul(ones([5, 1]), ones([1, 5]))]
  notice(
    `${caught.length} of 4 mistakes are caught where they are made, with both shapes and the layer. [5]·[5] is one ` +
      `number, [5, 1]·[1, 5] is [${outer.shape.join(', ')}]: nothing turns into the other silently.`,
    caught.length === 4 && caught[3].includes('mixer') && list.item() === 5 && outer.shape.join() === '5,5',
  )
}

/** Squared error behind a sigmoid is not convex, and flat where it is very wrong. */
async function whyCrossEntropy(): Promise<void> {
  const squared = (z: Value) => ops.square(ops.sub(ops.sigmoid(z), 1))
  const crossEntropy = (z: Value) => ops.sigmoidCrossEntropy(z, 1)
  const [bent, convex] = [squared, crossEntropy].map((f) => diagnose.curvature(f, [-2]).eigenvalues[0])
  const [flat, steep] = [squared, crossEntropy].map((f) => grad(f)(-6)[0])
  const said = await adviceOf(() =>
    sequential({ inputShape: [1], layers: [layers.dense({ units: 1, activation: 'sigmoid' })] }).compile({
      optimizer: 'gradientDescent',
      loss: 'meanSquaredError',
    }),
  )
  console.log(said.join('\n'))
  notice(
    `For y = 1 at z = −2 the squared error of a sigmoid has the curvature ${bent.toFixed(3)}, so it is not convex; ` +
      `the cross-entropy has ${convex.toFixed(3)}. Very wrong, at z = −6, the one has a slope of ${flat.toFixed(4)} ` +
      `and hardly learns, the other ${steep.toFixed(4)}. compile warns about it.`,
    bent < 0 && convex > 0 && Math.abs(flat) < 0.01 && steep < -0.99 && said.length === 1,
  )
  const zs = Array.from({ length: 81 }, (_, i) => (i - 40) / 5)
  const line = (f: (z: Value) => Tensor) => zs.map((z) => [z, f(z).item()] as const)
  const curves = { 'squared error': line(squared), 'cross-entropy': line(crossEntropy) }
  await save('tensors-losses', plot.lines(curves, { title: 'Loss of an example with y = 1', x: 'z', y: 'loss' }))
}

run(async () => {
  await lossAndCost()
  await anyZ()
  await computationGraph()
  oneExample()
  await vectorisation()
  primitives()
  broadcasting()
  shapes()
  await whyCrossEntropy()
})
