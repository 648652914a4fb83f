/**
 * Timers and the time, as they were when the library was loaded: mocks that tests put in their place must not stop
 * the library.
 */
export const { setTimeout, clearTimeout } = globalThis

const { setImmediate } = globalThis

/** Milliseconds since some moment. */
export const now: () => number = performance.now.bind(performance)

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
