/** Comparing two gradients. */
import { slices, type Sliced } from '../base/slices'

export type Verdict = 'correct' | 'suspicious' | 'wrong'

/** Entries that are looked at between two yields: about a millisecond. */
export const entriesOfSlice = 1 << 14

/** Distances up to this are correct whatever rounding explains. */
const correctBelow = 1e-7
/** From here on there is a mistake somewhere. */
const wrongFrom = 1e-3

/** One entry of θ: derived and tried. */
export interface Entry {
  analytic: number
  numeric: number
}

export interface Comparison {
  /** ‖g − ĝ‖ / (‖g‖ + ‖ĝ‖); 0 where both are zero. */
  distance: number
  /** The distance that rounding of J alone explains: 8·2⁻⁵³·|J|·√n / (ε·(‖g‖ + ‖ĝ‖)). */
  floor: number
  verdict: Verdict
}

export function* comparing(entries: readonly Entry[], cost: number, epsilon: number): Sliced<Comparison> {
  const norm = function* (value: (entry: Entry) => number): Sliced<number> {
    let squares = 0
    for (const [from, to] of slices(entries.length, entriesOfSlice)) {
      for (let i = from; i < to; i++) squares += value(entries[i]) ** 2
      yield
    }
    return Math.sqrt(squares)
  }
  const analytic = yield* norm((e) => e.analytic)
  const numeric = yield* norm((e) => e.numeric)
  const size = analytic + numeric
  if (size === 0) return { distance: 0, floor: 0, verdict: 'correct' }
  const distance = (yield* norm((e) => e.analytic - e.numeric)) / size
  const floor = (8 * 2 ** -53 * Math.abs(cost) * Math.sqrt(entries.length)) / (epsilon * size)
  return { distance, floor, verdict: judge(distance, floor) }
}

function judge(distance: number, floor: number): Verdict {
  if (distance <= Math.max(correctBelow, floor)) return 'correct'
  // A gradient that is not a number is as wrong as it gets.
  return distance < wrongFrom ? 'suspicious' : 'wrong'
}
