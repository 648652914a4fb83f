/** How long the event loop is held. */
import { closeSync, openSync, readSync } from 'node:fs'

/** Milliseconds that this thread has worked, as Linux counts them; undefined where nobody counts. */
function ownTime(): { read(): number; close(): void } | undefined {
  try {
    // The main thread of a process has its number.
    const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
    const text = Buffer.alloc(100)
    const read = () => Number.parseInt(text.toString('latin1', 0, readSync(file, text, 0, text.length, 0))) / 1e6
    return { read, close: () => closeSync(file) }
  } catch {
    return undefined
  }
}

/**
 * The longest time in milliseconds between two turns of the event loop while `work` runs. On Linux the time that other
 * programs have the core is not counted; elsewhere a busy machine makes it longer, and tests have to try again.
 */
export async function longestHold(work: () => Promise<unknown>): Promise<number> {
  const own = ownTime()
  const time = own?.read ?? (() => performance.now())
  let [last, longest] = [time(), 0]
  let next: NodeJS.Immediate
  const look = () => {
    const now = time()
    longest = Math.max(longest, now - last)
    last = now
    clearImmediate(next)
    next = setImmediate(look)
  }
  next = setImmediate(look)
  try {
    await work()
  } finally {
    look()
    clearImmediate(next)
    own?.close()
  }
  return longest
}
