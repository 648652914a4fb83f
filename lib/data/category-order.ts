/** The order of categories that a table finds in its file. */
import { slices, sliceLength, type Sliced } from '../base/slices'
import { sorted } from '../base/sorted'
import { ownCategory } from './missing'
import { isNumberText } from './table'

/**
 * Numbers categories by value, and not by the place of their first row: so two files with the same categories agree.
 * Those that are all numbers go by size, others by the code units of their letters; missing cells, where they are a
 * category, come last. `codes` has the number of each row's category at `at`, `at + width`, …, or NaN.
 */
export function* numberByValue(categories: string[], codes: Float64Array, at: number, width: number): Sliced<void> {
  const named = categories.filter((name) => name !== ownCategory)
  const byNumber = named.every(isNumberText)
  const ordered = yield* sorted(named, (a, b) => {
    const difference = byNumber ? Number(a) - Number(b) : 0
    return difference || (a < b ? -1 : a > b ? 1 : 0)
  })
  if (named.length < categories.length) ordered.push(ownCategory)
  const numbers = new Map<string, number>()
  for (const [begin, end] of slices(ordered.length)) {
    for (let i = begin; i < end; i++) numbers.set(ordered[i], i)
    yield
  }
  const renumbered = new Float64Array(categories.length)
  for (const [begin, end] of slices(categories.length)) {
    for (let i = begin; i < end; i++) renumbered[i] = numbers.get(categories[i])!
    yield
  }
  for (const [begin, end] of slices(codes.length / width, sliceLength)) {
    for (let row = begin; row < end; row++) {
      const code = codes[row * width + at]
      if (!Number.isNaN(code)) codes[row * width + at] = renumbered[code]
    }
    yield
  }
  for (const [begin, end] of slices(categories.length)) {
    for (let i = begin; i < end; i++) categories[i] = ordered[i]
    yield
  }
}
