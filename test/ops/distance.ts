/** ‖a − b‖ / (‖a‖ + ‖b‖), 0 when both are zero: the distance of gradient checking. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`lengths ${a.length} and ${b.length}`)
  let [difference, left, right] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    difference += (a[i] - b[i]) ** 2
    left += a[i] ** 2
    right += b[i] ** 2
  }
  const scale = Math.sqrt(left) + Math.sqrt(right)
  return scale === 0 ? 0 : Math.sqrt(difference) / scale
}

/** Largest |a − b| / max(1, |b|). */
export function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`lengths ${a.length} and ${b.length}`)
  let result = 0
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i])) continue
    const error = Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i]))
    if (!(error <= result)) result = error
  }
  return result
}
