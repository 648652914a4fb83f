/** Values as lists with a shape, and the few ways in which ops go through them: what the oracles are written with. */
import { sizeOf, type Shape } from '../../lib/base/shape'

export interface Flat {
  shape: Shape
  data: number[]
}

export const strides = (shape: Shape) => shape.map((_, i) => sizeOf(shape.slice(i + 1)))
export const indexOf = (flat: number, shape: Shape) => strides(shape).map((s, i) => Math.floor(flat / s) % shape[i])
export const flatOf = (index: readonly number[], shape: Shape) =>
  strides(shape).reduce((sum, s, i) => sum + s * index[i], 0)

/** Element of a broadcast operand for a place in the result. */
export function read(x: Flat, index: readonly number[]): number {
  return x.shape.length === 0
    ? x.data[0]
    : x.data[
        flatOf(
          index.map((v, i) => (x.shape[i] === 1 ? 0 : v)),
          x.shape,
        )
      ]
}

/** Elements of the result from the input elements that fall onto each place when `axes` are dropped. */
export function reduce(x: Flat, axes: readonly number[], combine: (values: number[]) => number): number[] {
  const kept = x.shape.map((d, i) => (axes.includes(i) ? 1 : d))
  const groups: number[][] = Array.from({ length: sizeOf(kept) }, () => [])
  x.data.forEach((v, i) => {
    const index = indexOf(i, x.shape).map((d, axis) => (axes.includes(axis) ? 0 : d))
    groups[flatOf(index, kept)].push(v)
  })
  return groups.map(combine)
}

export const rows = (x: Flat) => {
  const n = x.shape[x.shape.length - 1]
  return Array.from({ length: x.data.length / n }, (_, i) => x.data.slice(i * n, (i + 1) * n))
}
export const total = (values: number[]) => values.reduce((a, b) => a + b, 0)

/** For every place of the result: the place in the input that it comes from, or undefined for zero. */
export const gather = (x: Flat, shape: Shape, from: (index: number[]) => number[] | undefined) =>
  Array.from({ length: sizeOf(shape) }, (_, i) => {
    const index = from(indexOf(i, shape))
    return index === undefined ? 0 : x.data[flatOf(index, x.shape)]
  })

export const list = (v: unknown) => v as readonly number[]
