import { checkOptions, positiveInteger, positiveNumber } from '../base/checks'
import { OptionError } from '../base/errors'
import { inTurns } from '../base/slices'
import type { DataLike } from '../data/rows'
import type { Callback, CallbackState, TrainingRun } from '../model'
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

const where = 'callbacks.plateau'

class Plateau implements Callback {
  readonly name = 'plateau'
  /** Epochs in a row with a small gradient. */
  #small = 0
  #resumed = false

  constructor(readonly options: Required<PlateauOptions>) {}

  forRun(): Plateau {
    return new Plateau(this.options)
  }

  onTrainBegin(): void {
    if (!this.#resumed) this.#small = 0
    this.#resumed = false
  }

  async onEpoch(logs: EpochLogs, run: TrainingRun): Promise<void> {
    if (Object.hasOwn(logs, 'gradientNorm'))
      throw new OptionError(
        `${where}: expected logs without 'gradientNorm', got one of another plateau, or of a metric of that name.`,
      )
    const { engine } = run.model.internals(where)
    const { x, y, gradientNorm: limit, patience } = this.options
    const { gradients } = await withExamples(engine, where, 'read', { x, y }, undefined, (job, examples) =>
      costAndGradients(engine, job, examples, false),
    )
    const tensors = gradients.flatMap((layer) => Object.values(layer)).filter((value) => value instanceof Tensor)
    let squares = 0
    for (const t of tensors) squares += await inTurns(squaredNorm(bufferOf(t), t.size))
    tensors.forEach((t) => t.dispose())
    logs.gradientNorm = Math.sqrt(squares)
    const small = logs.gradientNorm < limit ? this.#small + 1 : 0
    this.#small = small
    if (small === patience)
      warn(
        `The gradient has been below ${limit} for ${patience} epochs ` +
          `(epoch ${logs.epoch}, J ${logs.loss.toPrecision(4)}). If J is low enough this is a minimum: stop. ` +
          'If not, it is a plateau or a saddle point: try Adam, momentum, a larger learning rate or another seed.',
      )
  }

  save(): CallbackState {
    return { values: { small: this.#small } }
  }

  restore({ values }: CallbackState): void {
    this.#small = Number(values.small)
    this.#resumed = true
  }
}

/**
 * Watches for plateaus and saddle points, where the gradient stays small for long: adds `gradientNorm`,
 * ‖dJ/dθ‖ on the rows given, to the logs of every epoch and warns once a run after `patience` epochs
 * below `gradientNorm`. OptionError where the logs have a value of that name, from another one or from a metric.
 */
export function plateau(options: PlateauOptions): Callback {
  checkOptions(where, options, ['x', 'y', 'gradientNorm', 'patience'])
  if (options?.x === undefined || options.y === undefined)
    throw new OptionError(`${where}: expected { x, y }, rows on which the gradient is measured.`)
  const limit = positiveNumber(`${where}: gradientNorm`, options.gradientNorm ?? 1e-3)
  const patience = positiveInteger(`${where}: patience`, options.patience ?? 5)
  return new Plateau({ x: options.x, y: options.y, gradientNorm: limit, patience })
}
