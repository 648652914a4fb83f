/** Weights that a run keeps and puts back: copied in slices, however large they are. */
import { atOnce, inTurns, type Sliced } from '../../base/slices'
import { bufferOf, Tensor } from '../../tensor/tensor'
import type { WeightSet } from '../../tensor/weight-set'
import type { Engine } from '../engine'
import type { Parameter } from '../structure/weights'

/** Ends work on a model that is gone. */
class Gone extends Error {}

/** False where the model was disposed meanwhile. */
async function whileThere(engine: Engine, work: Sliced<void>): Promise<boolean> {
  try {
    await inTurns(work, () => {
      if (engine.queue.disposed) throw new Gone()
    })
    return true
  } catch (error) {
    if (error instanceof Gone) return false
    throw error
  }
}

/** Copies of the weights and states of this moment, laid out as getWeights; null where the model was disposed. */
export async function keepWeights(engine: Engine): Promise<WeightSet | null> {
  let kept: WeightSet | null = null
  const work = (function* (): Sliced<void> {
    kept = yield* engine.weights.copies()
  })()
  const over = engine.queue.beforeChanges(() => atOnce(work))
  try {
    await whileThere(engine, work)
  } finally {
    over()
  }
  return kept
}

/**
 * Puts kept weights back, all of them at the same moment. Sets from elsewhere (a file) are checked as `setWeights`
 * does.
 */
export async function putBack(engine: Engine, kept: WeightSet): Promise<void> {
  const { weights } = engine
  const values = new Map<Parameter, Tensor>()
  for (const p of weights.visible) {
    const value: unknown = kept.find(({ name }) => name === p.layer)?.[p.key]
    const fits = value instanceof Tensor && value.dtype === weights.dtype && value.shape.join() === p.shape.join()
    if (!fits) return engine.setWeights('setWeights', kept, false)
    values.set(p, value as Tensor)
  }
  const buffers = new Map([...values].map(([p, value]) => [p, bufferOf(value)]))
  await whileThere(engine, weights.replacing(buffers))
}
