/**
 * One table for every check of the primitives: values against plain JavaScript, float32 against float64, fused against
 * plain plans, derivatives against differences, options against attributes. A new primitive needs its formula and its
 * cases here, and nothing else under test/.
 */
import type { DType } from '../../lib/base/dtype'
import { sizeOf, type Shape } from '../../lib/base/shape'
import * as b from '../../lib/graph/build'
import type { Attrs, Node } from '../../lib/graph/node'
import { erf, erfc } from './error-function'
import { flatOf, gather, indexOf, list, read, reduce, rows, total } from './flat'
import { completed, type CaseEntry } from './inputs'
import { rowCases, valuesOfRows, type Whole } from './row-cases'

export { attributesOfCase, derivativesOf, generator, inputNodesOf, inputsOf, isFixed, nameOf } from './inputs'
export type { OpCase } from './inputs'

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const sigmoid = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))

type Formula = (attrs: Attrs, ...values: number[]) => number
/** The values of the element-wise primitives in plain JavaScript: the oracle. */
export const elementwise: Record<string, Formula> = {
  neg: (_, x) => -x,
  exp: (_, x) => Math.exp(x),
  log: (_, x) => Math.log(x),
  log1p: (_, x) => Math.log1p(x),
  expm1: (_, x) => Math.expm1(x),
  erf: (_, x) => erf(x),
  erfc: (_, x) => erfc(x),
  sqrt: (_, x) => Math.sqrt(x),
  abs: (_, x) => Math.abs(x),
  sign: (_, x) => Math.sign(x),
  floor: (_, x) => Math.floor(x),
  sin: (_, x) => Math.sin(x),
  cos: (_, x) => Math.cos(x),
  tanh: (_, x) => Math.tanh(x),
  sigmoid: (_, x) => sigmoid(x),
  softplus: (_, x) => softplus(x),
  relu: (_, x) => (x < 0 ? 0 : x),
  leakyRelu: (attrs, x) => (x < 0 ? (attrs.slope as number) * x : x),
  add: (_, x, y) => x + y,
  sub: (_, x, y) => x - y,
  mul: (_, x, y) => x * y,
  div: (_, x, y) => x / y,
  power: (_, x, y) => Math.pow(x, y),
  maximum: (_, x, y) => Math.max(x, y),
  minimum: (_, x, y) => Math.min(x, y),
  greater: (_, x, y) => Number(x > y),
  greaterEqual: (_, x, y) => Number(x >= y),
  equal: (_, x, y) => Number(x === y),
  sigmoidCrossEntropy: (_, z, y) => y * softplus(-z) + (1 - y) * softplus(z),
  select: (_, c, x, y) => (c !== 0 ? x : y),
}

/** The same of the others. */
export const whole: Record<string, Whole> = {
  constant: (_, attrs, shape) => {
    const values = list(attrs.value)
    return Array.from({ length: sizeOf(shape) }, (_v, i) => values[values.length === 1 ? 0 : i])
  },
  reshape: ([x]) => x.data,
  custom: ([x]) => x.data,
  broadcast: ([x], _, shape) => Array.from({ length: sizeOf(shape) }, (_v, i) => read(x, indexOf(i, shape))),
  transpose: ([x], attrs, shape) =>
    gather(x, shape, (index) => x.shape.map((_, axis) => index[list(attrs.perm).indexOf(axis)])),
  slice: ([x], attrs, shape) => gather(x, shape, (index) => index.map((d, i) => d + list(attrs.begin)[i])),
  pad: ([x], attrs, shape) =>
    gather(x, shape, (index) => {
      const inner = index.map((d, i) => d - list(attrs.before)[i])
      return inner.every((d, i) => d >= 0 && d < x.shape[i]) ? inner : undefined
    }),
  concat: (inputs, attrs, shape) => {
    const axis = attrs.axis as number
    return Array.from({ length: sizeOf(shape) }, (_, i) => {
      const index = indexOf(i, shape)
      for (const x of inputs) {
        if (index[axis] < x.shape[axis]) return x.data[flatOf(index, x.shape)]
        index[axis] -= x.shape[axis]
      }
      throw new Error('concat: no input for this place')
    })
  },
  ...valuesOfRows,
  sum: ([x], attrs) => reduce(x, list(attrs.axes), total),
  max: ([x], attrs) => reduce(x, list(attrs.axes), (v) => Math.max(...v)),
  argmax: ([x], attrs) => reduce(x, [attrs.axis as number], (v) => v.indexOf(Math.max(...v))),
  cumsum: ([x], attrs) => {
    const axis = attrs.axis as number
    const counts = (place: number, other: number) =>
      (other === place && attrs.exclusive === 0) || (attrs.reverse === 1 ? other > place : other < place)
    return x.data.map((_, i) => {
      const index = indexOf(i, x.shape)
      const line = Array.from(
        { length: x.shape[axis] },
        (_v, other) => x.data[flatOf(index.with(axis, other), x.shape)],
      )
      return total(line.filter((_v, other) => counts(index[axis], other)))
    })
  },
  sumSquares: ([x]) => [total(x.data.map((v) => v * v))],
  matmul: ([x, y], attrs, [m, n]) => {
    const [tx, ty] = [attrs.transA === 1, attrs.transB === 1]
    const k = tx ? x.shape[0] : x.shape[1]
    return Array.from({ length: m * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n]
      let sum = 0
      for (let l = 0; l < k; l++) sum += x.data[tx ? l * m + i : i * k + l] * y.data[ty ? j * k + l : l * n + j]
      return sum
    })
  },
  softmax: ([x]) =>
    rows(x).flatMap((row) => {
      const e = row.map((v) => Math.exp(v - Math.max(...row)))
      return e.map((v) => v / total(e))
    }),
  softmaxCrossEntropy: ([z, y]) =>
    rows(z).map((row, i) => {
      const top = Math.max(...row)
      const logSum = top + Math.log(total(row.map((v) => Math.exp(v - top))))
      return total(row.map((v, c) => y.data[i * row.length + c] * (logSum - v)))
    }),
}

const of = (...shapes: Shape[]) => shapes
const one = of([3, 5])
const wideShapes: [string, Shape[]][] = [
  ['equal shapes', of([2, 3], [2, 3])],
  ['row', of([4, 3], [1, 3])],
  ['column', of([4, 1], [4, 3])],
  ['both', of([4, 1], [1, 3])],
  ['scalar left', of([], [2, 3])],
  ['scalar right', of([7], [])],
  ['rank 3', of([2, 1, 3], [2, 4, 1])],
]

type Unary = (x: Node) => Node
const unary = (op: string, build?: Unary, more: Partial<CaseEntry> = {}): CaseEntry[] => [
  { op, note: 'matrix', shapes: one, build, ...more },
  { op, note: 'scalar', shapes: [[]], build, ...more },
]
const binary = (op: string, build: (x: Node, y: Node) => Node, more: Partial<CaseEntry> = {}): CaseEntry[] =>
  wideShapes.map(([note, shapes]) => ({ op, note, shapes, build, ...more }))

const logSumExp = (z: Node): Node => {
  const top = b.max(z, [1], true)
  return b.add(top, b.log(b.sum(b.exp(b.sub(z, top)), [1], true)))
}

/** Between backends: of sums in another order, relative to max(1, |value|). Derivatives hold sums. */
export const sumTolerance = { float32: 3e-6, float64: 2e-14 } as const

/** Of values between backends: both compute with the same formulas, so all but these are the same bits. */
export const betweenBackends: Record<string, Record<DType, number>> = {
  ...Object.fromEntries(
    ['sum', 'cumsum', 'sumSquares', 'matmul', 'softmax', 'softmaxCrossEntropy'].map((op) => [op, sumTolerance]),
  ),
  // The platform's own functions: CUDA's are good to a few units in the last place.
  ...Object.fromEntries(['sin', 'cos', 'power'].map((op) => [op, { float32: 1e-6, float64: 2e-15 }])),
}

/** [6, 6]: times a column it gives the column's running sums. */
const lowerTriangle = b.constantArray(
  Array.from({ length: 36 }, (_, i) => (i % 6 <= Math.floor(i / 6) ? 1 : 0)),
  [6, 6],
)

const entries: CaseEntry[] = [
  { op: 'input', shapes: [[2, 3]], build: (x) => x },
  { op: 'constant', note: 'filled', shapes: [[2, 3]], build: (x) => b.add(x, b.constant(1.5, [2, 3])) },
  {
    op: 'constant',
    note: 'list',
    shapes: [[2, 3]],
    build: (x) => b.mul(x, b.constantArray([1, -2, 3, 0.5, 0, 7], [2, 3])),
  },

  ...unary('neg', b.neg),
  ...unary('exp', b.exp),
  ...unary('log', b.log, { range: [0.2, 4] }),
  ...unary('log1p', undefined, { range: [-0.8, 4], compose: (x) => b.log(b.add(1, x)) }),
  { op: 'log1p', note: 'tiny', shapes: one, range: [-1e-9, 1e-9], build: (x) => b.mul(1e9, b.unary('log1p')(x)) },
  ...unary('expm1', undefined, { compose: (x) => b.sub(b.exp(x), 1) }),
  { op: 'expm1', note: 'tiny', shapes: one, range: [-1e-9, 1e-9], build: (x) => b.mul(1e9, b.unary('expm1')(x)) },
  ...unary('erf', undefined, { range: [-3, 3], compose: (x) => b.sub(1, b.unary('erfc')(x)) }),
  ...unary('erfc', undefined, { range: [-3, 3], compose: (x) => b.sub(1, b.unary('erf')(x)) }),
  {
    op: 'erfc',
    note: 'tiny',
    shapes: one,
    range: [5, 5.2],
    build: (x) => b.mul(1e11, b.unary('erfc')(x)),
  },
  ...unary('sqrt', b.sqrt, { range: [0.2, 4] }),
  ...unary('abs', b.abs, { avoid: [0] }),
  ...unary('sign', b.sign, { avoid: [0], flat: true }),
  ...unary('floor', b.floor, { avoid: [-2, -1, 0, 1, 2], flat: true }),
  ...unary('sin', b.sin, { range: [-7, 7] }),
  ...unary('cos', b.cos, { range: [-7, 7] }),
  ...unary('tanh', b.tanh, { compose: (x) => b.sub(b.mul(2, b.sigmoid(b.mul(2, x))), 1) }),
  ...unary('sigmoid', b.sigmoid, { compose: (x) => b.div(1, b.add(1, b.exp(b.neg(x)))) }),
  ...unary('softplus', b.softplus, { compose: (x) => b.log(b.add(1, b.exp(x))) }),
  ...unary('relu', b.relu, { avoid: [0], compose: (x) => b.maximum(x, 0) }),
  ...unary('leakyRelu', undefined, {
    options: { slope: 0.2 },
    avoid: [0],
    compose: (x) => b.maximum(x, b.mul(0.2, x)),
  }),

  ...binary('add', b.add),
  ...binary('sub', b.sub),
  ...binary('mul', b.mul),
  ...binary('div', b.div, {
    range: [
      [-2, 2],
      [0.5, 3],
    ],
  }),
  ...binary('power', b.power, {
    range: [
      [0.3, 2],
      [-2, 2],
    ],
  }),
  { op: 'power', note: 'constant exponent', shapes: one, build: (x) => b.power(x, 3) },
  { op: 'power', note: 'exponent 0', shapes: one, build: (x) => b.power(x, 0), flat: true },
  ...binary('maximum', b.maximum, { distinct: true }),
  ...binary('minimum', b.minimum, { distinct: true }),
  ...binary('greater', b.greater, { distinct: true, flat: true }),
  ...binary('greaterEqual', b.greaterEqual, { distinct: true, flat: true }),
  ...binary('equal', b.equal, { distinct: true, flat: true }),
  ...binary('sigmoidCrossEntropy', b.sigmoidCrossEntropy, {
    range: [
      [-3, 3],
      [0, 1],
    ],
    compose: (z, y) => b.neg(b.add(b.mul(y, b.log(b.sigmoid(z))), b.mul(b.sub(1, y), b.log(b.sub(1, b.sigmoid(z)))))),
  }),

  {
    op: 'select',
    note: 'equal shapes',
    shapes: of([2, 3], [2, 3], [2, 3]),
    binary: [0],
    build: b.select,
  },
  { op: 'select', note: 'broadcast', shapes: of([4, 1], [1, 3], []), binary: [0], build: b.select },
  { op: 'select', note: 'scalar condition', shapes: of([], [2, 3], [2, 1]), binary: [0], build: b.select },

  { op: 'reshape', note: 'to rank 3', shapes: [[4, 3]], build: (x) => b.reshape(x, [2, 3, 2]) },
  { op: 'reshape', note: 'scalar to matrix', shapes: [[]], build: (x) => b.reshape(x, [1, 1]) },
  { op: 'transpose', note: 'matrix', shapes: [[3, 5]], build: (x) => b.transpose(x) },
  { op: 'transpose', note: 'rank 3', shapes: [[2, 3, 4]], build: (x) => b.transpose(x, [2, 0, 1]) },
  { op: 'transpose', note: 'rank 4', shapes: [[2, 3, 2, 3]], build: (x) => b.transpose(x, [1, 3, 0, 2]) },
  { op: 'broadcast', note: 'scalar', shapes: [[]], build: (x) => b.broadcast(x, [2, 3]) },
  { op: 'broadcast', note: 'row', shapes: [[1, 3]], build: (x) => b.broadcast(x, [4, 3]) },
  { op: 'broadcast', note: 'column', shapes: [[4, 1]], build: (x) => b.broadcast(x, [4, 3]) },
  { op: 'broadcast', note: 'middle axis', shapes: [[2, 1, 3]], build: (x) => b.broadcast(x, [2, 4, 3]) },
  { op: 'slice', note: 'matrix', shapes: [[4, 5]], build: (x) => b.slice(x, [1, 2], [2, 3]) },
  { op: 'slice', note: 'rank 3', shapes: [[2, 3, 4]], build: (x) => b.slice(x, [1, 0, 1], [1, 3, 2]) },
  { op: 'pad', note: 'matrix', shapes: [[2, 3]], build: (x) => b.pad(x, [1, 2], [4, 6]) },
  { op: 'pad', note: 'rank 3', shapes: [[2, 1, 2]], build: (x) => b.pad(x, [0, 1, 0], [3, 2, 4]) },
  {
    op: 'concat',
    note: 'rows',
    shapes: of([2, 3], [1, 3], [4, 3]),
    build: (...n) => b.concat(n, 0),
  },
  {
    op: 'concat',
    note: 'columns',
    shapes: of([2, 3], [2, 1]),
    build: (...n) => b.concat(n, 1),
  },
  {
    op: 'concat',
    note: 'middle axis',
    shapes: of([2, 1, 3], [2, 2, 3]),
    build: (...n) => b.concat(n, 1),
  },

  ...rowCases,

  { op: 'sum', note: 'all', shapes: [[3, 5]], build: (x) => b.sum(x) },
  { op: 'sum', note: 'rows', shapes: [[3, 5]], build: (x) => b.sum(x, [0], true) },
  { op: 'sum', note: 'columns', shapes: [[3, 5]], build: (x) => b.sum(x, [1]) },
  { op: 'sum', note: 'middle axis', shapes: [[2, 3, 4]], build: (x) => b.sum(x, [1], true) },
  { op: 'sum', note: 'axes apart', shapes: [[2, 3, 4]], build: (x) => b.sum(x, [0, 2]) },
  { op: 'sum', note: 'large', shapes: [[130, 70]], large: true, build: (x) => b.sum(x, [0]) },
  { op: 'max', note: 'all', shapes: [[3, 5]], distinct: true, build: (x) => b.max(x) },
  { op: 'max', note: 'rows', shapes: [[3, 5]], distinct: true, build: (x) => b.max(x, [0], true) },
  { op: 'max', note: 'columns', shapes: [[3, 5]], distinct: true, build: (x) => b.max(x, [1]) },
  { op: 'argmax', note: 'rows', shapes: [[3, 5]], distinct: true, flat: true, build: (x) => b.argmax(x, 0) },
  { op: 'argmax', note: 'columns', shapes: [[3, 5]], distinct: true, flat: true, build: (x) => b.argmax(x, 1) },
  { op: 'cumsum', note: 'vector', shapes: of([6]), compose: (x) => b.matmul(lowerTriangle, b.reshape(x, [6, 1])) },
  { op: 'cumsum', note: 'rows', shapes: of([3, 5]), options: { axis: 0 } },
  { op: 'cumsum', note: 'exclusive', shapes: of([3, 5]), options: { exclusive: true } },
  { op: 'cumsum', note: 'reverse, middle axis', shapes: of([2, 4, 3]), options: { axis: 1, reverse: true } },
  {
    op: 'cumsum',
    note: 'exclusive, reverse',
    shapes: of([2, 4, 3]),
    options: { axis: -1, exclusive: true, reverse: true },
  },
  { op: 'cumsum', note: 'nothing before', shapes: of([3, 1]), options: { exclusive: true }, flat: true },
  { op: 'cumsum', note: 'long', shapes: of([3, 100]), large: true },
  { op: 'sumSquares', shapes: [[3, 5]], build: b.sumSquares, compose: (x) => b.sum(b.mul(x, x)) },

  { op: 'matmul', note: 'plain', shapes: of([3, 4], [4, 2]) },
  { op: 'matmul', note: 'first transposed', shapes: of([4, 3], [4, 2]), options: { transposeA: true } },
  { op: 'matmul', note: 'second transposed', shapes: of([3, 4], [2, 4]), options: { transposeB: true } },
  {
    op: 'matmul',
    note: 'both transposed',
    shapes: of([4, 3], [2, 4]),
    options: { transposeA: true, transposeB: true },
  },
  { op: 'matmul', note: 'odd sizes', shapes: of([17, 9], [9, 11]) },
  {
    op: 'matmul',
    note: 'bias and activation',
    shapes: of([5, 4], [3, 4], [1, 3]),
    build: (x, w, bias) => b.tanh(b.add(b.matmul(x, w, false, true), bias)),
  },
  {
    op: 'softmax',
    note: 'matrix',
    shapes: [[3, 5]],
    build: b.softmax,
    compose: (x) => b.exp(b.sub(x, logSumExp(x))),
  },
  { op: 'softmax', note: 'rank 1', shapes: [[6]], build: b.softmax },
  {
    op: 'softmaxCrossEntropy',
    shapes: of([4, 3], [4, 3]),
    range: [
      [-2, 2],
      [0, 1],
    ],
    build: b.softmaxCrossEntropy,
    compose: (z, y) => b.sum(b.mul(y, b.sub(logSumExp(z), z)), [1], true),
  },
]

export const cases = entries.map(completed)

/** Primitives that the table above cannot hold; each has a test of its own. */
export const checkedElsewhere = ['state', 'hyper', 'randomUniform', 'custom', 'sumDuplicates']
