/** The primitives in plain JavaScript, element by element: an oracle that needs no addon. */
import { sizeOf, type Shape } from '../../lib/base/shape'
import { reachable } from '../../lib/graph/grad'
import type { Attrs, Node } from '../../lib/graph/node'
import { elementwise } from '../ops/cases'

export interface Flat {
  shape: Shape
  data: number[]
}

const strides = (shape: Shape) => shape.map((_, i) => sizeOf(shape.slice(i + 1)))
const indexOf = (flat: number, shape: Shape) => strides(shape).map((s, i) => Math.floor(flat / s) % shape[i])
const flatOf = (index: readonly number[], shape: Shape) => strides(shape).reduce((sum, s, i) => sum + s * index[i], 0)

/** Element of a broadcast operand for a place in the result. */
function read(x: Flat, index: readonly number[]): number {
  return x.shape.length === 0
    ? x.data[0]
    : x.data[
        flatOf(
          index.map((v, i) => (x.shape[i] === 1 ? 0 : v)),
          x.shape,
        )
      ]
}

type Whole = (inputs: Flat[], attrs: Attrs, shape: Shape) => number[]

/** Elements of the result from the input elements that fall onto each place when `axes` are dropped. */
function reduce(x: Flat, axes: readonly number[], combine: (values: number[]) => number): number[] {
  const kept = x.shape.map((d, i) => (axes.includes(i) ? 1 : d))
  const groups: number[][] = Array.from({ length: sizeOf(kept) }, () => [])
  x.data.forEach((v, i) => {
    const index = indexOf(i, x.shape).map((d, axis) => (axes.includes(axis) ? 0 : d))
    groups[flatOf(index, kept)].push(v)
  })
  return groups.map(combine)
}

const rows = (x: Flat) => {
  const n = x.shape[x.shape.length - 1]
  return Array.from({ length: x.data.length / n }, (_, i) => x.data.slice(i * n, (i + 1) * n))
}
const total = (values: number[]) => values.reduce((a, b) => a + b, 0)

/** For every place of the result: the place in the input that it comes from, or undefined for zero. */
const gather = (x: Flat, shape: Shape, from: (index: number[]) => number[] | undefined) =>
  Array.from({ length: sizeOf(shape) }, (_, i) => {
    const index = from(indexOf(i, shape))
    return index === undefined ? 0 : x.data[flatOf(index, x.shape)]
  })

const list = (v: unknown) => v as readonly number[]

const whole: Record<string, Whole> = {
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
  sum: ([x], attrs) => reduce(x, list(attrs.axes), total),
  max: ([x], attrs) => reduce(x, list(attrs.axes), (v) => Math.max(...v)),
  argmax: ([x], attrs) => reduce(x, [attrs.axis as number], (v) => v.indexOf(Math.max(...v))),
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

/** Ops that this interpreter knows (leaves and random numbers come from outside). */
export const interpretedOps = [...Object.keys(elementwise), ...Object.keys(whole)]

/** One op on values. */
export function interpretOp(op: string, inputs: Flat[], attrs: Attrs, shape: Shape): Flat {
  const scalar = elementwise[op]
  if (scalar === undefined) {
    if (!whole[op]) throw new Error(`no value for '${op}'`)
    return { shape, data: whole[op](inputs, attrs, shape) }
  }
  const data = Array.from({ length: sizeOf(shape) }, (_, i) => {
    const index = indexOf(i, shape)
    return scalar(attrs, ...inputs.map((x) => read(x, index)))
  })
  return { shape, data }
}

/** Values of `roots`; `feeds` has the values of leaves. */
export function interpret(roots: readonly Node[], feeds: ReadonlyMap<Node, readonly number[]>): number[][] {
  const values = new Map<Node, Flat>()
  for (const node of reachable(roots)) {
    const fed = feeds.get(node)
    const inputs = node.inputs.map((n) => values.get(n)!)
    values.set(
      node,
      fed === undefined ? interpretOp(node.op, inputs, node.attrs, node.shape) : { shape: node.shape, data: [...fed] },
    )
  }
  return roots.map((root) => values.get(root)!.data)
}
