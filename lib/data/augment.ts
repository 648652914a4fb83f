/** More training images from those there are: flipped, turned, shifted, cropped, distorted. */
import {
  booleanOption,
  checkOptions,
  checkSignal,
  finiteNumber,
  isFiniteNumber,
  isListOf,
  nonNegativeInteger,
  nonNegativeNumber,
  numberInRange,
  seedOption,
  throwIfAborted,
} from '../base/checks'
import { markClass } from '../base/copies'
import { isArrayOf, type DType } from '../base/dtype'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { sizeOf, type Shape } from '../base/shape'
import { atOnce, inTurns, type Sliced } from '../base/slices'
import type { AugmentRequest, NativeAugmentation, NativeBuffer } from '../native/contract'
import { native } from '../native/native'
import { fromCore, guarded } from '../native/runtime'
import { ops } from '../ops/public'
import { Tensor, tensor } from '../tensor/tensor'
import { batches, type Batches, type BatchesOptions } from './batches'
import { checkShift, formatOf, givenFormat, type GivenFormat, type ImageFormatOptions } from './image-format'
import { rowNumbers } from './random'
import { openRows } from './row-source'
import type { DataLike } from './rows'
import { toNative, type NativeRows } from './transfer'

export interface TransformOptions extends ImageFormatOptions {
  /** Mirror left and right. Default false. */
  flip?: boolean | undefined
  /** Degrees counter-clockwise about the middle; quarter turns of square images are exact. Default 0. */
  rotate?: number | undefined
  /** [down, right] in pixels; what comes in is 0, whole pixels are exact. Default [0, 0]. */
  translate?: readonly [number, number] | undefined
}

export interface AugmentOptions extends ImageFormatOptions {
  /** Chance of a horizontal flip, 0 … 1; true is 0.5. Not for digits and letters. Default 0. */
  flip?: boolean | number | undefined
  /** Share of height and width that a random window keeps before it is enlarged again: above 0, up to 1. Default 1. */
  crop?: number | undefined
  /** Largest angle in degrees, either way. Default 0. */
  rotate?: number | undefined
  /** Largest shift in whole pixels, in all directions. Default 0. */
  translate?: number | undefined
  /**
   * Elastic distortion: how many pixels a pixel moves at most, smoothly over `smoothness` pixels (at least 1, default
   * 6). Default none.
   */
  distort?: { strength: number; smoothness?: number | undefined } | undefined
  /** Default 0. A row of the data gets the same treatment for the same seed and epoch. */
  seed?: number | bigint | undefined
}

/** Options with their defaults, as plain data: checkpoints keep them. */
export interface AugmentSettings extends GivenFormat {
  flip: number
  crop: number
  rotate: number
  translate: number
  distort: { strength: number; smoothness: number } | null
  /** In decimal. */
  seed: string
}

/** Images in native memory, and what they are. */
interface Images extends NativeRows {
  dtype: DType
  how: NativeAugmentation
}

function dtypeOf(x: DataLike): DType {
  if (x instanceof Tensor) return x.dtype === 'float64' ? 'float64' : 'float32'
  const source: unknown = x !== null && typeof x === 'object' && 'data' in x ? x.data : x
  return isArrayOf('float64', source) || (source instanceof Tensor && source.dtype === 'float64')
    ? 'float64'
    : 'float32'
}

/** Reads images in slices. The caller releases them. NonFiniteError, ShapeError. */
function* imagesOf(where: string, x: DataLike, how: (row: Shape) => NativeAugmentation): Sliced<Images> {
  const dtype = dtypeOf(x)
  const source = openRows(`${where}: x`, x, dtype)
  try {
    const described = how(source.shape.slice(1))
    return { ...(yield* toNative(where, 'x', source, { dtype, device: 'cpu' })), dtype, how: described }
  } finally {
    source.release()
  }
}

function tensorOf({ shape, dtype }: Images, count: number, [buffer]: readonly NativeBuffer[]): Tensor {
  return Tensor.fromBuffer(buffer, [count, ...shape.slice(1)], dtype)
}

/** The same flip, turn and shift for every image; a new Tensor. */
export function transformImages(x: DataLike, options: TransformOptions): Tensor {
  const where = 'data.transformImages'
  checkOptions(where, options, ['shape', 'channels', 'flip', 'rotate', 'translate'])
  const given = givenFormat(where, options ?? {})
  const rotate = finiteNumber(`${where}: rotate`, options?.rotate ?? 0)
  const translate: unknown = options?.translate ?? [0, 0]
  const flip = booleanOption(`${where}: flip`, options?.flip ?? false)
  if (!isListOf(translate, isFiniteNumber) || translate.length !== 2)
    throw new OptionError(
      `${where}: translate: expected two finite numbers, [down, right] in pixels, got ${describeValue(translate)}.`,
    )
  const [down, right] = translate as [number, number]
  const images = atOnce(imagesOf(where, x, (row) => formatOf(where, given, row)))
  const motion = { flip, degrees: rotate, down, right }
  try {
    const request = { images: images.buffer, rows: rowNumbers(images.shape[0]), motion }
    return tensorOf(
      images,
      images.shape[0],
      guarded(where, () => native.augmentSync(images.how, request)),
    )
  } finally {
    images.release()
  }
}

/** Makes new images; labels stay what they are. */
export class Augmenter {
  #calls = 0
  readonly #seed: bigint

  /** @internal Use `data.augment`. */
  constructor(readonly options: Readonly<AugmentSettings>) {
    this.#seed = BigInt(options.seed)
  }

  /** What happens to rows of this shape. ShapeError where they are no images. @internal */
  how(where: string, row: Shape): NativeAugmentation {
    const { flip, crop, rotate, translate, distort } = this.options
    const format = formatOf(where, this.options, row)
    checkShift(where, translate, format)
    return { ...format, flip, crop, rotate, translate, ...(distort ?? {}) }
  }

  /** The request that changes `rows` in pass number `pass`, from 0. @internal */
  request(images: NativeBuffer, rows: Uint32Array, pass: number): AugmentRequest {
    return { images, rows, seed: this.#seed, pass }
  }

  /**
   * A changed copy of every image, in x's shape and dtype; each call draws anew: call number n changes row i as epoch n
   * of a new model's `fit` does. On the calling thread and the library's; `applyAsync` leaves the event loop free.
   */
  apply(x: DataLike): Tensor {
    const where = 'augment.apply'
    const images = atOnce(imagesOf(where, x, (row) => this.how(where, row)))
    try {
      const request = this.request(images.buffer, rowNumbers(images.shape[0]), this.#calls)
      const made = guarded(where, () => native.augmentSync(images.how, request))
      this.#calls++
      return tensorOf(images, images.shape[0], made)
    } finally {
      images.release()
    }
  }

  /** `apply` on the library's own threads. AbortError. */
  async applyAsync(x: DataLike, options: { signal?: AbortSignal | undefined } = {}): Promise<Tensor> {
    const where = 'augment.applyAsync'
    checkOptions(where, options, ['signal'])
    const { signal } = options
    checkSignal(where, signal)
    throwIfAborted(where, signal)
    const call = this.#calls++
    const images = await inTurns(
      imagesOf(where, x, (row) => this.how(where, row)),
      () => throwIfAborted(where, signal),
    )
    try {
      return await this.#make(where, images, rowNumbers(images.shape[0]), call, signal)
    } finally {
      images.release()
    }
  }

  async #make(where: string, images: Images, rows: Uint32Array, pass: number, signal?: AbortSignal): Promise<Tensor> {
    const job = guarded(where, () => native.augment(images.how, this.request(images.buffer, rows, pass)))
    signal?.addEventListener('abort', job.cancel, { once: true })
    try {
      const { fetches } = await job.promise
      if (signal?.aborted) fetches.forEach((buffer) => native.bufferDispose(buffer))
      throwIfAborted(where, signal)
      return tensorOf(images, rows.length, fetches)
    } catch (error) {
      throw fromCore(where, error)
    } finally {
      signal?.removeEventListener('abort', job.cancel)
    }
  }

  /** The examples and a changed copy of each behind them: 2m rows, labels repeated. */
  append(xy: { x: DataLike; y: DataLike }): { x: Tensor; y: Tensor } {
    const where = 'augment.append'
    const asOne = (name: string, rows: DataLike) =>
      rows instanceof Tensor ? rows : asTensor(`${where}: ${name}`, rows)
    const [x, y] = [asOne('x', xy?.x), asOne('y', xy?.y)]
    if (y.shape[0] !== x.shape[0])
      throw new ShapeError(`${where}: x and y need the same number of rows, got ${x.shape[0]} and ${y.shape[0]}.`)
    const changed = this.apply(x)
    const result = { x: ops.concat([x, changed], { axis: 0 }), y: ops.concat([y, y], { axis: 0 }) }
    changed.dispose()
    return result
  }

  /**
   * Mini-batches whose images are changed anew in every pass, for training loops of your own (`fit` takes the augmenter
   * itself): `for await (const { x, y } of augment.batches(train, { batchSize: 64 }))`. Row i in pass n is changed in
   * the same way whatever the batch size and the order. With `for await` the images are made on the library's threads.
   */
  batches<W extends DataLike | undefined = undefined>(
    xy: { x: DataLike; y: DataLike; sampleWeight?: W },
    options: BatchesOptions = {},
  ): Batches<DataLike, DataLike, W> {
    const where = 'augment.batches'
    const images = atOnce(imagesOf(where, xy?.x, (row) => this.how(where, row)))
    const numbers = Float64Array.from(rowNumbers(images.shape[0]))
    const plain = batches({ ...xy, x: numbers }, options)
    const make = this.#make.bind(this, where, images)
    const makeSync = (rows: Uint32Array, pass: number) =>
      tensorOf(
        images,
        rows.length,
        guarded(where, () => native.augmentSync(images.how, this.request(images.buffer, rows, pass))),
      )
    let passes = 0
    return {
      length: plain.length,
      *[Symbol.iterator]() {
        const pass = passes++
        for (const batch of plain) yield { ...batch, x: makeSync(takeNumbers(batch.x), pass) }
      },
      async *[Symbol.asyncIterator]() {
        const pass = passes++
        for (const batch of plain) yield { ...batch, x: await make(takeNumbers(batch.x), pass) }
      },
    }
  }
}

markClass(Augmenter)

/** Row numbers that went through `batches` as if they were examples. */
function takeNumbers(rows: Tensor): Uint32Array {
  const numbers = Uint32Array.from(rows.data)
  rows.dispose()
  return numbers
}

function asTensor(where: string, value: DataLike): Tensor {
  const dtype = dtypeOf(value)
  const rows = openRows(where, value, dtype)
  try {
    return tensor(rows.read(0, sizeOf(rows.shape)), rows.shape, { dtype })
  } finally {
    rows.release()
  }
}

/**
 * An augmenter for images: for `fit({ augment })`, which changes every batch anew on the library's threads, or to be
 * used by hand. With no option it changes nothing. OptionError, ShapeError.
 */
export function augment(options: AugmentOptions = {}): Augmenter {
  const where = 'data.augment'
  checkOptions(where, options, ['shape', 'channels', 'flip', 'crop', 'rotate', 'translate', 'distort', 'seed'])
  const { flip = 0, distort } = options
  if (distort !== undefined) checkOptions(`${where}: distort`, distort, ['strength', 'smoothness'])
  if (typeof flip !== 'boolean' && typeof flip !== 'number')
    throw new OptionError(`${where}: flip: expected true, false or a chance from 0 to 1, got ${describeValue(flip)}.`)
  return new Augmenter({
    ...givenFormat(where, options),
    flip: flip === true ? 0.5 : flip === false ? 0 : numberInRange(`${where}: flip`, flip, 0, 1),
    crop: numberInRange(`${where}: crop (the share of height and width that is kept)`, options.crop ?? 1, 0, 1, '(]'),
    rotate: nonNegativeNumber(`${where}: rotate`, options.rotate ?? 0),
    translate: nonNegativeInteger(`${where}: translate`, options.translate ?? 0),
    distort: distort
      ? {
          strength: nonNegativeNumber(`${where}: distort.strength`, distort.strength),
          smoothness: numberInRange(`${where}: distort.smoothness (pixels)`, distort.smoothness ?? 6, 1, 1e6),
        }
      : null,
    seed: String(seedOption(`${where}: seed`, options.seed ?? 0)),
  })
}
