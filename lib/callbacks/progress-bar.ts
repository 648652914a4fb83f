import { checkOptions, numberInRange } from '../errors'
import type { EpochLogs } from '../model/history'
import type { Callback, TrainingProgress, TrainingRun } from './callback'

/** Where lines go: process.stderr, or anything with `write`. */
export interface ProgressStream {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
}

export interface ProgressBarOptions {
  /** Default process.stderr. */
  stream?: ProgressStream
  /** Width of the bar in characters, 4…100. Default 24. */
  width?: number
}

/** "45 s", "3:07", "1:02:09". */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?'
  const s = Math.max(0, Math.round(seconds))
  if (s < 60) return `${s} s`
  const pad = (n: number) => String(n).padStart(2, '0')
  const minutes = Math.floor(s / 60)
  return minutes < 60 ? `${minutes}:${pad(s % 60)}` : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(s % 60)}`
}

/** 12,345 examples per second as "12,345". */
function countText(n: number): string {
  return Math.round(n).toLocaleString('en-US')
}

function costText(cost: number): string {
  return cost.toFixed(4)
}

class ProgressBar implements Callback {
  readonly name = 'progressBar'
  #start = 0
  #epochStart = 0
  #lastDraw = 0
  #firstEpoch = 0
  #devAccuracy: number | undefined

  constructor(
    readonly stream: ProgressStream,
    readonly width: number,
  ) {}

  onTrainBegin(): void {
    this.#start = performance.now()
    this.#firstEpoch = 0
    this.#devAccuracy = undefined
  }

  onEpochBegin(epoch: number, run: TrainingRun): void {
    this.#epochStart = performance.now()
    if (!this.#firstEpoch) this.#firstEpoch = epoch
    if (this.stream.isTTY) this.#draw({ epoch, batch: 0, examples: 0, loss: NaN }, run)
  }

  onProgress(progress: TrainingProgress, run: TrainingRun): void {
    if (this.stream.isTTY && performance.now() - this.#lastDraw > 50) this.#draw(progress, run)
  }

  onEpoch(logs: EpochLogs, run: TrainingRun): void {
    const seconds = (performance.now() - this.#epochStart) / 1000
    this.#devAccuracy = logs.val_accuracy
    const parts = [`epoch ${this.#epochText(logs.epoch, run)}`, `cost ${costText(logs.loss)}`]
    if (logs.accuracy !== undefined) parts.push(`accuracy ${percentText(logs.accuracy)}`)
    if (logs.val_loss !== undefined) parts.push(`dev cost ${costText(logs.val_loss)}`)
    if (logs.val_accuracy !== undefined) parts.push(`dev accuracy ${percentText(logs.val_accuracy)}`)
    if (run.examples !== undefined) parts.push(`${countText(run.examples / seconds)} examples/s`)
    const left = this.#secondsLeft(logs.epoch, 0, run)
    if (logs.epoch < run.epochs) parts.push(`${durationText(left)} left`)
    const line = parts.join(' · ')
    this.stream.write(this.stream.isTTY ? `\r\x1b[2K${line}\n` : `${line}\n`)
  }

  #epochText(epoch: number, run: TrainingRun): string {
    const total = String(run.epochs)
    return `${String(epoch).padStart(total.length)}/${total}`
  }

  /** From the pace so far; `share` is the part of the epoch after `done` that has run. */
  #secondsLeft(done: number, share: number, run: TrainingRun): number {
    const finished = done - this.#firstEpoch + 1 + share
    const seconds = (performance.now() - this.#start) / 1000
    return finished > 0 ? (seconds / finished) * (run.epochs - done - share) : Infinity
  }

  #draw({ epoch, batch, examples, loss }: TrainingProgress, run: TrainingRun): void {
    this.#lastDraw = performance.now()
    const share = run.batches ? Math.min(1, batch / run.batches) : 0
    const filled = Math.round(share * this.width)
    const bar = run.batches ? ` ${'█'.repeat(filled)}${'░'.repeat(this.width - filled)}` : ` batch ${batch}`
    const parts = [`epoch ${this.#epochText(epoch, run)}${bar}`]
    if (Number.isFinite(loss)) parts.push(`cost ${costText(loss)}`)
    if (this.#devAccuracy !== undefined) parts.push(`dev accuracy ${percentText(this.#devAccuracy)}`)
    const seconds = (performance.now() - this.#epochStart) / 1000
    if (examples > 0) {
      parts.push(`${countText(examples / seconds)} examples/s`)
      if (run.batches) parts.push(`${durationText(this.#secondsLeft(epoch - 1, share, run))} left`)
    }
    const line = parts.join(' · ').slice(0, (this.stream.columns ?? 120) - 1)
    this.stream.write(`\r\x1b[2K${line}`)
  }
}

function percentText(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

/**
 * Shows epoch, cost, dev accuracy, examples per second and time left: one line that redraws itself on a terminal, one
 * plain line per epoch otherwise.
 */
export function progressBar(options: ProgressBarOptions = {}): Callback {
  checkOptions('callbacks.progressBar', options, ['stream', 'width'])
  const width = numberInRange('callbacks.progressBar: width', options.width ?? 24, 4, 100)
  return new ProgressBar(options.stream ?? process.stderr, Math.round(width))
}
