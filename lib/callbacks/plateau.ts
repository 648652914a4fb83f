import { checkOptions, positiveInteger, positiveNumber } from '../base/checks'
import { OptionError } from '../base/errors'
import { inTurns } from '../base/slices'
import type { DataLike } from '../data/rows'
import type { Callback, TrainingRun } from '../model'
import { withExamples } from '../model/calls'
import { costAndGradients } from '../model/infer/cost-and-gradients'
import type { EpochLogs } from '../model/train/history'
import { warn } from '../model/train/warn'
import { bufferOf, Tensor } from '../tensor/tensor'
import { squaredNorm } from './squared-norm'

export interface PlateauOptions {
  /** Rows on which the gradient is measured after each epoch: some hundred training examples will do. */
  x: DataLike
  y: DataLike
  /** Gradients with a norm below this are small. Default 1e-3. */
  gradientNorm?: number | undefined
  /** Epochs in a row with a small gradient before the warning. Default 5. */
  patience?: number | undefined
}

/**
 * Watches for plateaus and saddle points, where the gradient stays small for long: adds `gradientNorm`,
 * ‖dJ/dθ‖ on the rows given, to the logs of every epoch and warns once a run after `patience` epochs
 * below `gradientNorm`. OptionError where the logs have a value of that name, from another one or from a metric.
 */
export function plateau(options: PlateauOptions): Callback {
  const where = 'callbacks.plateau'
  checkOptions(where, options, ['x', 'y', 'gradientNorm', 'patience'])
  if (options?.x === undefined || options.y === undefined)
    throw new OptionError(`${where}: expected { x, y }, rows on which the gradient is measured.`)
  const limit = positiveNumber(`${where}: gradientNorm`, options.gradientNorm ?? 1e-3)
  const patience = positiveInteger(`${where}: patience`, options.patience ?? 5)
  // Of each run: epochs in a row with a small gradient.
  const counts = new WeakMap<TrainingRun, number>()
  return {
    name: 'plateau',
    async onEpoch(logs: EpochLogs, run: TrainingRun): Promise<void> {
      if (Object.hasOwn(logs, 'gradientNorm'))
        throw new OptionError(
          `${where}: expected logs without 'gradientNorm', got one of another plateau, or of a metric of that name.`,
        )
      const { engine } = run.model.internals(where)
      const given = { x: options.x, y: options.y }
      const { gradients } = await withExamples(engine, where, 'read', given, undefined, (job, examples) =>
        costAndGradients(engine, job, examples, false),
      )
      const tensors = gradients.flatMap((layer) => Object.values(layer)).filter((value) => value instanceof Tensor)
      let squares = 0
      for (const t of tensors) squares += await inTurns(squaredNorm(bufferOf(t), t.size))
      tensors.forEach((t) => t.dispose())
      logs.gradientNorm = Math.sqrt(squares)
      const small = logs.gradientNorm < limit ? (counts.get(run) ?? 0) + 1 : 0
      counts.set(run, small)
      if (small === patience)
        warn(
          `The gradient has been below ${limit} for ${patience} epochs ` +
            `(epoch ${logs.epoch}, J ${logs.loss.toPrecision(4)}). If J is low enough this is a minimum: stop. ` +
            'If not, it is a plateau or a saddle point: try Adam, momentum, a larger learning rate or another seed.',
        )
    },
  }
}
