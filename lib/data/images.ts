/** Image files as numbers. The optional package `sharp` decodes and resizes them. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  checkOptions,
  checkSignal,
  nonNegativeInteger,
  oneOf,
  positiveInteger,
  requireUnchanged,
  throwIfAborted,
} from '../base/checks'
import { arrayName } from '../base/dtype'
import { describeValue, FormatError, MyelinError, OptionError } from '../base/errors'
import { optionalPackage } from '../base/optional-package'
import { inTurns, slices, type Sliced } from '../base/slices'
import type { ImageData } from './flatten-image'
import { depthOf, recoloured, type Colours, type Pixels } from './pixels'

/** What is used of sharp. */
interface Sharp {
  metadata(): Promise<SharpMetadata>
  autoOrient(): Sharp
  resize(width: number, height: number, options: { fit: string }): Sharp
  removeAlpha(): Sharp
  toColourspace(space: string): Sharp
  raw(options: { depth: string }): Sharp
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: Uint8Array
    info: { width: number; height: number; channels: number }
  }>
}
interface SharpMetadata {
  space: string
  depth: string
  channels: number
  hasAlpha: boolean
  /** Of formats that can have several. */
  pages?: number
}
/** Opens the bytes of a file. `ignoreIcc` leaves the numbers alone where the file says what colours they mean. */
export type Decoder = (bytes: Uint8Array, options?: { page?: number; ignoreIcc?: boolean }) => Sharp

export interface ReadImageOptions {
  /** [height, width] in pixels that the image is scaled to. Default: its own. */
  size?: readonly [number, number] | undefined
  /** How another shape is brought to `size`: stretched (default), cut off or with a black margin. */
  fit?: 'fill' | 'cover' | 'contain' | undefined
  /** One channel, or red, green and blue; alpha is left out. Default: as the file, but for the alpha of grey images. */
  colours?: Colours | undefined
  /** Which frame or page of a file that has several, from 0. Without it, such a file is a FormatError. */
  page?: number | undefined
  signal?: AbortSignal | undefined
}

/** Pixels row by row, the channels of a pixel side by side, in the numbers of the file. */
export interface Image extends ImageData {
  /** 8-bit images: bytes; 16-bit ones: a Uint16Array; 32-bit ones: a Uint32Array, Int32Array or Float32Array. */
  data: Pixels
  /** 1 grey, 3 RGB, 4 RGB and alpha. */
  channels: number
  /** [height, width, channels] */
  shape: [number, number, number]
  /** The number of white: 255 of 8 bits, 65535 of 16 bits. 1 for 32 bits, where no number is known to be white. */
  white: number
}

export const readOptions = ['size', 'fit', 'colours', 'page', 'signal']
const greySpaces = new Set(['b-w', 'grey16'])
const packageNames = { sharp: 'sharp' }

/** StateError where the package is not installed. */
export async function decoder(where: string): Promise<Decoder> {
  return (await optionalPackage<{ default: Decoder }>(`${where} needs`, packageNames.sharp)).default
}

function checkedSize(where: string, size: unknown): readonly [number, number] | null {
  if (size === undefined) return null
  if (!Array.isArray(size) || size.length !== 2)
    throw new OptionError(`${where}: size: expected [height, width], got ${describeValue(size)}.`)
  const [height, width] = Array.from(size, (side) => positiveInteger(`${where}: size`, side))
  return [height, width]
}

/** The options, checked; absent ones null. `pause` throws once the signal is aborted. OptionError. */
export function checkedRead(where: string, { size, fit, colours, page, signal }: ReadImageOptions) {
  checkSignal(where, signal)
  return {
    pause: () => throwIfAborted(where, signal),
    size: checkedSize(where, size),
    fit: oneOf(`${where}: fit`, fit ?? 'fill', ['fill', 'cover', 'contain'] as const),
    colours: colours === undefined ? null : oneOf(`${where}: colours`, colours, ['grey', 'rgb'] as const),
    page: page === undefined ? null : nonNegativeInteger(`${where}: page`, page),
  }
}
export type CheckedRead = ReturnType<typeof checkedRead>

/** The pixels of an image file. FormatError, AbortError. */
export async function decode(
  where: string,
  decoderOf: Decoder,
  source: string | Uint8Array,
  options: CheckedRead,
): Promise<Image> {
  const bytes = typeof source === 'string' ? await bytesOf(where, source) : source
  const { size, fit, colours, pause } = options
  pause()
  try {
    const found = await decoderOf(bytes).metadata()
    pause()
    const page = pageOf(where, found, options.page)
    const depth = depthOf(where, found.depth)
    if (found.channels > (found.space === 'cmyk' ? 5 : 4))
      throw new FormatError(
        `${where}: expected 1 to 4 channels (grey or colours, each with or without alpha), got ${found.channels}.`,
      )
    // Photographs say how the camera was held.
    let image = decoderOf(bytes, { ...page, ignoreIcc: depth.spaces === null }).autoOrient()
    if (size) image = image.resize(size[1], size[0], { fit })
    const isGrey = greySpaces.has(found.space)
    if (colours || isGrey) image = image.removeAlpha()
    image = image.toColourspace(depth.spaces?.[colours ?? (isGrey ? 'grey' : 'rgb')] ?? found.space)
    const { data, info } = await image.raw({ depth: found.depth }).toBuffer({ resolveWithObject: true })
    pause()
    const pixels = await inTurns(recoloured(depth.pixels(data), info.channels, colours ?? 'own'), pause)
    const { width, height } = info
    const channels = pixels.length / (width * height)
    return { data: pixels, width, height, channels, shape: [height, width, channels], white: depth.white }
  } catch (cause) {
    if (cause instanceof MyelinError) throw cause
    throw new FormatError(`${where}: this is no image that can be read: ${(cause as Error).message.trim()}.`, { cause })
  }
}

/** The page that is read of those there are, for the decoder. */
function pageOf(where: string, { pages = 1 }: SharpMetadata, page: number | null): { page?: number } {
  if (page === null && pages > 1)
    throw new FormatError(`${where}: expected one image, got a file with ${pages} frames or pages. Say which: page: 0.`)
  if (page !== null && page >= pages)
    throw new FormatError(`${where}: expected a page from 0 to ${pages - 1}, which the file has, got ${page}.`)
  return pages > 1 ? { page: page! } : {}
}

async function bytesOf(where: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new FormatError(`${where}: the file cannot be read: ${(cause as Error).message}.`, { cause })
  }
}

/** Bytes that are copied between two yields: about a millisecond. */
const copiedBytes = 1 << 22

/** Threads read the bytes of an image: their owner might move them away meanwhile. StateError. */
function* copied(where: string, bytes: Uint8Array): Sliced<Uint8Array> {
  const { length } = bytes
  const own = Buffer.allocUnsafe(length) // of the main realm, which sharp asks for
  for (const [from, to] of slices(length, copiedBytes)) {
    requireUnchanged(where, length, bytes.length)
    own.set(bytes.subarray(from, to), from)
    yield
  }
  return own
}

/**
 * Reads a PNG, JPEG, WebP, GIF, TIFF or AVIF file, or its bytes: `data.flattenImage(await data.readImage('cat.png'))`.
 * Pixels have the numbers of the file: 0 … 255, 0 … 65535, or those of 32-bit and float TIFF as they are; times
 * 1/`white` they are 0 … 1. CMYK becomes RGB. Needs the optional package `sharp` (StateError without it). FormatError
 * for what cannot be read or is no image, and for one of several frames or pages unless `page` says which; AbortError.
 */
export async function readImage(source: string | Uint8Array, options: ReadImageOptions = {}): Promise<Image> {
  const where = 'data.readImage'
  checkOptions(where, options, readOptions)
  const checked = checkedRead(where, options)
  if (arrayName(source) !== 'Uint8Array' && (typeof source !== 'string' || source === ''))
    throw new OptionError(`${where}: expected a path or a Uint8Array, got ${describeValue(source)}.`)
  checked.pause()
  const place = typeof source === 'string' ? `${where}: ${source}` : where
  const own = typeof source === 'string' ? resolve(source) : await inTurns(copied(where, source), checked.pause)
  return decode(place, await decoder(where), own, checked)
}
