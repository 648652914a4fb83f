/**
 * Long work in JavaScript, cut into slices: a generator that yields between two of them runs at once where the caller
 * waits (`atOnce`), or with turns of the event loop in between (`inTurns`).
 */
import { now, turn } from './clock'

export type Sliced<T> = Generator<undefined, T, undefined>

/** The same for work that also reads: it yields what has to be awaited before it goes on. */
export type Reading<T> = Generator<Promise<void> | undefined, T, undefined>

/** Numbers handled between two yields: about a millisecond. */
export const sliceLength = 1 << 18

/** The event loop gets a turn when work has kept it for so long. */
const turnMs = 8

/** Runs all slices without a pause. */
export function atOnce<T>(work: Sliced<T>): T {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}

/**
 * Runs the slices, giving the event loop a turn now and then. `pause` is called after each turn; what it throws is
 * thrown inside the work, which can clean up.
 */
export async function inTurns<T>(work: Reading<T>, pause?: () => void): Promise<T> {
  let since = now()
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
    if (!value && now() - since < turnMs) continue
    try {
      await (value ?? turn())
      pause?.()
    } catch (error) {
      work.throw(error)
      throw error
    }
    since = now()
  }
}

/** [from, to) of every slice of `length` items. */
export function* slices(length: number, size = sliceLength): Generator<[from: number, to: number], void, undefined> {
  for (let from = 0; from < length; from += size) yield [from, Math.min(length, from + size)]
}
