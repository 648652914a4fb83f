/** More training images from those there are (5.4.4 of the notes): flipped, turned, shifted, cropped, distorted. */
import {
  checkOptions,
  nonNegativeNumber,
  nonNegativeInteger,
  numberInRange,
  OptionError,
  positiveNumber,
  seedOption,
  ShapeError,
  shapeOption,
  shapeText,
  describeValue,
} from '../errors'
import type { NativeArray } from '../native'
import { type Tensor, tensor } from '../tensor'
import { batches, type Batches, type BatchesOptions } from './batches'
import { Random } from './random'
import { type DataLike, type Rows, toRows } from './rows'

/** [height, width] or [height, width, channels] of an image; a flattened image has its channels side by side. */
export type ImageShape = readonly number[]

export interface TransformOptions {
  shape: ImageShape
  /** Mirror left and right. Default false. */
  flip?: boolean
  /** Degrees counter-clockwise about the middle; quarter turns of square images are exact. Default 0. */
  rotate?: number
  /** [down, right] in pixels; what comes in is 0, whole pixels are exact. Default [0, 0]. */
  translate?: readonly [number, number]
}

export interface AugmentOptions {
  shape: ImageShape
  /** Chance of a horizontal flip, 0 … 1; true is 0.5. Not for digits and letters. Default 0. */
  flip?: boolean | number
  /** Share of the height and width that a random window keeps, before it is enlarged again, 0 … 1. Default 1. */
  crop?: number
  /** Largest angle in degrees, either way. Default 0. */
  rotate?: number
  /** Largest shift in whole pixels, in all directions. Default 0. */
  translate?: number
  /** Elastic distortion: how many pixels a pixel moves at most, smoothly over `smoothness` pixels (default 6). Default none. */
  distort?: { strength: number; smoothness?: number }
  /** Default 0. Image number i of the n-th call gets the same treatment for the same seed. */
  seed?: number | bigint
}

/** Where in the input a pixel of the output comes from, in pixels. */
type Mapping = (row: number, column: number) => readonly [number, number]

interface Frame {
  height: number
  width: number
  channels: number
}

function frameOf(where: string, value: ImageShape): Frame {
  const shape = shapeOption(`${where}: shape`, value)
  if (shape.length !== 2 && shape.length !== 3)
    throw new ShapeError(`${where}: shape: expected [height, width] or [height, width, channels], got ${shapeText(shape)}.`) // prettier-ignore
  return { height: shape[0], width: shape[1], channels: shape[2] ?? 1 }
}

function imagesOf(where: string, x: DataLike, { height, width, channels }: Frame): Rows {
  const rows = toRows(where, x)
  const size = height * width * channels
  const inner = rows.shape.slice(1).join()
  const fits = [`${size}`, `${height},${width},${channels}`, ...(channels === 1 ? [`${height},${width}`] : [])]
  if (!fits.includes(inner))
    throw new ShapeError(
      `${where}: expected images [m, ${size}] or [m, ${height}, ${width}, ${channels}], got ${shapeText(rows.shape)}.`,
    )
  return rows
}

/** Sine and cosine of degrees; exact for quarter turns, where Math.cos(π/2) is not 0. */
function turn(degrees: number): readonly [number, number] {
  const quarters = degrees / 90
  if (!Number.isInteger(quarters)) return [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)]
  const k = ((quarters % 4) + 4) % 4
  return [[0, 1, 0, -1][k], [1, 0, -1, 0][k]]
}

interface Motion {
  flip: boolean
  degrees: number
  down: number
  right: number
  /** Share of the image that is enlarged, and the place of its middle off the middle. */
  zoom: number
  offset: readonly [number, number]
}

function mappingOf({ height, width }: Frame, { flip, degrees, down, right, zoom, offset }: Motion): Mapping {
  const [sin, cos] = turn(degrees)
  const [cy, cx] = [(height - 1) / 2, (width - 1) / 2]
  return (row, column) => {
    const y = row - down - cy
    const x = column - right - cx
    // A counter-clockwise turn of the image, rows counting downwards, read backwards.
    const fromY = zoom * (cos * y + sin * x) + offset[0]
    const fromX = zoom * (cos * x - sin * y) + offset[1]
    return [cy + fromY, cx + (flip ? -fromX : fromX)]
  }
}

/** One image, every pixel mixed from the four around the place it comes from; 0 outside. */
function sample(source: NativeArray, from: number, target: NativeArray, frame: Frame, mapping: Mapping): void {
  const { height, width, channels } = frame
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const [y, x] = mapping(row, column)
      const [top, left] = [Math.floor(y), Math.floor(x)]
      const [dy, dx] = [y - top, x - left]
      for (let c = 0; c < channels; c++) {
        const at = (i: number, j: number) =>
          i < 0 || j < 0 || i >= height || j >= width ? 0 : source[from + (i * width + j) * channels + c]
        let value = (1 - dy) * (1 - dx) * at(top, left)
        if (dx > 0) value += (1 - dy) * dx * at(top, left + 1)
        if (dy > 0) value += dy * (1 - dx) * at(top + 1, left)
        if (dy > 0 && dx > 0) value += dy * dx * at(top + 1, left + 1)
        target[from + (row * width + column) * channels + c] = value
      }
    }
}

function emptyLike({ data }: Rows): NativeArray {
  return data instanceof Float64Array ? new Float64Array(data.length) : new Float32Array(data.length)
}

const still: Motion = { flip: false, degrees: 0, down: 0, right: 0, zoom: 1, offset: [0, 0] }

/** The same flip, turn and shift for every image. */
export function transformImages(x: DataLike, options: TransformOptions): Tensor {
  const where = 'data.transformImages'
  checkOptions(where, options, ['shape', 'flip', 'rotate', 'translate'])
  const frame = frameOf(where, options?.shape)
  const rows = imagesOf(where, x, frame)
  const { flip = false, rotate = 0, translate = [0, 0] } = options
  if (![rotate, ...translate].every(Number.isFinite) || translate.length !== 2)
    throw new OptionError(`${where}: expected finite numbers: rotate in degrees, translate [down, right] in pixels.`)
  const target = emptyLike(rows)
  const mapping = mappingOf(frame, { ...still, flip, degrees: rotate, down: translate[0], right: translate[1] })
  for (let i = 0; i < rows.count; i++) sample(rows.data, i * rows.width, target, frame, mapping)
  return tensor(target, rows.shape, { dtype: rows.dtype })
}

/** Smooth random displacements between −strength and strength: random vectors on a coarse lattice, interpolated. */
function distortionOf({ height, width }: Frame, random: Random, strength: number, smoothness: number): Mapping {
  const [rows, columns] = [Math.ceil(height / smoothness) + 2, Math.ceil(width / smoothness) + 2]
  const lattice = Array.from({ length: 2 * rows * columns }, () => (2 * unit(random) - 1) * strength)
  const ease = (t: number) => t * t * (3 - 2 * t)
  return (row, column) => {
    const [i, j] = [Math.floor(row / smoothness), Math.floor(column / smoothness)]
    const [v, u] = [ease(row / smoothness - i), ease(column / smoothness - j)]
    const mix = (d: number) => {
      const at = (a: number, b: number) => lattice[2 * (a * columns + b) + d]
      return (1 - v) * ((1 - u) * at(i, j) + u * at(i, j + 1)) + v * ((1 - u) * at(i + 1, j) + u * at(i + 1, j + 1))
    }
    return [row + mix(0), column + mix(1)]
  }
}

const unit = (random: Random): number => random.uint32() / 2 ** 32

/** Makes new images; labels stay what they are. */
export class Augmenter {
  #calls = 0
  readonly #frame: Frame
  readonly #seed: bigint

  /** @internal Use `data.augment`. */
  constructor(
    readonly options: Readonly<Required<Omit<AugmentOptions, 'distort' | 'seed' | 'flip'>>> & {
      flip: number
      distort: { strength: number; smoothness: number } | null
    },
    seed: bigint,
  ) {
    this.#frame = frameOf('data.augment', options.shape)
    this.#seed = seed
  }

  /** A changed copy of every image, in x's shape and dtype; each call draws anew. */
  apply(x: DataLike): Tensor {
    const rows = imagesOf('augment.apply', x, this.#frame)
    const target = emptyLike(rows)
    const random = new Random(this.#seed, ++this.#calls)
    for (let i = 0; i < rows.count; i++) sample(rows.data, i * rows.width, target, this.#frame, this.#draw(random))
    return tensor(target, rows.shape, { dtype: rows.dtype })
  }

  /** The examples and a changed copy of each behind them: 2m rows, labels repeated. */
  append(xy: { x: DataLike; y: DataLike }): { x: Tensor; y: Tensor } {
    const where = 'augment.append'
    const changed = this.apply(xy.x)
    const twice = (rows: Rows, second: NativeArray) => {
      const length = 2 * rows.data.length
      const both = rows.data instanceof Float64Array ? new Float64Array(length) : new Float32Array(length)
      both.set(rows.data)
      both.set(second, rows.data.length)
      return tensor(both, [2 * rows.count, ...rows.shape.slice(1)], { dtype: rows.dtype })
    }
    const y = toRows(`${where}: y`, xy.y)
    if (y.count !== changed.shape[0])
      throw new ShapeError(`${where}: x and y need the same number of rows, got ${changed.shape[0]} and ${y.count}.`)
    const result = { x: twice(toRows(where, xy.x), changed.data), y: twice(y, y.data) }
    changed.dispose()
    return result
  }

  /**
   * Mini-batches whose images are changed anew in every pass, for training data only:
   * `const stream = augment.batches(train, { batchSize: 64 })`, then `model.fitDataset(() => stream, …)`.
   */
  batches(xy: { x: DataLike; y: DataLike }, options: BatchesOptions = {}): Batches {
    imagesOf('augment.batches', xy?.x, this.#frame)
    const plain = batches(xy, options)
    const changed = ({ x, y }: { x: Tensor; y: Tensor }) => {
      const result = { x: this.apply(x), y }
      x.dispose()
      return result
    }
    return {
      length: plain.length,
      *[Symbol.iterator]() {
        for (const batch of plain) yield changed(batch)
      },
      async *[Symbol.asyncIterator]() {
        for (const batch of plain) yield changed(batch)
      },
    }
  }

  /** How the next image is changed. */
  #draw(random: Random): Mapping {
    const { flip, crop, rotate, translate, distort } = this.options
    const { height, width } = this.#frame
    const within = (reach: number) => (2 * unit(random) - 1) * reach
    const shift = () => (translate === 0 ? 0 : random.below(2 * translate + 1) - translate)
    const motion = mappingOf(this.#frame, {
      flip: flip > 0 && unit(random) < flip,
      degrees: rotate === 0 ? 0 : within(rotate),
      down: shift(),
      right: shift(),
      zoom: crop,
      offset: crop === 1 ? [0, 0] : [within(((1 - crop) * height) / 2), within(((1 - crop) * width) / 2)],
    })
    if (!distort) return motion
    const moved = distortionOf(this.#frame, random, distort.strength, distort.smoothness)
    return (row, column) => motion(...moved(row, column))
  }
}

/** An augmenter for images of one shape. With no option but `shape` it changes nothing. */
export function augment(options: AugmentOptions): Augmenter {
  const where = 'data.augment'
  checkOptions(where, options, ['shape', 'flip', 'crop', 'rotate', 'translate', 'distort', 'seed'])
  frameOf(where, options?.shape)
  const { flip = 0, distort } = options
  if (distort !== undefined) checkOptions(`${where}: distort`, distort, ['strength', 'smoothness'])
  if (typeof flip !== 'boolean' && typeof flip !== 'number')
    throw new OptionError(`${where}: flip: expected true, false or a chance from 0 to 1, got ${describeValue(flip)}.`)
  const chance = flip === true ? 0.5 : flip === false ? 0 : numberInRange(`${where}: flip`, flip, 0, 1)
  const settings = {
    shape: options.shape,
    flip: chance,
    crop: numberInRange(`${where}: crop`, options.crop ?? 1, 0, 1, '(]'),
    rotate: nonNegativeNumber(`${where}: rotate`, options.rotate ?? 0),
    translate: nonNegativeInteger(`${where}: translate`, options.translate ?? 0),
    distort: distort
      ? {
          strength: nonNegativeNumber(`${where}: distort.strength`, distort.strength),
          smoothness: positiveNumber(`${where}: distort.smoothness`, distort.smoothness ?? 6),
        }
      : null,
  }
  return new Augmenter(settings, seedOption(`${where}: seed`, options.seed ?? 0))
}
