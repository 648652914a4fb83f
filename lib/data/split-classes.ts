/** Parts that have every class in its overall share. */
import { OptionError } from '../base/errors'
import { slices, type Sliced } from '../base/slices'
import { sorted } from '../base/sorted'
import type { Random } from './random'
import type { Rows } from './rows'

/** Numbers of y that are looked up between two yields. */
const lookupsAtOnce = 1 << 13

/** Classes that are looked at between two yields. */
const classesAtOnce = 1 << 13

/** The rows of class c, one that has the same row of y: `rows` from `starts[c]` to `starts[c + 1]`. */
interface Classes {
  rows: Uint32Array
  starts: Uint32Array
}

/** A map that grows is copied in one go: many small ones, each for some of the keys, grow at different times. */
const maps = 64

function mapOf(key: string | number): number {
  if (typeof key === 'number') return Math.imul(key * 4096, 0x9e3779b1) >>> 26
  let hash = 0
  for (let i = Math.max(0, key.length - 24); i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return hash & (maps - 1)
}

/** Classes in the order of their first rows. One array for all: of many classes each would have a small one. */
function* classesOf(where: string, y: Rows): Sliced<Classes> {
  const known = Array.from({ length: maps }, () => new Map<string | number, number>())
  let count = 0
  const classes = new Uint32Array(y.count)
  for (const [from, to] of slices(y.count, Math.max(1, Math.floor(lookupsAtOnce / y.width)))) {
    for (let row = from; row < to; row++) {
      const key = y.width === 1 ? y.data[row] : y.data.subarray(row * y.width, (row + 1) * y.width).join()
      const map = known[mapOf(key)]
      let number = map.get(key)
      if (number === undefined) map.set(key, (number = count++))
      classes[row] = number
    }
    yield
  }
  // Few examples of few classes are fine; as many classes as examples are a regression target.
  if (count > Math.max(10, y.count / 2))
    throw new OptionError(
      `${where}: stratify needs classes in y, got ${count} different values in ${y.count} rows. ` +
        `Leave stratify out for regression.`,
    )
  const starts = new Uint32Array(count + 1)
  yield* each(y.count, (row) => starts[classes[row] + 1]++)
  yield* each(count, (c) => (starts[c + 1] += starts[c]))
  const rows = new Uint32Array(y.count)
  const next = starts.slice()
  yield* each(y.count, (row) => (rows[next[classes[row]]++] = row))
  return { rows, starts }
}

/** Calls `visit` with the numbers below `count`, in slices. */
function* each(count: number, visit: (i: number) => void): Sliced<void> {
  for (const [from, to] of slices(count, classesAtOnce)) {
    for (let i = from; i < to; i++) visit(i)
    yield
  }
}

/** The numbers below `count` that `keep` names, in slices. */
function* numbers(count: number, keep: (i: number) => boolean = () => true): Sliced<number[]> {
  const found: number[] = []
  yield* each(count, (i) => {
    if (keep(i)) found.push(i)
  })
  return found
}

/** The rows of each part, with every class in its overall share, to one example. */
export function* stratifiedParts(
  where: string,
  y: Rows,
  counts: readonly number[],
  random: Random,
): Sliced<Uint32Array[]> {
  const { rows: members, starts } = yield* classesOf(where, y)
  // Classes of equal claims get the examples that are left over in a random order.
  const order = yield* random.shuffleInSlices(yield* numbers(starts.length - 1))
  const sizes: number[] = []
  for (const [n, c] of order.entries()) {
    yield* random.shuffleInSlices(members, starts[c], starts[c + 1])
    sizes.push(starts[c + 1] - starts[c])
    if (n % classesAtOnce === 0) yield
  }
  const shares = yield* apportioned(sizes, counts)
  const taken = new Uint32Array(order.length)
  yield* each(order.length, (n) => (taken[n] = starts[order[n]]))
  const parts: Uint32Array[] = []
  for (const [part, count] of counts.entries()) {
    const rows = new Uint32Array(count)
    let at = 0
    for (let n = 0; n < order.length; n++) {
      const share = shares[part][n]
      rows.set(members.subarray(taken[n], taken[n] + share), at)
      at += share
      taken[n] += share
      if (n % classesAtOnce === 0) yield
    }
    parts.push(yield* random.shuffleInSlices(rows))
  }
  return parts
}

/**
 * How many examples of each class go to each of at most three parts. Both sums are kept: of every class all examples,
 * of every part its count. A number is its exact share, rounded down or up: the parts take turns, and the largest
 * remainders are rounded up.
 */
function* apportioned(sizes: readonly number[], counts: readonly number[]): Sliced<Float64Array[]> {
  const m = counts.reduce((a, b) => a + b, 0)
  const n = sizes.length
  const shares = counts.map(() => new Float64Array(n))
  const remainders = counts.map(() => new Float64Array(n))
  // Of each class 0, 1 or 2 examples are left over, at most one for a part.
  const left = Float64Array.from(sizes)
  const open = [...counts]
  for (const [part, count] of counts.entries())
    yield* each(n, (c) => {
      const share = Math.floor((sizes[c] * count) / m)
      shares[part][c] = share
      remainders[part][c] = (sizes[c] * count) % m
      left[c] -= share
      open[part] -= share
    })
  const take = (part: number, c: number) => {
    shares[part][c]++
    left[c]--
    open[part]--
  }
  for (let part = 0; part < counts.length; part++) {
    const later = counts.length - part - 1
    const claim = (c: number) => remainders[part][c] - (later === 1 ? remainders[part + 1][c] : 0)
    const ranked = yield* sorted(yield* numbers(n, (c) => left[c] > 0), (a, b) => claim(b) - claim(a))
    // Classes with two left over of which this part takes none need one in each later part: no more than those have.
    const twice = yield* numbers(ranked.length, (i) => left[ranked[i]] === 2)
    const bound = later === 2 ? twice.length - Math.min(open[part + 1], open[part + 2]) : later === 1 ? twice.length : 0
    const isFirst = new Uint8Array(n)
    const first = Math.max(0, bound)
    yield* each(first, (i) => (isFirst[ranked[twice[i]]] = 1))
    let others = open[part] - first
    yield* each(ranked.length, (i) => {
      const c = ranked[i]
      if (isFirst[c] || others-- > 0) take(part, c)
    })
  }
  return shares
}
