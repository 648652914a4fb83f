/** Two classes around (1, 1) and (−1, −1), in fixed positions. */
export function blobs(rows: number): { x: number[][]; y: number[] } {
  const x: number[][] = []
  const y: number[] = []
  for (let i = 0; i < rows; i++) {
    const side = i % 2 === 0 ? 1 : -1
    x.push([side + 0.5 * Math.sin(7 * i), side + 0.5 * Math.cos(5 * i)])
    y.push(side > 0 ? 1 : 0)
  }
  return { x, y }
}

/** The error that a promise rejects with; fails if it resolves. */
export async function rejected(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('expected a rejection')
}

/** The error that a call throws; fails if it returns. */
export function thrown(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  throw new Error('expected an exception')
}
