/** How many weights do nothing (what L1 regularisation is for). */
import { checkOptions, nonNegativeNumber } from '../../base/checks'
import { describeValue, OptionError } from '../../base/errors'
import { Model, type AnyModel } from '../../model/model'
import { Tensor } from '../../tensor/tensor'

export interface WeightSparsity {
  /** For example 'dense_1.weight'. */
  name: string
  /** Numbers in the tensor. */
  count: number
  /** Numbers with |w| below the threshold. */
  small: number
}

export interface Sparsity {
  weights: WeightSparsity[]
  /** Share of small numbers over all weights, biases left out. */
  share: number
}

/** Counts the weights with |w| < threshold (default 1e-3) of every tensor of rank 2 or more: biases are left out. */
export function sparsity(model: AnyModel, options: { threshold?: number | undefined } = {}): Sparsity {
  const where = 'diagnose.sparsity'
  if (!(model instanceof Model))
    throw new OptionError(
      `${where}: expected a model made by sequential, model or loadModel, got ${describeValue(model)}.`,
    )
  checkOptions(where, options, ['threshold'])
  const threshold = nonNegativeNumber(`${where}: threshold`, options.threshold ?? 1e-3)
  const weights: WeightSparsity[] = []
  const { queue, weights: held } = model.internals(where).engine
  queue.assertQuiet(where, false)
  for (const layer of held.get())
    for (const [key, value] of Object.entries(layer)) {
      if (!(value instanceof Tensor)) continue
      if (value.rank >= 2) {
        const small = value.data.reduce((n, w) => n + Number(Math.abs(w) < threshold), 0)
        weights.push({ name: `${layer.name}.${key}`, count: value.size, small })
      }
      value.dispose()
    }
  const sum = (key: 'count' | 'small') => weights.reduce((total, entry) => total + entry[key], 0)
  return { weights, share: weights.length === 0 ? 0 : sum('small') / sum('count') }
}
