import { atOnce, slices, type Sliced } from '../base/slices'

/**
 * Reproducible pseudo-random numbers for splitting and shuffling data. The bits are part of the promise: the same
 * seed gives the same split on every machine and in every later version.
 *
 * sfc32 (small fast counter, public domain design by Chris Doty-Humphrey), seeded with 64 bits and a stream number.
 */
export class Random {
  private a: number
  private b: number
  private c: number
  private counter = 1

  constructor(seed: bigint, stream = 0) {
    this.a = Number(seed & 0xffffffffn) | 0
    this.b = Number((seed >> 32n) & 0xffffffffn) | 0
    this.c = stream | 0
    for (let i = 0; i < 15; i++) this.uint32()
  }

  /** An integer in [0, 2^32). */
  uint32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** An integer in [0, n), every one equally likely; n ≤ 2^32. */
  below(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n)
    let value = this.uint32()
    while (value >= limit) value = this.uint32()
    return value % n
  }

  /** Fisher–Yates, in place. */
  shuffle<T extends Uint32Array | number[]>(items: T): T {
    return atOnce(this.shuffleInSlices(items))
  }

  /** The same, to the same order; of the items [from, to) alone. */
  *shuffleInSlices<T extends Uint32Array | number[]>(items: T, from = 0, to = items.length): Sliced<T> {
    for (let i = to - from - 1; i > 0; i--) {
      const j = from + this.below(i + 1)
      const kept = items[from + i]
      items[from + i] = items[j]
      items[j] = kept
      if (i % swapsAtOnce === 0) yield
    }
    return items
  }
}

/** Swaps between two yields: about a millisecond. */
const swapsAtOnce = 1 << 15

/** 0, 1, … count − 1. */
export function rowNumbers(count: number): Uint32Array {
  return atOnce(countedRows(count))
}

/** The same in slices. */
export function* countedRows(count: number): Sliced<Uint32Array> {
  const numbers = new Uint32Array(count)
  for (const [from, to] of slices(count)) {
    for (let i = from; i < to; i++) numbers[i] = i
    yield
  }
  return numbers
}
