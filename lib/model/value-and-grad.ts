/** One name for two uses: functions of tensors, and models in own training loops. */
import { valueAndGrad as ofFunction, type GradOptions, type ScalarFunction } from '../functions/grad'
import type { LossSpec } from '../losses'
import { Model } from './model'
import { modelValueAndGrad, type ModelGradient } from './train/apply'

/**
 * `valueAndGrad(model, loss)`: a function (x, y, { training = true }?) → { value, grads } with the cost of the model, penalties included, and its
 * gradients laid out as `getWeights`; `optimizer.apply(model, grads)` takes them. `loss` is a name, `losses.…` or (yTrue, yPred) => scalar.
 */
export function valueAndGrad(model: Model, loss: LossSpec): ModelGradient
/** `valueAndGrad(f)`: a function of the same arguments → { value, grads }, one gradient per argument (or per `wrt`). */
export function valueAndGrad<F extends ScalarFunction>(f: F, options?: GradOptions): ReturnType<typeof ofFunction<F>>
export function valueAndGrad(first: Model | ScalarFunction, second?: LossSpec | GradOptions): unknown {
  return first instanceof Model
    ? modelValueAndGrad(first, second as LossSpec)
    : ofFunction(first, second as GradOptions | undefined)
}
