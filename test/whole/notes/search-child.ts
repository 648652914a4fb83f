/**
 * A search that takes its time: chapter4-blocks-and-search.test.ts kills it and goes on.
 *   node --import tsx search-child.ts file
 */
import { range, search } from '../../../lib'

void search(
  { lambda: range.log(1e-3, 100) },
  async ({ lambda }) => {
    await new Promise((resolve) => setTimeout(resolve, 40))
    return Math.abs(Math.log(lambda / 0.37))
  },
  { trials: 24, seed: 5, concurrency: 2, file: process.argv[2] },
)
