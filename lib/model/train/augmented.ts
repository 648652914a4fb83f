/** Changed copies of training images, made on the library's threads, part by part. */
import { isDeepStrictEqual } from 'node:util'
import { bytesPerNumber } from '../../base/dtype'
import { sizeOf } from '../../base/shape'
import { Augmenter, type AugmentSettings } from '../../data/augment'
import { rowNumbers } from '../../data/random'
import type { Home } from '../../data/transfer'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import { inputsOf, type NativeData } from '../data/examples'
import type { NativeInput } from '../data/inputs'
import type { Job } from '../queue/job'

/** Inputs of a plan by name; `rows` of them are wanted, batch by batch. */
export interface ReadyRows {
  inputs: Record<string, NativeBuffer>
  rows: Uint32Array
  release(): void
}

/**
 * Bytes of changed images that are made at once, where a batch is not larger: some ten milliseconds of work, enough for
 * JavaScript's part between two native runs not to count.
 */
const partBytes = 1 << 23

interface Part {
  rows: Uint32Array
  pass: number
  made: Promise<ReadyRows>
}

/** The input of a network whose images are changed, and how. */
export interface Augmented {
  /** Its name; 'x' where the model has one input. */
  input: string
  how: AugmentSettings
}

/** The images among the inputs. */
function imagesOf({ x }: NativeData, { input }: Augmented): NativeInput {
  return x.list.find((given) => given.input.name === input)!
}

/** What an augmenter makes of a data set's rows, which must lie in the CPU's memory. */
class Maker {
  readonly #augmenter: Augmenter

  constructor(
    readonly augmented: Augmented,
    readonly job: Job,
    /** Where the changed images go. */
    readonly home: Home,
  ) {
    this.#augmenter = new Augmenter(augmented.how)
  }

  async make(data: NativeData, rows: Uint32Array, pass: number, firstRow = 0): Promise<ReadyRows> {
    const images = imagesOf(data, this.augmented)
    const { slot } = images.input
    const how = this.#augmenter.how(`${this.job.what}: augment`, images.input.shape)
    const { [slot]: buffer, ...others } = inputsOf(data)
    const request = {
      ...this.#augmenter.request(buffer, rows, pass),
      beside: Object.values(others),
      firstRow,
      device: this.home.device,
    }
    const { fetches } = await this.job.beside(() => native.augment(how, request))
    return {
      inputs: Object.fromEntries([slot, ...Object.keys(others)].map((name, i) => [name, fetches[i]])),
      rows: rowNumbers(rows.length),
      release: () => fetches.forEach((buffer) => native.bufferDispose(buffer)),
    }
  }
}

/** The training rows of a fit, changed anew in every epoch. */
export class AugmentedRows {
  readonly #maker: Maker
  #ahead: Part | null = null

  constructor(
    augmented: Augmented,
    job: Job,
    readonly train: NativeData,
    readonly home: Home,
  ) {
    this.#maker = new Maker(augmented, job, home)
  }

  /** Steps of a part at most. */
  stepsAtOnce(batch: number): number {
    const bytes =
      bytesPerNumber[this.home.dtype] * sizeOf(imagesOf(this.train, this.#maker.augmented).input.shape) * batch
    return Math.max(1, Math.floor(partBytes / bytes))
  }

  /**
   * Begins to make a part that `take` will be asked for. Only where the steps run on a device: on the CPU they keep all
   * cores busy, and a part made meanwhile would hold up every kernel that waits for its last thread.
   */
  prepare(rows: Uint32Array, pass: number): void {
    if (this.home.device === 'cpu') return
    const made = this.#maker.make(this.train, rows, pass)
    made.catch(() => undefined) // reported when it is taken
    this.#ahead = { rows, pass, made }
  }

  async take(rows: Uint32Array, pass: number): Promise<ReadyRows> {
    const ahead = this.#ahead
    if (ahead?.pass === pass && isDeepStrictEqual(ahead.rows, rows)) {
      this.#ahead = null
      return ahead.made
    }
    await this.close()
    return this.#maker.make(this.train, rows, pass)
  }

  /** Waits for what nobody will take, and frees it. */
  async close(): Promise<void> {
    const ahead = this.#ahead
    this.#ahead = null
    const made = await ahead?.made.catch(() => null)
    made?.release()
  }
}

/** One batch of a stream; `firstRow` is the number of its first row in the epoch. Frees `data`. */
export async function augmentedBatch(
  augmented: Augmented,
  job: Job,
  home: Home,
  data: NativeData,
  pass: number,
  firstRow: number,
): Promise<NativeData> {
  try {
    const { inputs, release } = await new Maker(augmented, job, home).make(data, rowNumbers(data.rows), pass, firstRow)
    const list = data.x.list.map((given) => ({ ...given, buffer: inputs[given.input.slot] }))
    const y = data.y.map((given) => ({
      ...given,
      buffer: inputs[given.output.slot],
      weights: given.weights && inputs[given.output.weightSlot],
    }))
    return { rows: data.rows, x: { ...data.x, list }, y, dispose: release }
  } finally {
    data.dispose()
  }
}
