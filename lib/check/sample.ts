/** Which entries of θ a gradient check tries. */
import { slices, type Sliced } from '../base/slices'
import { Random } from '../data/random'
import { entriesOfSlice } from './verdict'

/** From here on trying every entry takes long and tells little more. */
const mostWithoutSampling = 2000

export interface ChosenEntry {
  /** Which parameter, and which of its elements. */
  parameter: number
  element: number
  /** Place in the concatenation θ of all parameters. */
  flat: number
}

/** All entries of parameters of these sizes, or `perTensor` of each, at random but in ascending order. */
export function* chooseEntries(
  sizes: readonly number[],
  perTensor: number,
  seed: bigint,
): Sliced<{ list: ChosenEntry[]; sampled: boolean }> {
  const total = sizes.reduce((a, b) => a + b, 0)
  const random = new Random(seed)
  const list: ChosenEntry[] = []
  let sampled = false
  let offset = 0
  for (const [parameter, size] of sizes.entries()) {
    const few = total > mostWithoutSampling && size > perTensor
    sampled ||= few
    const elements = few ? distinct(size, perTensor, random) : undefined
    for (const [from, to] of slices(elements?.length ?? size, entriesOfSlice)) {
      for (let i = from; i < to; i++) {
        const element = elements ? elements[i] : i
        list.push({ parameter, element, flat: offset + element })
      }
      yield
    }
    offset += size
  }
  return { list, sampled }
}

/** `count` different numbers below `size`, ascending (Floyd's way: no list of all of them). */
function distinct(size: number, count: number, random: Random): number[] {
  const chosen = new Set<number>()
  for (let i = size - count; i < size; i++) {
    const pick = random.below(i + 1)
    chosen.add(chosen.has(pick) ? i : pick)
  }
  return [...chosen].sort((a, b) => a - b)
}
