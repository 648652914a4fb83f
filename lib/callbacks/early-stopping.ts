import {
  booleanOption,
  checkOptions,
  nonEmptyString,
  nonNegativeInteger,
  nonNegativeNumber,
  oneOf,
} from '../base/checks'
import { OptionError } from '../base/errors'
import { didYouMean } from '../base/suggest'
import { largerIsBetter } from '../metrics'
import type { Callback, CallbackState, TrainingRun } from '../model'
import { keepWeights, putBack } from '../model/train/best-weights'
import type { EpochLogs } from '../model/train/history'
import { Tensor } from '../tensor/tensor'
import type { WeightSet } from '../tensor/weight-set'

export interface EarlyStoppingOptions {
  /** Name of a value of the history's epochs. Default 'val_loss'. */
  monitor?: string | undefined
  /** Epochs without improvement that are waited for. Default 0. */
  patience?: number | undefined
  /** A change counts as improvement only if it is larger than this. Default 0. */
  minDelta?: number | undefined
  /**
   * Whether to put the weights of the best epoch back when the run ends: after its last epoch or by `patience`. A run
   * that is aborted or fails keeps the weights of its last step, from which it can go on. Default false.
   */
  restoreBestWeights?: boolean | undefined
  /**
   * Whether smaller or larger is better. 'auto' (default): larger for metrics of right answers (accuracy, precision,
   * recall, f1, auc), smaller for losses and errors. Anything else, such as a metric of your own, needs 'min' or 'max'.
   */
  mode?: 'auto' | 'min' | 'max' | undefined
}

class EarlyStopping implements Callback {
  readonly name = 'earlyStopping'
  #best: number
  #bestEpoch = 0
  #wait = 0
  #weights: WeightSet | null = null
  #resumed = false
  readonly #sign: 1 | -1

  constructor(readonly options: Required<EarlyStoppingOptions>) {
    const max = options.mode === 'max' || (options.mode === 'auto' && largerIsBetter(options.monitor) === true)
    this.#sign = max ? -1 : 1
    this.#best = Infinity
  }

  forRun(): EarlyStopping {
    return new EarlyStopping(this.options)
  }

  onTrainBegin(run: TrainingRun): void {
    if (run.logNames) this.#requireMonitored(run.logNames)
    this.#requireMode()
    if (this.#resumed) {
      this.#resumed = false
      return
    }
    this.#best = Infinity
    this.#bestEpoch = this.#wait = 0
    this.#weights = null
  }

  async onEpoch(logs: EpochLogs, run: TrainingRun): Promise<void> {
    const { monitor, minDelta, patience, restoreBestWeights } = this.options
    const value = logs[monitor]
    if (typeof value !== 'number') return this.#requireMonitored(Object.keys(logs).filter((key) => key !== 'epoch'))
    const cost = this.#sign * value
    if (cost < this.#best - minDelta) {
      this.#best = cost
      this.#bestEpoch = logs.epoch
      this.#wait = 0
      if (restoreBestWeights) {
        this.#release()
        this.#weights = await keepWeights(run.model.internals('callbacks.earlyStopping').engine)
      }
    } else if (++this.#wait >= Math.max(1, patience)) {
      run.stop()
    }
  }

  async onTrainEnd(run: TrainingRun): Promise<void> {
    if (this.#weights && this.#bestEpoch > 0) {
      const { engine } = run.model.internals('callbacks.earlyStopping')
      await putBack(engine, this.#weights)
    }
    this.#release()
  }

  #requireMonitored(names: readonly string[]): void {
    const { monitor } = this.options
    if (names.includes(monitor)) return
    const unvalidated = monitor.startsWith('val_') && !names.some((name) => name.startsWith('val_'))
    const hint = unvalidated ? ' Give fit validationData, or monitor a training value.' : ''
    const near = unvalidated ? '' : didYouMean(monitor, names)
    throw new OptionError(`earlyStopping: the history has no '${monitor}'.${near} Known: ${names.join(', ')}.${hint}`)
  }

  #requireMode(): void {
    const { monitor, mode } = this.options
    if (mode === 'auto' && largerIsBetter(monitor) === null)
      throw new OptionError(
        `earlyStopping: mode: expected 'min' or 'max' for '${monitor}', got 'auto'. It is no loss or metric of ` +
          `Myelin's own; say whether smaller or larger values of it are better.`,
      )
  }

  #release(): void {
    for (const layer of this.#weights ?? [])
      for (const value of Object.values(layer)) if (value instanceof Tensor) value.dispose()
    this.#weights = null
  }

  save(): CallbackState {
    const tensors: { [key: string]: Tensor } = {}
    const layout: string[][] = []
    for (const layer of this.#weights ?? []) {
      const names = Object.keys(layer).filter((key) => layer[key] instanceof Tensor)
      layout.push([layer.name, ...names])
      for (const key of names) tensors[`${layer.name}.${key}`] = layer[key] as Tensor
    }
    return { values: { best: this.#best, bestEpoch: this.#bestEpoch, wait: this.#wait, layout }, tensors }
  }

  restore({ values, tensors = {} }: CallbackState): void {
    // Files of 0.1 have null for no best yet.
    this.#best = typeof values.best === 'number' ? values.best : Infinity
    this.#bestEpoch = Number(values.bestEpoch)
    this.#wait = Number(values.wait)
    const layout = values.layout as string[][]
    this.#weights = layout.length
      ? layout.map(([name, ...keys]) =>
          Object.assign({ name }, Object.fromEntries(keys.map((key) => [key, tensors[`${name}.${key}`]]))),
        )
      : null
    this.#resumed = true
  }
}

/**
 * Stops when the monitored value has not improved for `patience` epochs (with patience 0: at the first epoch without
 * improvement). Couples optimisation and regularisation: where that is a drawback, train longer with an L2 penalty
 * instead. OptionError when a fit begins that has no such value, or where `mode` has to be said.
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const where = 'callbacks.earlyStopping'
  checkOptions(where, options, ['monitor', 'patience', 'minDelta', 'restoreBestWeights', 'mode'])
  const { monitor = 'val_loss', patience = 0, minDelta = 0, restoreBestWeights = false, mode = 'auto' } = options
  return new EarlyStopping({
    monitor: nonEmptyString(`${where}: monitor`, monitor),
    patience: nonNegativeInteger(`${where}: patience`, patience),
    minDelta: nonNegativeNumber(`${where}: minDelta`, minDelta),
    restoreBestWeights: booleanOption(`${where}: restoreBestWeights`, restoreBestWeights),
    mode: oneOf(`${where}: mode`, mode, ['auto', 'min', 'max']),
  })
}
