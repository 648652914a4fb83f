/** Areas where a function is below a level, by marching squares. */

/** Values at the nodes of a grid, in rows of x: `values[i * ys.length + j]` at (xs[i], ys[j]). Both lists grow. */
export interface Grid {
  xs: readonly number[]
  ys: readonly number[]
  values: ArrayLike<number>
}

type Place = [x: number, y: number]

/** The grid of a function, `n` nodes along each side from end to end. */
export function gridOf(
  f: (x: number, y: number) => number,
  x: readonly [number, number],
  y: readonly [number, number],
  n: number,
): Grid {
  const along = ([from, to]: readonly [number, number]) =>
    Array.from({ length: n }, (_, i) => from + (i * (to - from)) / (n - 1))
  const [xs, ys] = [along(x), along(y)]
  return { xs, ys, values: xs.flatMap((a) => ys.map((b) => f(a, b))) }
}

/**
 * The closed rings around {value < level}, the inside at their left: rings around holes run the other way, so that
 * all together are one area under the rule 'nonzero'. What is not a number counts as outside. Between nodes the
 * function is taken to be linear.
 */
export function areaBelow({ xs, ys, values }: Grid, level: number): Place[][] {
  const [nx, ny] = [xs.length, ys.length]
  // A frame of outside nodes, which lie on the border, closes every ring.
  const valueAt = (i: number, j: number) => (i < 0 || j < 0 || i >= nx || j >= ny ? NaN : values[i * ny + j])
  const clamp = (i: number, n: number) => Math.min(Math.max(i, 0), n - 1)
  const placeOf = (i: number, j: number): Place => [xs[clamp(i, nx)], ys[clamp(j, ny)]]
  /** Where the level lies between two nodes, of which one is inside. */
  const crossing = ([i, j]: Place, [k, l]: Place): Place => {
    const [a, b] = [valueAt(i, j), valueAt(k, l)]
    const share = !Number.isFinite(a) ? 1 : !Number.isFinite(b) ? 0 : (level - a) / (b - a)
    const [from, to] = [placeOf(i, j), placeOf(k, l)]
    return [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]
  }
  const keyOf = ([i, j]: Place, [k, l]: Place) =>
    (Math.min(i, k) + 1) * 2 * (ny + 2) + (Math.min(j, l) + 1) * 2 + Number(i === k)
  const links = new Map<number, { next: number; at: Place }>()
  for (let i = -1; i < nx; i++)
    for (let j = -1; j < ny; j++) {
      const seen = [valueAt(i, j), valueAt(i + 1, j), valueAt(i + 1, j + 1), valueAt(i, j + 1)]
      const inside = seen.map((v) => v < level)
      if (inside.every((is) => is === inside[0])) continue
      const corners: Place[] = [
        [i, j],
        [i + 1, j],
        [i + 1, j + 1],
        [i, j + 1],
      ]
      const middle = seen.reduce((a, b) => a + b) / 4 < level
      for (let k = 0; k < 4; k++) {
        if (!inside[k] || inside[(k + 1) % 4]) continue
        // From where the walk around the cell leaves the inside to where it enters it: the same part of it, or the
        // other one where two opposite corners are joined by the middle.
        let enter = k
        if (middle) {
          do enter = (enter + 1) % 4
          while (!inside[(enter + 1) % 4])
        } else {
          do enter = (enter + 3) % 4
          while (inside[enter])
        }
        const edge = (e: number): [Place, Place] => [corners[e], corners[(e + 1) % 4]]
        links.set(keyOf(...edge(k)), { next: keyOf(...edge(enter)), at: crossing(...edge(k)) })
      }
    }
  const rings: Place[][] = []
  for (const first of links.keys()) {
    const ring: Place[] = []
    for (let key = first; links.has(key);) {
      const { next, at } = links.get(key)!
      links.delete(key)
      ring.push(at)
      key = next
    }
    if (ring.length > 2) rings.push([...ring, ring[0]])
  }
  return rings
}
