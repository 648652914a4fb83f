import type { Context } from 'mocha'

/** Skips the running test or suite and says why: a test that does not run is not to be taken for one that passed. */
export function skip(context: Context, reason: string): void {
  console.log(`      skipped: ${reason}`)
  context.skip()
}
