import { slices, type Sliced } from './slices'

/** Sorted at once, and merged between two yields. */
const itemsAtOnce = 1 << 12

/** The items in the order that `Array.prototype.sort` gives them, equal ones as they stood, in slices. A copy. */
export function* sorted<T>(items: readonly T[], compare: (a: T, b: T) => number): Sliced<T[]> {
  let runs: T[][] = []
  for (const [from, to] of slices(items.length, itemsAtOnce)) {
    runs.push(items.slice(from, to).sort(compare))
    yield
  }
  while (runs.length > 1) {
    const merged: T[][] = []
    for (let i = 0; i < runs.length; i += 2)
      merged.push(i + 1 < runs.length ? yield* merge(runs[i], runs[i + 1], compare) : runs[i])
    runs = merged
  }
  return runs[0] ?? []
}

function* merge<T>(left: readonly T[], right: readonly T[], compare: (a: T, b: T) => number): Sliced<T[]> {
  const result: T[] = []
  let [i, j] = [0, 0]
  while (i < left.length && j < right.length) {
    result.push(compare(left[i], right[j]) <= 0 ? left[i++] : right[j++])
    if (result.length % itemsAtOnce === 0) yield
  }
  for (const [rest, at] of [
    [left, i],
    [right, j],
  ] as const)
    for (const [from, to] of slices(rest.length - at, itemsAtOnce)) {
      for (let k = from; k < to; k++) result.push(rest[at + k])
      yield
    }
  return result
}
