/** What a gradient check found. */
import type { Comparison, Entry, Verdict } from './verdict'

/** One entry of a tensor, by its index in the tensor's shape. */
export interface CheckedEntry extends Entry {
  index: number[]
}

export interface CheckedParameter extends Comparison {
  /** For example 'dense_2.bias'. */
  name: string
  /** Entries compared. */
  checked: number
  /** Entries left out because a kink lies within ±ε. */
  skipped: number
  /** The entries with the largest |analytic − numeric|, the worst first. */
  worst: CheckedEntry[]
}

/** `String(check)` is a table. */
export class GradientCheck implements Comparison {
  /** ‖g − ĝ‖ / (‖g‖ + ‖ĝ‖) over all compared entries; 0 where both are zero. */
  readonly distance: number
  /** 'correct' up to max(1e-7, floor), 'wrong' from 1e-3 on, 'suspicious' between. */
  readonly verdict: Verdict
  /** The distance that rounding of J explains. */
  readonly floor: number

  constructor(
    /** J at θ, penalties included. */
    readonly cost: number,
    readonly epsilon: number,
    total: Comparison,
    /** By tensor, the worst first. */
    readonly parameters: readonly CheckedParameter[],
    /** Entries compared, and left out because of a kink (a ReLU that changes sides). */
    readonly checked: number,
    readonly skipped: number,
    /** True if only a sample of the entries was tried. */
    readonly sampled: boolean,
  ) {
    this.distance = total.distance
    this.verdict = total.verdict
    this.floor = total.floor
  }

  toString(): string {
    const rows = this.parameters.map((p) => {
      const [first] = p.worst
      const example = first
        ? `[${first.index.join(', ')}] ${first.analytic.toPrecision(6)} / ${first.numeric.toPrecision(6)}`
        : '–'
      return [p.name, p.verdict, p.distance.toExponential(2), `${p.checked}`, `${p.skipped}`, example]
    })
    const table = [['tensor', 'verdict', 'distance', 'checked', 'kinks', 'worst entry: derived / tried'], ...rows]
    const widths = table[0].map((_, j) => Math.max(...table.map((row) => row[j].length)))
    const text = table.map((row) =>
      row
        .map((cell, j) => cell.padEnd(widths[j]))
        .join('  ')
        .trimEnd(),
    )
    const [distance, floor] = [this.distance, this.floor].map((x) => x.toExponential(2))
    const head = `gradient check: ${this.verdict}, distance ${distance} (rounding explains ${floor})`
    return [head, ...text].join('\n')
  }
}
