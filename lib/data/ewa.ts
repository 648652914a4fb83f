/** Exponentially weighted averages. */
import { booleanOption, checkOptions, finiteNumber, numberInRange } from '../base/checks'

export interface EwaOptions {
  /** Share of the past, 0 ≤ β < 1. Default 0.9. */
  beta?: number | undefined
  /** Divide by 1 − βᵗ, so that the first values are not too small. Default false. */
  biasCorrection?: boolean | undefined
}

/** v_t = β·v_(t−1) + (1 − β)·θ_t with v_0 = 0, one value after the other, in constant memory. */
export class Ewa {
  readonly #beta: number
  readonly #corrected: boolean
  #v = 0
  #t = 0

  /** @internal Use `data.ewa`. */
  constructor(beta: number, corrected: boolean) {
    this.#beta = beta
    this.#corrected = corrected
  }

  /** Number of values seen. */
  get t(): number {
    return this.#t
  }

  /** About how many values the average is over: 1/(1 − β). */
  get window(): number {
    return 1 / (1 - this.#beta)
  }

  /** v_t, or v_t/(1 − βᵗ) with bias correction; 0 before the first value. */
  get value(): number {
    if (!this.#corrected || this.#t === 0) return this.#v
    // −expm1(t·ln β) = 1 − βᵗ without cancellation where β is next to 1.
    return this.#v / (this.#beta === 0 ? 1 : -Math.expm1(this.#t * Math.log(this.#beta)))
  }

  /** Takes θ_t in and returns the average. OptionError for what is not a finite number. */
  next(theta: number): number {
    const checked = finiteNumber(`ewa.next: value ${this.#t + 1}`, theta)
    this.#t++
    this.#v = this.#beta * this.#v + (1 - this.#beta) * checked
    return this.value
  }

  /** The averages after each of the values. */
  smooth(values: Iterable<number>): Float64Array {
    return Float64Array.from(values, (theta) => this.next(theta))
  }
}

/**
 * An exponentially weighted average: θ_(t−k) weighs (1 − β)·βᵏ, so about 1/(1 − β) values count.
 *
 *     const average = data.ewa({ beta: 0.9, biasCorrection: true })
 *     for (const temperature of days) average.next(temperature)
 */
export function ewa(options: EwaOptions = {}): Ewa {
  return ewaFor('data.ewa', options)
}

/** The same for another caller. @internal */
export function ewaFor(where: string, options: EwaOptions): Ewa {
  checkOptions(where, options, ['beta', 'biasCorrection'])
  const beta = numberInRange(`${where}: beta`, options.beta ?? 0.9, 0, 1, '[)')
  return new Ewa(beta, booleanOption(`${where}: biasCorrection`, options.biasCorrection ?? false))
}
