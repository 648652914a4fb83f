import { now as clock } from '../../base/clock'
import { checkOptions, numberInRange } from '../../base/checks'
import type { Callback, TrainingProgress, TrainingRun } from './callback'
import type { EpochLogs } from './history'

/** Where lines go: process.stderr, or anything with `write`. */
export interface ProgressStream {
  write(text: string): unknown
  isTTY?: boolean | undefined
  columns?: number | undefined
}

export interface ProgressBarOptions {
  /** Default process.stderr. */
  stream?: ProgressStream | undefined
  /** Width of the bar in characters, 4…100. Default 24. */
  width?: number | undefined
}

/** "45 s", "3:07", "1:02:09". */
function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?'
  const s = Math.max(0, Math.round(seconds))
  if (s < 60) return `${s} s`
  const pad = (n: number) => String(n).padStart(2, '0')
  const minutes = Math.floor(s / 60)
  return minutes < 60 ? `${minutes}:${pad(s % 60)}` : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(s % 60)}`
}

/** Where a run is at a time, in ms. */
interface Moment {
  time: number
  /** Epochs done, with the share of the running one where that is known. */
  epochs: number
  /** Examples of the running epoch. */
  examples: number
}

/** 12,345 examples per second as "12,345". */
function countText(n: number): string {
  return Math.round(n).toLocaleString('en-US')
}

function costText(cost: number): string {
  return cost.toFixed(4)
}

/** Streams on which an error was met: whoever reads them has gone (EPIPE), and training goes on without words. */
const broken = new WeakSet<ProgressStream>()
const listenedTo = new WeakSet<ProgressStream>()

/** Writes, and never throws. What a stream reports later as an event would end the process, where nobody listens. */
function writeTo(stream: ProgressStream, text: string): void {
  if (broken.has(stream)) return
  const { on } = stream as Partial<NodeJS.EventEmitter>
  if (on && !listenedTo.has(stream)) {
    listenedTo.add(stream)
    on.call(stream, 'error', () => broken.add(stream))
  }
  try {
    stream.write(text)
  } catch {
    broken.add(stream)
  }
}

class ProgressBar implements Callback {
  readonly name = 'progressBar'
  #trainBegin: Moment | null = null
  #epochBegin: Moment = { time: 0, epochs: 0, examples: 0 }
  /** The first report of a step. Compiling came before it, so pace is measured from here. */
  #firstReport: Moment | null = null
  #lastDraw = 0
  #devAccuracy: number | undefined

  constructor(
    readonly stream: ProgressStream,
    readonly width: number,
  ) {}

  forRun(): ProgressBar {
    return new ProgressBar(this.stream, this.width)
  }

  onTrainBegin(run: TrainingRun): void {
    this.#trainBegin = null
    // A resumed run goes on within an epoch, which does not begin again.
    if (run.begun) this.#trainBegin = this.#epochBegin = this.#momentOf(run.begun, run)
    this.#firstReport = null
    this.#devAccuracy = undefined
  }

  onEpochBegin(epoch: number, run: TrainingRun): void {
    this.#epochBegin = { time: clock(), epochs: epoch - 1, examples: 0 }
    this.#trainBegin ??= this.#epochBegin
    if (this.stream.isTTY) this.#draw({ epoch, batch: 0, examples: 0, loss: NaN }, run)
  }

  onProgress(progress: TrainingProgress, run: TrainingRun): void {
    this.#firstReport ??= this.#momentOf(progress, run)
    if (this.stream.isTTY && clock() - this.#lastDraw > 50) this.#draw(progress, run)
  }

  onEpoch(logs: EpochLogs, run: TrainingRun): void {
    const now = { time: clock(), epochs: logs.epoch, examples: run.examples ?? 0 }
    this.#devAccuracy = logs.val_accuracy
    const parts = [`epoch ${this.#epochText(logs.epoch, run)}`, `cost ${costText(logs.loss)}`]
    if (logs.accuracy !== undefined) parts.push(`accuracy ${percentText(logs.accuracy)}`)
    if (logs.val_loss !== undefined) parts.push(`dev cost ${costText(logs.val_loss)}`)
    if (logs.val_accuracy !== undefined) parts.push(`dev accuracy ${percentText(logs.val_accuracy)}`)
    if (run.examples !== undefined) parts.push(this.#rateText(now, run))
    if (logs.epoch < run.epochs) parts.push(this.#leftText(now, run))
    const line = parts.join(' · ')
    writeTo(this.stream, this.stream.isTTY ? `\r\x1b[2K${line}\n` : `${line}\n`)
  }

  #epochText(epoch: number, run: TrainingRun): string {
    const total = String(run.epochs)
    return `${String(epoch).padStart(total.length)}/${total}`
  }

  #momentOf({ epoch, batch, examples }: Omit<TrainingProgress, 'loss'>, run: TrainingRun): Moment {
    const share = run.batches ? Math.min(1, batch / run.batches) : 0
    return { time: clock(), epochs: epoch - 1 + share, examples }
  }

  /**
   * Where to measure from up to `now`: the first report, or `begin` where there was but one so far, or where the length
   * of an epoch is unknown, so that a report does not say how far the run is.
   */
  #since(begin: Moment, now: Moment, run: TrainingRun): Moment {
    const first = this.#firstReport
    return first && run.batches && first.time > begin.time && now.epochs > first.epochs ? first : begin
  }

  #rateText(now: Moment, run: TrainingRun): string {
    const since = this.#since(this.#epochBegin, now, run)
    return `${countText(((now.examples - since.examples) / (now.time - since.time)) * 1000)} examples/s`
  }

  #leftText(now: Moment, run: TrainingRun): string {
    const since = this.#since(this.#trainBegin ?? this.#epochBegin, now, run)
    const pace = (now.time - since.time) / (now.epochs - since.epochs)
    return `${durationText((pace * (run.epochs - now.epochs)) / 1000)} left`
  }

  #draw(progress: TrainingProgress, run: TrainingRun): void {
    const { epoch, batch, examples, loss } = progress
    const now = this.#momentOf(progress, run)
    this.#lastDraw = now.time
    const share = run.batches ? Math.min(1, batch / run.batches) : 0
    const filled = Math.round(share * this.width)
    const bar = run.batches ? ` ${'█'.repeat(filled)}${'░'.repeat(this.width - filled)}` : ` batch ${batch}`
    const parts = [`epoch ${this.#epochText(epoch, run)}${bar}`]
    if (Number.isFinite(loss)) parts.push(`cost ${costText(loss)}`)
    if (this.#devAccuracy !== undefined) parts.push(`dev accuracy ${percentText(this.#devAccuracy)}`)
    // The first report alone tells no pace: all that came before it is mostly compiling.
    const hasPace = !run.batches || (this.#firstReport !== null && now.epochs > this.#firstReport.epochs)
    if (examples > 0 && hasPace) {
      parts.push(this.#rateText(now, run))
      if (run.batches) parts.push(this.#leftText(now, run))
    }
    // A terminal that does not know its width says 0.
    const line = parts.join(' · ').slice(0, (this.stream.columns || 120) - 1)
    writeTo(this.stream, `\r\x1b[2K${line}`)
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
