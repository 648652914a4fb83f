/**
 * What vectorisation gains: an explicit JavaScript loop against the same computation with `ops`, both on float32
 * numbers, in alternating rounds, with one thread and with all.
 *   npm run bench -- vectorisation [--numbers 1000000] [--rounds 21]
 * For each computation the medians in milliseconds and their ratio (above 1: vectorised is faster), then one line of
 * JSON.
 */
import { parseArgs } from 'node:util'
import { getThreads, ops, setThreads, tensor, type Tensor } from 'myelin'
import { median } from './support/rounds'

const { values } = parseArgs({ options: { numbers: { type: 'string' }, rounds: { type: 'string' } } })
const count = (name: keyof typeof values, fallback: number) => {
  const given = Number(values[name] ?? fallback)
  if (!Number.isSafeInteger(given) || given < 1) throw new Error(`--${name}: expected a positive integer`)
  return given
}
const n = count('numbers', 1_000_000)
const rounds = count('rounds', 21)

const x = Float32Array.from({ length: n }, (_, i) => 1 + Math.sin(i))
const w = Float32Array.from({ length: n }, (_, i) => (1 + Math.cos(3 * i)) / n)
const [X, W] = [tensor(x), tensor(w)]
// Logistic regression on m examples with 100 features: the gradient dw = (1/m)·Xᵀ(a − y).
const features = 100
const m = Math.max(1, Math.floor(n / features))
const examples = Float32Array.from({ length: m * features }, (_, i) => Math.sin(i))
const weights = Float32Array.from({ length: features }, (_, j) => Math.cos(j))
const labels = Float32Array.from({ length: m }, (_, i) => i % 2)
const [E, V, Y] = [tensor(examples, [m, features]), tensor(weights, [features, 1]), tensor(labels, [m, 1])]

const each = (f: (i: number) => number) => {
  const result = new Float32Array(n)
  for (let i = 0; i < n; i++) result[i] = f(i)
  return result
}

interface Computation {
  name: string
  loop(): Float32Array | number
  vectorised(): Tensor
}

const computations: Computation[] = [
  {
    name: 'w·x',
    loop: () => {
      let sum = 0
      for (let i = 0; i < n; i++) sum += w[i] * x[i]
      return sum
    },
    vectorised: () => ops.dot(W, X),
  },
  { name: 'exp(x)', loop: () => each((i) => Math.exp(x[i])), vectorised: () => ops.exp(X) },
  { name: 'sigmoid(x)', loop: () => each((i) => 1 / (1 + Math.exp(-x[i]))), vectorised: () => ops.sigmoid(X) },
  {
    name: 'dw of logistic regression',
    loop: () => {
      const dw = new Float32Array(features)
      for (let i = 0; i < m; i++) {
        let z = 0
        for (let j = 0; j < features; j++) z += weights[j] * examples[i * features + j]
        const dz = 1 / (1 + Math.exp(-z)) - labels[i]
        for (let j = 0; j < features; j++) dw[j] += (dz * examples[i * features + j]) / m
      }
      return dw
    },
    vectorised: () => ops.div(ops.matmul(E, ops.sub(ops.sigmoid(ops.matmul(E, V)), Y), { transposeA: true }), m),
  },
]

function milliseconds(run: () => unknown): number {
  const begin = performance.now()
  run()
  return performance.now() - begin
}

/** The largest distance between the two results, relative to the largest number of them. */
function distance(a: Float32Array | number, b: Tensor): number {
  const [left, right] = [typeof a === 'number' ? [a] : a, b.data]
  let [most, size] = [0, 0]
  for (let i = 0; i < right.length; i++) {
    most = Math.max(most, Math.abs(left[i] - right[i]))
    size = Math.max(size, Math.abs(left[i]))
  }
  return most / (size || 1)
}

const cell = (value: number) => value.toFixed(value < 10 ? 2 : 1).padStart(9)
const all = getThreads()
console.log(`${n} numbers; milliseconds, medians of ${rounds} rounds`)
console.log(`${''.padEnd(26)}threads     loop  vectorised    ratio`)
const results = [...new Set([1, all])].flatMap((threads) => {
  setThreads(threads)
  return computations.map(({ name, loop, vectorised }) => {
    const apart = distance(loop(), vectorised())
    const times = { loop: [] as number[], vectorised: [] as number[] }
    for (let round = 0; round < rounds; round++) {
      times.loop.push(milliseconds(loop))
      times.vectorised.push(milliseconds(() => vectorised().dispose()))
    }
    const [loopMs, vectorisedMs] = [median(times.loop), median(times.vectorised)]
    const ratio = loopMs / vectorisedMs
    console.log(`${name.padEnd(26)}${String(threads).padStart(7)}${cell(loopMs)}   ${cell(vectorisedMs)}${cell(ratio)}`)
    return { name, threads, loopMs, vectorisedMs, ratio, distance: apart }
  })
})
console.log(JSON.stringify({ numbers: n, rounds, results }))
