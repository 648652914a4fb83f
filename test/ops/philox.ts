/** Philox4x32-10 (Salmon et al., 2011) in plain BigInt arithmetic, as the oracle of randomUniform. */
const mask = 0xffffffffn

/** Four words of a counter of four and a key of two. */
export function block(counter: bigint[], key: bigint[]): bigint[] {
  let [c0, c1, c2, c3] = counter
  let [k0, k1] = key
  for (let round = 0; round < 10; round++) {
    const p0 = c0 * 0xd2511f53n
    const p1 = c2 * 0xcd9e8d57n
    ;[c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask]
    k0 = (k0 + 0x9e3779b9n) & mask
    k1 = (k1 + 0xbb67ae85n) & mask
  }
  return [c0, c1, c2, c3]
}

/** `count` numbers in [0, 1) with 24 bits, as native/core/call.h keys them. */
export function philoxUniform(count: number, seed: bigint, step: bigint, stream: number): number[] {
  const key = [seed & mask, seed >> 32n]
  return Array.from({ length: count }, (_, i) => {
    const at = BigInt(i) / 4n
    const words = block([at & mask, (at >> 32n) ^ (step >> 32n), step & mask, BigInt(stream)], key)
    return Number(words[i % 4] >> 8n) / 2 ** 24
  })
}
