/** Own training loops: valueAndGrad(model, loss) and optimizer.apply(model, gradients). */
import { checkOptions } from '../../base/checks'
import type { NativeArray } from '../../base/dtype'
import { NonFiniteError } from '../../base/errors'
import { atOnce } from '../../base/slices'
import { toLoss, type LossSpec } from '../../losses'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import { guarded } from '../../native/runtime'
import type { Optimizer } from '../../optimizers/optimizer'
import { Tensor } from '../../tensor/tensor'
import type { WeightSet, WeightSetLike } from '../../tensor/weight-set'
import { inputsOf, nativeData, type DataLike } from '../data/data'
import { stepKey } from '../infer/evaluate'
import type { Model } from '../model'
import { applyProgram, costProgram } from '../programs/program'
import type { Engine } from '../structure/engine'

/** What a function made by valueAndGrad(model, loss) returns: J with penalties, and dJ/dW laid out as getWeights. */
export interface ModelValueAndGrads {
  value: number
  grads: WeightSet
}

export type ModelGradient = (x: DataLike, y: DataLike, options?: { training?: boolean }) => ModelValueAndGrads

let lossCount = 0

/**
 * The cost of a model on (x, y) and its gradients, as a function for own training loops. `loss` is a name, `losses.…` or
 * (yTrue, yPred) => scalar. Penalties of the layers are included, with m = the rows given. Synchronous. Dropout is active unless `training: false`.
 */
export function modelValueAndGrad(model: Model, loss: LossSpec): ModelGradient {
  const where = 'valueAndGrad'
  const { engine } = model.internals
  const { network } = engine
  const resolved = toLoss(`${where}: loss`, loss)
  resolved.checkOutput(network.activation, network.outputShape)
  const id = ++lossCount
  return (x, y, options = {}) => {
    checkOptions(where, options, ['training'])
    engine.queue.assertQuiet(where, false)
    engine.requireAdapted(where)
    const training = options.training ?? true
    const { inputShape, outputShape } = network
    const data = atOnce(nativeData(engine, { where, inputShape, outputShape, loss: resolved, x, y }))
    try {
      const plan = engine.plans.get(`own ${id} ${data.rows} ${training}`, () =>
        costProgram(engine, resolved, { batch: data.rows, weighted: false }, { training, withGradients: true }),
      )
      const request = plan.request(inputsOf(data), false, stepKey(engine))
      const { fetches } = guarded(where, () => native.planRunSync(plan.native, request))
      const value = native.bufferRead(fetches[0])[0]
      const grads = engine.weights.layOut((p, i) => Tensor.fromBuffer(fetches[i + 2], p.shape, engine.dtype))
      return { value, grads }
    } finally {
      data.dispose()
    }
  }
}

function toBuffer(where: string, { dtype, device }: Engine, data: NativeArray): NativeBuffer {
  return guarded(where, () => native.bufferCreate(dtype, data.length, data, device))
}

let optimizerCount = 0

/**
 * One update of all trainable weights by gradients laid out as getWeights. The compiled optimiser goes on with its own slots; any other
 * keeps its slots in the model from its first use. The learning rate is that of step t (and epoch 1) of the optimiser's schedule.
 */
export function applyGradients(engine: Engine, optimizer: Optimizer, gradients: WeightSetLike): void {
  const where = 'optimizer.apply'
  engine.queue.assertQuiet(where, true)
  const data = engine.weights.check(where, gradients, { finite: false })
  const isCompiled = engine.compiled?.optimizer === optimizer
  const own = isCompiled ? null : ownOptimizer(engine, optimizer)
  const updates = own ? own.updates : engine.progress.updates
  const visible = engine.weights.visible
  const { trainable } = engine.weights
  const plan = engine.plans.get(`apply ${own?.id ?? 'compiled'}`, () =>
    applyProgram(engine, optimizer, own ? own.slots : engine.weights.slots),
  )
  const rate = isCompiled && engine.learningRate ? engine.learningRate : optimizer.learningRate
  const step = own ? updates + 1 : engine.progress.steps + 1
  const hyper = Float64Array.from([rate.value({ epoch: 1, step }), ...optimizer.hyperValues(updates + 1)])
  const inputs = Object.fromEntries(trainable.map((p) => [p.name, toBuffer(where, engine, data[visible.indexOf(p)])]))
  try {
    const result = guarded(where, () =>
      native.planRunSync(plan.native, plan.request(inputs, false, { hyper, ...stepKey(engine) })),
    )
    if (result.status === 'nonFinite')
      throw new NonFiniteError(
        `${where}: the gradient of ${result.label || 'a weight'} is not finite. Nothing was changed.`,
      )
    if (own) {
      own.updates++
      engine.progress.steps++
    } else engine.advance(1)
  } finally {
    for (const buffer of Object.values(inputs)) native.bufferDispose(buffer)
  }
}

function ownOptimizer(engine: Engine, optimizer: Optimizer) {
  let own = engine.ownOptimizers.get(optimizer)
  if (!own)
    engine.ownOptimizers.set(
      optimizer,
      (own = { id: ++optimizerCount, slots: engine.weights.makeSlots(optimizer), updates: 0 }),
    )
  return own
}
