/**
 * The order of rows in an epoch. Integer arithmetic with fixed bits: the same seed and epoch give the same order on
 * every machine.
 */

import type { Sliced } from '../../base/slices'
import { countedRows } from '../../data/random'

/** Between two turns of the event loop; each is likely to miss the cache. */
const swapsAtOnce = 1 << 15

/** Mixes 32 bits (the finaliser of MurmurHash3, fmix32). */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A generator of 32-bit integers: xoshiro128** keyed by (seed, epoch). */
function generator(seed: bigint, epoch: number): () => number {
  const words = [
    seed & 0xffffffffn,
    (seed >> 32n) & 0xffffffffn,
    BigInt(epoch) & 0xffffffffn,
    BigInt(epoch) >> 32n,
  ].map(Number)
  let key = 0x9e3779b9
  for (const word of words) key = mix(Math.imul(key, 5) + 0xe6546b64 + mix(word + 0x9e3779b9))
  const s = new Uint32Array(4)
  for (let i = 0; i < 4; i++) s[i] = mix(key + Math.imul(i + 1, 0x9e3779b9)) ^ words[i]
  if (!(s[0] | s[1] | s[2] | s[3])) s[0] = 1
  const next = () => {
    const x = Math.imul(s[1], 5)
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0
    const t = s[1] << 9
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= t
    s[3] = (s[3] << 11) | (s[3] >>> 21)
    return result
  }
  for (let i = 0; i < 16; i++) next()
  return next
}

/**
 * A uniformly random permutation of 0…rows − 1 for one epoch (Fisher–Yates, unbiased by rejection).
 * @param epoch epochs ever run by the model, so that no two epochs share an order
 */
export function* shuffled(rows: number, seed: bigint, epoch: number): Sliced<Uint32Array> {
  const order = yield* countedRows(rows)
  const next = generator(seed, epoch)
  for (let i = rows - 1; i > 0; i--) {
    const mask = 0xffffffff >>> Math.clz32(i)
    let j = (next() & mask) >>> 0
    while (j > i) j = (next() & mask) >>> 0
    const row = order[i]
    order[i] = order[j]
    order[j] = row
    if (i % swapsAtOnce === 0) yield
  }
  return order
}
