/** What a fit records. */
import type { DrawOptions } from '../../plot/picture'
import { warnAboutDropoutCurve } from './warn'

/**
 * One epoch. Metrics stand under their names; validation values start with `val_`. `Names`: those that TypeScript knows
 * to be there, beside what callbacks may have added.
 */
export type EpochLogs<Names extends string = never> = AnyEpochLogs & { [name in Names]: number }

interface AnyEpochLogs {
  /** From 1, or from `initialEpoch` + 1. */
  epoch: number
  /** Size-weighted mean of the costs of the epoch's batches, each before its update; includes penalties. */
  loss: number
  /** The same without penalties. */
  dataLoss: number
  /** Of the epoch's first step. */
  learningRate: number
  [name: string]: number
}

/** Why a fit ended: all epochs done, stopped by a callback, or `stopWhen`'s tolerance reached. */
export type StopReason = 'epochs' | 'early' | 'converged'

/** The record of a training run; `fit` resolves with it. `Names`: as for `EpochLogs`. */
export class History<Names extends string = never> {
  readonly epochs: EpochLogs<Names>[] = []
  stopped: StopReason = 'epochs'
  /** True if the network has dropout: its cost curve needs a word of warning. @internal */
  dropout = false
  /** Length of `batches`, which is put together when it is read. @internal */
  steps = 0
  #chunks: Float64Array[] = []
  #all: Float64Array | null = null

  /** J of every mini-batch before its update, in order. */
  get batches(): Float64Array {
    if (!this.#all) {
      const all = new Float64Array(this.steps)
      let at = 0
      for (const chunk of this.#chunks) {
        all.set(chunk, at)
        at += chunk.length
      }
      this.#all = all
      this.#chunks = [all]
    }
    return this.#all
  }

  /** @internal */
  addBatches(costs: Float64Array): void {
    if (!costs.length) return
    this.steps += costs.length
    this.#chunks.push(costs)
    this.#all = null
  }

  /**
   * Draws the cost curves into an SVG or PNG file (by the ending of `path`). Needs the optional packages that
   * the error names if they are missing. The same picture as `plot.history`.
   */
  async plot(path: string, options: DrawOptions = {}): Promise<void> {
    if (this.dropout) warnAboutDropoutCurve()
    const { historyPicture } = await import('../../plot/costs.js')
    await historyPicture('History.plot', this).save(path, options)
  }

  toJSON(): { epochs: EpochLogs<Names>[]; batches: number[]; stopped: StopReason } {
    return { epochs: this.epochs, batches: [...this.batches], stopped: this.stopped }
  }
}
