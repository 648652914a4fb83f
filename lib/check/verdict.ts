/** Comparing two gradients. */

export type Verdict = 'correct' | 'suspicious' | 'wrong'

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

export function compare(entries: readonly Entry[], cost: number, epsilon: number): Comparison {
  const norm = (value: (entry: Entry) => number) =>
    Math.sqrt(entries.reduce((sum, entry) => sum + value(entry) ** 2, 0))
  const size = norm((e) => e.analytic) + norm((e) => e.numeric)
  if (size === 0) return { distance: 0, floor: 0, verdict: 'correct' }
  const distance = norm((e) => e.analytic - e.numeric) / size
  const floor = (8 * 2 ** -53 * Math.abs(cost) * Math.sqrt(entries.length)) / (epsilon * size)
  return { distance, floor, verdict: judge(distance, floor) }
}

function judge(distance: number, floor: number): Verdict {
  if (distance <= Math.max(correctBelow, floor)) return 'correct'
  // A gradient that is not a number is as wrong as it gets.
  return distance < wrongFrom ? 'suspicious' : 'wrong'
}
