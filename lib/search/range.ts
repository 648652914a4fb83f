/** What a hyperparameter may be. */
import { checkOptions, finiteNumber, positiveInteger, positiveNumber } from '../base/checks'
import { OptionError } from '../base/errors'
import type { Json } from '../base/json'
import type { Random } from '../data/random'

/** Possible values of one hyperparameter. */
export interface Range<T extends Json = Json> {
  /** For the file of a search: a change of it is a change of the search. */
  readonly config: Json
  /** One value at random. */
  draw(random: Random): T
  /** The values of a grid. */
  readonly grid: readonly T[]
}

/** Uniform in [0, 1) with 53 bits. */
function unit(random: Random): number {
  return (random.uint32() * 2 ** 21 + (random.uint32() >>> 11)) / 2 ** 53
}

function continuous(
  kind: string,
  min: number,
  max: number,
  points: number,
  place: (share: number) => number,
): Range<number> {
  const share = (i: number) => (points === 1 ? 0.5 : i / (points - 1))
  return {
    config: { kind, min, max, points },
    // Rounding may pass an end.
    draw: (random) => Math.min(max, Math.max(min, place(unit(random)))),
    // The ends exactly, whatever rounding makes of them.
    grid: Array.from({ length: points }, (_, i) =>
      points > 1 && i === 0 ? min : points > 1 && i === points - 1 ? max : place(share(i)),
    ),
  }
}

interface GridOptions {
  /** Values of a grid. Default 5. */
  points?: number | undefined
}

function ends(where: string, min: number, max: number, options: GridOptions | undefined): number {
  checkOptions(where, options, ['points'])
  finiteNumber(`${where}: min`, min)
  finiteNumber(`${where}: max`, max)
  if (min >= max) throw new OptionError(`${where}: expected min below max, got ${min} and ${max}.`)
  return positiveInteger(`${where}: points`, options?.points ?? 5)
}

export const range = {
  /** Numbers from min to max, all equally likely. */
  linear(min: number, max: number, options?: GridOptions): Range<number> {
    const points = ends('range.linear', min, max, options)
    const width = max - min
    // Where the distance of the ends leaves the range of numbers, that of either from 0 does not.
    const place = (share: number) => (width < Infinity ? min + share * width : min * (1 - share) + max * share)
    return continuous('linear', min, max, points, place)
  },
  /** Numbers from min to max on a logarithmic scale: 0.001 … 0.01 as likely as 0.1 … 1. For λ, α, 1 − β. */
  log(min: number, max: number, options?: GridOptions): Range<number> {
    const points = ends('range.log', positiveNumber('range.log: min', min), max, options)
    const ratio = max / min
    const place = (share: number) => (ratio < Infinity ? min * ratio ** share : min ** (1 - share) * max ** share)
    return continuous('log', min, max, points, place)
  },
  /** Whole numbers from min to max, both included. */
  integer(min: number, max: number): Range<number> {
    const where = 'range.integer'
    if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min > max)
      throw new OptionError(`${where}: expected whole numbers min ≤ max, got ${String(min)} and ${String(max)}.`)
    if (max - min >= 100_000) throw new OptionError(`${where}: expected at most 100000 values, got ${max - min + 1}.`)
    return {
      config: { kind: 'integer', min, max },
      draw: (random) => min + random.below(max - min + 1),
      grid: Array.from({ length: max - min + 1 }, (_, i) => min + i),
    }
  },
  /** One of the values listed: plain data. */
  choice<const T extends Json>(values: readonly T[]): Range<T> {
    if (!Array.isArray(values) || values.length === 0)
      throw new OptionError('range.choice: expected a list of at least one value.')
    const list = values as readonly T[]
    return {
      config: { kind: 'choice', values: [...list] },
      draw: (random) => list[random.below(list.length)],
      grid: list,
    }
  },
}
