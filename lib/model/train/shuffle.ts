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

/** Numbers that a generator makes at a time: its state then stays in registers. */
const drawnAtOnce = 256

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
  const state = new Uint32Array(4)
  for (let i = 0; i < 4; i++) state[i] = mix(key + Math.imul(i + 1, 0x9e3779b9)) ^ words[i]
  if (!(state[0] | state[1] | state[2] | state[3])) state[0] = 1
  const drawn = new Uint32Array(drawnAtOnce)
  const draw = () => {
    let [a, b, c, d] = state
    for (let i = 0; i < drawnAtOnce; i++) {
      const x = Math.imul(b, 5)
      drawn[i] = Math.imul((x << 7) | (x >>> 25), 9)
      const t = b << 9
      c ^= a
      d ^= b
      b ^= c
      a ^= d
      c ^= t
      d = (d << 11) | (d >>> 21)
    }
    state.set([a, b, c, d])
  }
  draw()
  let at = 16 // the first ones still show the key
  return () => {
    if (at === drawnAtOnce) {
      draw()
      at = 0
    }
    return drawn[at++]
  }
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
