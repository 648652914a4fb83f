/** How the numbers of an image lie in a row of x. */
import { oneOf, shapeOption } from '../base/checks'
import { OptionError, ShapeError } from '../base/errors'
import { shapeText, type Shape } from '../base/shape'

/** [height, width] or [height, width, channels] of an image. */
export type ImageShape = readonly number[]

/** Whether the channels of a pixel stand side by side, or all of one channel stand before the next. */
export type ChannelOrder = 'last' | 'first'

export interface ImageFormatOptions {
  /** Height, width and channels (default 1). Needed where x has flattened images, [m, n]; else taken from x. */
  shape?: ImageShape | undefined
  /**
   * `'last'`: x is [m, height, width, channels]; `'first'`: [m, channels, height, width]. Default: `'last'`, and
   * `'first'` for flattened images, as `data.flattenImage` makes them: red, then green, then blue.
   */
  channels?: ChannelOrder | undefined
}

export interface ImageFormat {
  height: number
  width: number
  channels: number
  planar: boolean
}

/** `shape` and `channels` as they are kept: checked, absent ones null. */
export interface GivenFormat {
  shape: readonly number[] | null
  channels: ChannelOrder | null
}

/** Checks the two options. ShapeError, OptionError. */
export function givenFormat(where: string, { shape, channels }: ImageFormatOptions): GivenFormat {
  const order = channels === undefined ? null : oneOf<ChannelOrder>(`${where}: channels`, channels, ['last', 'first'])
  if (shape === undefined) return { shape: null, channels: order }
  const given = shapeOption(`${where}: shape`, shape)
  if (given.length !== 2 && given.length !== 3)
    throw new ShapeError(
      `${where}: shape: expected [height, width] or [height, width, channels], got ${shapeText(given)}.`,
    )
  return { shape: given, channels: order }
}

/** The format of images in rows of this shape. ShapeError where they are no images, or others than `given` says. */
export function formatOf(where: string, given: GivenFormat, row: Shape): ImageFormat {
  const { shape } = given
  if (row.length === 1 && !shape)
    throw new ShapeError(
      `${where}: x has rows of ${row[0]} numbers, which may or may not be images. Say what they are: ` +
        `{ shape: [height, width, channels] }, or pass x as [m, height, width, channels].`,
    )
  const planar = (given.channels ?? (row.length === 1 ? 'first' : 'last')) === 'first'
  const [height, width, channels = 1] = shape ?? found(planar, row)
  const size = height * width * channels
  const fits = [
    [size],
    planar ? [channels, height, width] : [height, width, channels],
    ...(channels === 1 ? [[height, width]] : []),
  ]
  if (!shape && row.length !== 2 && row.length !== 3)
    throw new ShapeError(
      `${where}: expected images [m, height, width] or [m, height, width, channels], got ${shapeText([null, ...row])}.`,
    )
  if (!fits.some((fit) => fit.join() === row.join()))
    throw new ShapeError(
      `${where}: expected images ${fits.map((fit) => shapeText([null, ...fit])).join(' or ')}, ` +
        `got ${shapeText([null, ...row])}.`,
    )
  return { height, width, channels, planar }
}

function found(planar: boolean, row: Shape): Shape {
  return planar && row.length === 3 ? [row[1], row[2], row[0]] : row
}

/** OptionError for a shift that leaves nothing of an image. */
export function checkShift(where: string, shift: number, { height, width }: ImageFormat): void {
  if (shift >= Math.min(height, width) && shift > 0)
    throw new OptionError(
      `${where}: translate: expected less than the image's sides, ${height} × ${width} pixels, got ${shift}: ` +
        `nothing of it would be left.`,
    )
}
