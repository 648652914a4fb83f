/** One name for two uses: functions of tensors, and models in own training loops. */
import { booleanOption, checkOptions } from '../base/checks'
import { atOnce } from '../base/slices'
import { valueAndGrad as ofFunction, type GradOptions, type ScalarFunction } from '../functions/grad'
import type { LossSpec } from '../losses'
import { native } from '../native/native'
import { Tensor } from '../tensor/tensor'
import type { WeightSet } from '../tensor/weight-set'
import { Examples, inputsOf, weightedOutputs, type NativeData, type TargetData } from './data/examples'
import type { InputData } from './data/inputs'
import { Model, type AnyModel } from './model'
import { costProgram } from './programs/program'
import { resolveOutputs } from './structure/compile'
import type { ModelTypes, WeightsIn } from './types'

/** What a function made by valueAndGrad(model, loss) returns: J with penalties, and dJ/dW laid out as getWeights. */
export interface ModelValueAndGrads<Weights extends WeightSet = WeightSet> {
  value: number
  grads: Weights
}

export type ModelGradient<Weights extends WeightSet = WeightSet> = (
  x: InputData,
  y: TargetData,
  options?: { training?: boolean | undefined },
) => ModelValueAndGrads<Weights>

/** A loss, or one for each output by name. */
type ModelLoss = LossSpec | { readonly [output: string]: LossSpec }

/**
 * The cost of a model on (x, y) and its gradients, as a function for own training loops. `loss` is a name, `losses.…`
 * or (yTrue, yPred) => scalar. Penalties of the layers are included, with m = the rows given. Synchronous. Dropout is
 * active unless `training: false`.
 */
function modelValueAndGrad(model: AnyModel, loss: ModelLoss): ModelGradient {
  const where = 'valueAndGrad'
  const { engine } = model.internals(where)
  const { network } = engine
  const { outputs } = resolveOutputs(where, { loss }, network)
  const run = (data: NativeData, training: boolean): ModelValueAndGrads => {
    const shape = { batch: data.rows, weighted: weightedOutputs(data) }
    const wanted = engine.plans.request(
      `own ${data.rows} ${training}`,
      () => costProgram(engine, outputs, shape, { training, withGradients: true }),
      outputs,
    )
    const plan = engine.plans.get(wanted)
    const { fetches } = plan.runSync(where, inputsOf(data), engine.stepKey())
    const [value] = native.bufferRead(fetches[0])
    for (const cost of fetches.slice(0, 2)) native.bufferDispose(cost)
    const grads = engine.weights.layOut(engine.weights.trainable, (p, i) =>
      Tensor.fromBuffer(fetches[i + 2], p.shape, engine.dtype),
    )
    return { value, grads }
  }
  return (x, y, options = {}) => {
    checkOptions(where, options, ['training'])
    const training = booleanOption(`${where}: training`, options.training ?? true)
    engine.queue.assertQuiet(where, false)
    engine.requireAdapted(where)
    const examples = Examples.open(where, { x, y }, network, engine)
    try {
      const data = atOnce(examples.check(outputs).toNative(engine))
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
 * penalties included, and the gradients of its trainable weights laid out as `getWeights`; `optimizer.apply(model,
 * grads)` takes them. `loss` is a name, `losses.…` or (yTrue, yPred) => scalar, or one of these for each output by
 * name.
 */
export function valueAndGrad<Types extends ModelTypes>(
  model: Model<Types>,
  loss: ModelLoss,
): ModelGradient<WeightsIn<Types>>
/** `valueAndGrad(f)`: a function of the same arguments → { value, grads }, one gradient per argument (or per `wrt`). */
export function valueAndGrad<F extends ScalarFunction>(f: F, options?: GradOptions): ReturnType<typeof ofFunction<F>>
export function valueAndGrad(first: AnyModel | ScalarFunction, second?: ModelLoss | GradOptions): unknown {
  return first instanceof Model
    ? modelValueAndGrad(first, second as ModelLoss)
    : ofFunction(first, second as GradOptions | undefined)
}
