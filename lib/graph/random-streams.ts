/**
 * Random numbers of a program. A function that is traced for a program (a layer's call, a loss) and draws numbers does
 * not get them: it gets a node, whose numbers are new in each step of a run. Each such node needs a stream of its own.
 */
import { StateError } from '../base/errors'
import type { TraceContext } from './context'

/** Below are the streams that layers have by their place (dropout); above `end` those of initial weights. */
const begin = 2 ** 16
const end = 2 ** 24

/**
 * Hands out the streams of one program: 2^16, 2^16 + 1, …, in the order in which its functions draw. So equal programs
 * draw equal numbers. A program makes one of these, and traces everything within `withRandomStreams`.
 */
export class RandomStreams {
  #next = begin

  /** `context`: the trace that the drawn values belong to. */
  constructor(readonly context: TraceContext) {}

  /** The first of `count` streams that nobody else gets. */
  take(count: number): number {
    const first = this.#next
    this.#next += count
    if (this.#next > end) throw new StateError(`A program draws random numbers in more than ${end - begin} places.`)
    return first
  }
}

let current: RandomStreams | undefined

/** The streams of the program that is being traced; undefined where none is, or it has no random numbers. */
export function currentStreams(): RandomStreams | undefined {
  return current
}

/** Runs `fn`; what it draws without a seed of its own are numbers of the program. */
export function withRandomStreams<T>(streams: RandomStreams, fn: () => T): T {
  const before = current
  current = streams
  try {
    return fn()
  } finally {
    current = before
  }
}
