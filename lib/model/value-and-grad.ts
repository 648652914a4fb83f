/** One name for two uses: functions of tensors, and models in own training loops. */
import { booleanOption, checkOptions } from '../base/checks'
import { atOnce } from '../base/slices'
import type { DataLike } from '../data/rows'
import { valueAndGrad as ofFunction, type GradOptions, type ScalarFunction } from '../functions/grad'
import { toLoss, type LossSpec } from '../losses'
import { native } from '../native/native'
import { Tensor } from '../tensor/tensor'
import type { WeightSet } from '../tensor/weight-set'
import { Examples, inputsOf, type NativeData } from './data/examples'
import { Model } from './model'
import { costProgram } from './programs/program'
import type { ModelTypes, WeightsIn } from './types'

/** What a function made by valueAndGrad(model, loss) returns: J with penalties, and dJ/dW laid out as getWeights. */
export interface ModelValueAndGrads<Weights extends WeightSet = WeightSet> {
  value: number
  grads: Weights
}

export type ModelGradient<Weights extends WeightSet = WeightSet> = (
  x: DataLike,
  y: DataLike,
  options?: { training?: boolean | undefined },
) => ModelValueAndGrads<Weights>

let lossCount = 0

/**
 * The cost of a model on (x, y) and its gradients, as a function for own training loops. `loss` is a name, `losses.…`
 * or (yTrue, yPred) => scalar. Penalties of the layers are included, with m = the rows given. Synchronous. Dropout is
 * active unless `training: false`.
 */
function modelValueAndGrad(model: Model, loss: LossSpec): ModelGradient {
  const where = 'valueAndGrad'
  const { engine } = model.internals
  const { network } = engine
  const resolved = toLoss(`${where}: loss`, loss)
  resolved.checkOutput(network.activation, network.outputShape)
  const id = ++lossCount
  const run = (data: NativeData, training: boolean): ModelValueAndGrads => {
    const plan = engine.plans.get(`own ${id} ${data.rows} ${training}`, () =>
      costProgram(engine, resolved, { batch: data.rows, weighted: false }, { training, withGradients: true }),
    )
    const { fetches } = plan.runSync(where, inputsOf(data), engine.stepKey())
    const [value] = native.bufferRead(fetches[0])
    for (const cost of fetches.slice(0, 2)) native.bufferDispose(cost)
    const grads = engine.weights.layOut((p, i) => Tensor.fromBuffer(fetches[i + 2], p.shape, engine.dtype))
    return { value, grads }
  }
  return (x, y, options = {}) => {
    checkOptions(where, options, ['training'])
    const training = booleanOption(`${where}: training`, options.training ?? true)
    engine.queue.assertQuiet(where, false)
    engine.requireAdapted(where)
    const examples = Examples.open(where, { x, y }, engine)
    try {
      const data = atOnce(examples.check(network, resolved).toNative(engine))
      try {
        return run(data, training)
      } finally {
        data.dispose()
      }
    } finally {
      examples.release()
    }
  }
}

/**
 * `valueAndGrad(model, loss)`: a function (x, y, { training = true }?) → { value, grads } with the cost of the model,
 * penalties included, and its gradients laid out as `getWeights`; `optimizer.apply(model, grads)` takes them. `loss` is
 * a name, `losses.…` or (yTrue, yPred) => scalar.
 */
export function valueAndGrad<Types extends ModelTypes>(
  model: Model<Types>,
  loss: LossSpec,
): ModelGradient<WeightsIn<Types>>
/** `valueAndGrad(f)`: a function of the same arguments → { value, grads }, one gradient per argument (or per `wrt`). */
export function valueAndGrad<F extends ScalarFunction>(f: F, options?: GradOptions): ReturnType<typeof ofFunction<F>>
export function valueAndGrad(first: Model | ScalarFunction, second?: LossSpec | GradOptions): unknown {
  return first instanceof Model
    ? modelValueAndGrad(first, second as LossSpec)
    : ofFunction(first, second as GradOptions | undefined)
}
