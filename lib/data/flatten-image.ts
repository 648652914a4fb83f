/** An image as one feature vector. */
import { checkOptions, finiteNumber, positiveInteger } from '../base/checks'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import { Tensor } from '../tensor/tensor'
import { toRows, type DataLike } from './rows'

/** Pixels row by row, the channels of a pixel side by side, as decoders and canvases give them. */
export interface ImageData {
  data: ArrayLike<number>
  width: number
  height: number
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. Default: data.length / (width·height). */
  channels?: number | undefined
}

export interface FlattenImageOptions {
  /** Every number is multiplied by it; 1/255 makes bytes 0 … 1. Default 1. */
  scale?: number | undefined
}

function isImageData(image: unknown): image is ImageData {
  return typeof image === 'object' && image !== null && !(image instanceof Tensor) && 'width' in image
}

function pixelsOf(where: string, image: ImageData | DataLike) {
  if (isImageData(image)) {
    const width = positiveInteger(`${where}: width`, image.width)
    const height = positiveInteger(`${where}: height`, image.height)
    const length = image.data?.length
    if (typeof length !== 'number')
      throw new OptionError(`${where}: data: expected an array of numbers, got ${describeValue(image.data)}.`)
    const channels = image.channels ?? length / (width * height)
    if (length !== width * height * channels || !Number.isInteger(channels))
      throw new ShapeError(
        `${where}: expected ${height}·${width}·channels numbers (1 to 4 channels), got ${length} numbers` +
          `${image.channels === undefined ? '' : ` for ${channels} channels`}.`,
      )
    return { data: image.data, width, height, channels }
  }
  const { data, shape } = toRows(where, image)
  if (shape.length !== 3)
    throw new ShapeError(`${where}: expected an image [height, width, channels], got ${shapeText(shape)}.`)
  return { data, width: shape[1], height: shape[0], channels: shape[2] }
}

/**
 * The feature vector of an image: all red values row by row, then all green, then all blue, so that a 64×64 image gives
 * n_x = 12288. Takes `[height, width, channels]` arrays or `{ data, width, height }` as decoders give it; an alpha
 * channel is left out, a grey image has one channel. ShapeError where the numbers do not fit the size.
 */
export function flattenImage(image: ImageData | DataLike, options: FlattenImageOptions = {}): Float32Array {
  const where = 'data.flattenImage'
  checkOptions(where, options, ['scale'])
  const scale = finiteNumber(`${where}: scale`, options.scale ?? 1)
  const { data, width, height, channels } = pixelsOf(where, image)
  if (![1, 2, 3, 4].includes(channels))
    throw new ShapeError(`${where}: expected 1 to 4 channels (grey, RGB, each with or without alpha), got ${channels}.`)
  const colours = channels < 3 ? 1 : 3
  const pixels = width * height
  const result = new Float32Array(colours * pixels)
  for (let c = 0; c < colours; c++)
    copyChannel(where, { data, width, channels }, c, scale, result.subarray(c * pixels, (c + 1) * pixels))
  return result
}

/**
 * Fills `target` with a channel of an image, from pixel number `from` on, times `scale`. OptionError that names the
 * pixel of a number that is not finite.
 */
export function copyChannel(
  where: string,
  { data, width, channels }: Pick<Required<ImageData>, 'data' | 'width' | 'channels'>,
  channel: number,
  scale: number,
  target: Float32Array,
  from = 0,
): void {
  for (let i = 0; i < target.length; i++) {
    const value = data[(from + i) * channels + channel]
    if (!Number.isFinite(value))
      throw new OptionError(
        `${where}: expected finite numbers, got ${describeValue(value)} in row ${Math.floor((from + i) / width)}, ` +
          `column ${(from + i) % width}.`,
      )
    target[i] = scale * value
  }
}
