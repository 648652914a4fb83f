/** Own training loops: optimizer.apply(model, gradients). */
import type { NativeArray } from '../../base/dtype'
import { NonFiniteError } from '../../base/errors'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import { guarded } from '../../native/runtime'
import type { Optimizer } from '../../optimizers/optimizer'
import type { WeightSetLike } from '../../tensor/weight-set'
import type { Engine } from '../engine'
import { applyProgram } from '../programs/program'
import { rateIn, weightOfSquares } from '../programs/safeguards'
import { checkDecay } from '../structure/compile'
import { checkSet } from '../structure/weight-sets'

function toBuffer(where: string, { dtype, device }: Engine, data: NativeArray): NativeBuffer {
  return guarded(where, () => native.bufferCreate(dtype, data.length, data, device))
}

let optimizerCount = 0

/**
 * One update of all trainable weights by gradients laid out as getWeights. The compiled optimiser goes on with its own
 * slots; any other keeps its slots in the model from its first use. The learning rate is that of epoch 1 and of the
 * step that the schedule has come to: the compiled optimiser's counts the steps since compile or setLearningRate, any
 * other its own updates of the model.
 */
export function applyGradients(engine: Engine, optimizer: Optimizer, gradients: WeightSetLike): void {
  const where = 'optimizer.apply'
  engine.queue.assertQuiet(where, true)
  const isCompiled = engine.compiled?.optimizer === optimizer
  checkDecay(where, optimizer, engine.network)
  const own = isCompiled ? null : ownOptimizer(engine, optimizer)
  const updates = own ? own.updates : engine.progress.updates
  const { trainable } = engine.weights
  const rules = { allowed: trainable, needed: trainable, finite: false, what: 'gradient' } as const
  const data = checkSet(where, gradients, engine.dtype, rules)
  const wanted = engine.plans.request(`apply ${own?.id ?? 'compiled'}`, () =>
    applyProgram(engine, optimizer, own ? own.slots : engine.weights.slots),
  )
  const plan = engine.plans.get(wanted)
  const rate = own
    ? rateIn(engine.dtype, optimizer.learningRate.value({ epoch: 1, step: updates + 1 }))
    : engine.learningRateAt(1)
  const hyper = Float64Array.from([rate, ...optimizer.hyperValues(updates + 1)])
  const inputs = Object.fromEntries(trainable.map((p) => [p.name, toBuffer(where, engine, data.get(p)!)]))
  try {
    const result = plan.runSync(where, inputs, { hyper, ...engine.stepKey() })
    if (result.status === 'nonFinite') {
      const weight = weightOfSquares(result.label)
      const found = weight
        ? `the gradient of ${weight} is finite, but its squares leave the range of ${engine.dtype}`
        : `the gradient of ${result.label || 'a weight'} is not finite`
      throw new NonFiniteError(`${where}: ${found}. Nothing was changed.`)
    }
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
