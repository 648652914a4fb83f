/** How long a call keeps the event loop from turning. */
import { existsSync, readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'

/**
 * On Linux the time that the main thread has computed, so that other work on the machine does not count; elsewhere the
 * time on the clock.
 */
const threadClock = `/proc/self/task/${process.pid}/schedstat`
const busyMs = existsSync(threadClock)
  ? () => Number(readFileSync(threadClock, 'latin1').split(' ')[0]) / 1e6
  : () => performance.now()

/** The result of a call, and the longest time in ms between two turns of the event loop until it was there. */
export async function longestTurn<T>(call: () => Promise<T>): Promise<{ result: T; longest: number; turns: number }> {
  let [isOver, longest, turns] = [false, 0, 0]
  let last = busyMs()
  const settled = call().finally(() => (isOver = true))
  settled.catch(() => undefined) // awaited below
  const look = () => {
    const now = busyMs()
    longest = Math.max(longest, now - last)
    last = now
  }
  look()
  for (; !isOver; turns++) {
    await setImmediate()
    look()
  }
  return { result: await settled, longest, turns }
}
