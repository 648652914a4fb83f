/** Where values come from. */
import { source, type Primitive } from './record'

export const sources = {
  /** What the caller of a plan provides for each run; attribute `slot`. */
  input: source({ leaf: true }),
  /** What a plan keeps from run to run: a weight, a statistic, an optimiser's slot; attribute `slot`. */
  state: source({ leaf: true }),
  /** A scalar that is set anew for every step; attribute `slot`. */
  hyper: source({ leaf: true }),
  /** Given numbers: `value` is a list of them, row by row, or of one that fills the shape. */
  constant: source(),
  /** Uniform in [0, 1), keyed by the run's seed and step and by the attribute `stream`. */
  randomUniform: source({ random: true }),
} satisfies Record<string, Primitive>
