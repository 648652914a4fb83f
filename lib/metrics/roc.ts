/** The area under the ROC curve from scores, by their order alone. */
import type { NativeArray } from '../base/dtype'
import { slices, type Sliced } from '../base/slices'

/**
 * The share of (positive, negative) pairs that the scores order rightly, ties counting half (Mann–Whitney): the area
 * under the ROC curve. NaN where one of the two has no scores. None may be NaN. Sorts both lists in place.
 */
export function* areaUnderCurve(positive: NativeArray, negative: NativeArray): Sliced<number> {
  yield* sort(positive)
  yield* sort(negative)
  // Twice the pairs in the right order, and once those of equal scores: whole numbers, exact up to 2^53.
  let pairs = 0
  let below = 0
  let reached = 0
  for (const [from, to] of slices(positive.length)) {
    for (let i = from; i < to; i++) {
      while (below < negative.length && negative[below] < positive[i]) below++
      reached = Math.max(reached, below)
      while (reached < negative.length && negative[reached] === positive[i]) reached++
      pairs += below + reached
    }
    yield
  }
  return pairs / 2 / (positive.length * negative.length)
}

/** Up to so many numbers are sorted fastest by comparing them. */
const fewScores = 1 << 10

/**
 * From the smallest to the largest, in place. Long lists by a radix sort, byte by byte from the lowest, which takes the
 * same few steps for every score and can pause anywhere.
 */
function* sort(scores: NativeArray): Sliced<void> {
  const n = scores.length
  if (n <= fewScores) {
    scores.sort()
    return
  }
  const words = scores.BYTES_PER_ELEMENT / 4
  const high = words - 1
  let keys: Uint32Array = yield* orderedBits(scores)
  let next: Uint32Array = new Uint32Array(keys.length)
  for (let byte = 0; byte < 4 * words; byte++) {
    const word = byte >> 2
    const shift = 8 * (byte & 3)
    const starts = new Uint32Array(257)
    for (const [from, to] of slices(n)) {
      for (let i = from; i < to; i++) starts[((keys[i * words + word] >>> shift) & 255) + 1]++
      yield
    }
    if (starts.includes(n)) continue // all have this byte in common
    for (let digit = 0; digit < 256; digit++) starts[digit + 1] += starts[digit]
    for (const [from, to] of slices(n)) {
      for (let at = from * words; at < to * words; at += words) {
        const place = starts[(keys[at + word] >>> shift) & 255]++ * words
        next[place] = keys[at]
        if (high) next[place + high] = keys[at + high]
      }
      yield
    }
    ;[keys, next] = [next, keys]
  }
  const sorted = words === 1 ? new Float32Array(keys.buffer) : new Float64Array(keys.buffer)
  for (const [from, to] of slices(n)) {
    turnBack(keys.subarray(from * words, to * words), words)
    scores.set(sorted.subarray(from, to), from)
    yield
  }
}

/** The bits of each score, low word first, changed so that they are ordered as whole numbers like the scores. */
function* orderedBits(scores: NativeArray): Sliced<Uint32Array> {
  const words = scores.BYTES_PER_ELEMENT / 4
  const values = words === 1 ? new Float32Array(scores.length) : new Float64Array(scores.length)
  const bits = new Uint32Array(values.buffer)
  for (const [from, to] of slices(values.length)) {
    for (let i = from; i < to; i++) {
      values[i] = scores[i] + 0 // −0 becomes 0
      const last = (i + 1) * words - 1
      // Of a negative score all bits are turned over, of others the sign.
      const mask = bits[last] >> 31
      if (words === 2) bits[last - 1] ^= mask
      bits[last] ^= mask | 0x80000000
    }
    yield
  }
  return bits
}

/** The bits of scores from those that are ordered. */
function turnBack(bits: Uint32Array, words: number): void {
  for (let last = words - 1; last < bits.length; last += words) {
    const mask = ~bits[last] >> 31
    if (words === 2) bits[last - 1] ^= mask
    bits[last] ^= mask | 0x80000000
  }
}

/** The mean over those that are known; NaN if none is. */
export function meanOfNumbers(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value))
  return known.length === 0 ? NaN : known.reduce((a, b) => a + b, 0) / known.length
}
