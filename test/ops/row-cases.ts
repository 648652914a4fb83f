/** The part of the table of cases that is about whole numbers, and about rows by number. */
import type { Shape } from '../../lib/base/shape'
import * as b from '../../lib/graph/build'
import type { Attrs, Node } from '../../lib/graph/node'
import type { Flat } from './flat'
import type { CaseEntry } from './inputs'

/** The value of an op in plain JavaScript. */
export type Whole = (inputs: Flat[], attrs: Attrs, shape: Shape) => number[]

const rowOf = (table: Flat, row: number, rows: number) => {
  const width = table.data.length / rows
  return table.data.slice(row * width, (row + 1) * width)
}
/** The sum of the rows beside which `id` stands. */
const sumOfRows = (ids: readonly number[], table: Flat, id: number, rows = ids.length) =>
  ids.reduce(
    (sum, other, i) => (other === id ? sum.map((v, j) => v + rowOf(table, i, rows)[j]) : sum),
    rowOf(table, 0, rows).map(() => 0),
  )

export const valuesOfRows: Record<string, Whole> = {
  cast: ([x], { part }) =>
    x.data.map((v) =>
      part === 1 ? Math.floor(v / 65536) : part === 2 ? v - 65536 * Math.floor(v / 65536) : Math.trunc(v),
    ),
  take: ([table, ids]) => ids.data.flatMap((id) => rowOf(table, id, table.shape[0])),
  scatterAdd: ([ids, table], _, shape) =>
    Array.from({ length: shape[0] }, (_v, id) => sumOfRows(ids.data, table, id)).flat(),
  sumDuplicates: ([ids, table]) =>
    ids.data.flatMap((id, i) => sumOfRows(ids.data.indexOf(id) === i ? ids.data : [], table, id, ids.data.length)),
}

const of = (...shapes: Shape[]) => shapes

/** [n, count]: 1 at each number. */
const oneHot = (ids: Node, count: number): Node =>
  b.equal(b.reshape(b.cast(ids), [ids.shape[0], 1]), b.constantArray([...Array(count).keys()], [1, count]))

export const rowCases: CaseEntry[] = [
  { op: 'cast', note: 'of whole numbers', shapes: [[3, 5]], whole: { 0: 1000 }, build: (x) => b.cast(x), flat: true },
  {
    op: 'cast',
    note: 'both parts',
    shapes: [[7]],
    whole: { 0: 2 ** 24 },
    flat: true,
    build: (x) => b.add(b.mul(65536, b.cast(x, 1)), b.cast(x, 2)),
    compose: (x) => b.cast(x),
  },
  {
    op: 'cast',
    note: 'there and back',
    shapes: [[3, 5]],
    range: [-3, 3],
    avoid: [-2, -1, 0, 1, 2],
    flat: true,
    build: (x) => b.cast(b.cast(x)),
    compose: (x) => b.mul(b.sign(x), b.floor(b.abs(x))),
  },
  { op: 'equal', note: 'whole numbers', shapes: of([6, 1], [1, 5]), whole: { 0: 4, 1: 4 }, flat: true, build: b.equal },
  { op: 'greater', note: 'whole numbers', shapes: of([6], [6]), whole: { 0: 4, 1: 4 }, flat: true, build: b.greater },
  {
    op: 'greaterEqual',
    note: 'whole numbers',
    shapes: of([6], [6]),
    whole: { 0: 4, 1: 4 },
    flat: true,
    build: b.greaterEqual,
  },
  { op: 'take', note: 'rows', shapes: of([5, 3], [8]), whole: { 1: 5 } },
  { op: 'take', note: 'of a list', shapes: of([5], [2, 3]), whole: { 1: 5 } },
  { op: 'take', note: 'one matrix', shapes: of([5, 2, 3], []), whole: { 1: 5 } },
  { op: 'scatterAdd', note: 'rows', shapes: of([8], [8, 3]), whole: { 0: 5 }, build: (i, x) => b.scatterAdd(i, x, 5) },
  {
    op: 'scatterAdd',
    note: 'to a list',
    shapes: of([2, 3], [2, 3]),
    whole: { 0: 4 },
    build: (i, x) => b.scatterAdd(i, x, 7),
    compose: (i, x) => b.sum(b.mul(oneHot(b.reshape(i, [6]), 7), b.reshape(x, [6, 1])), [0]),
  },
]
