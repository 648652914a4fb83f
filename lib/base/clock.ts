/**
 * Timers and the time, as they were when the library was loaded: mocks that tests put in their place must not stop
 * the library. Those of Node.js itself: the globals of a test environment (jsdom) may lack some, or be others.
 */
import { performance } from 'node:perf_hooks'
import * as timers from 'node:timers'

export const { setTimeout, clearTimeout } = timers

const { setImmediate } = timers

/** Where the time comes from; for tests of what is told about it. */
export const source = { now: performance.now.bind(performance) }

/** Milliseconds since some moment. */
export const now = (): number => source.now()

/** Gives the event loop a turn. */
export function turn(): Promise<void> {
  return new Promise((done) => void setImmediate(done))
}

/** Waits until `work` settles, in one way or the other, or the time is up. */
export async function settledWithin(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((done) => (timer = setTimeout(done, ms)))
  await Promise.race([work.catch(() => undefined), late])
  clearTimeout(timer)
}
