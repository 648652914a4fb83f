/** Image files as numbers. The optional package `sharp` decodes and resizes them. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkOptions, finiteNumber, nonEmptyString, oneOf, positiveInteger, throwIfAborted } from '../base/checks'
import { arrayName } from '../base/dtype'
import { describeValue, FormatError, OptionError, ShapeError } from '../base/errors'
import { optionalPackage } from '../base/optional-package'
import { shapeText } from '../base/shape'
import { tensor, type Tensor } from '../tensor/tensor'
import { flattenImage, type ImageData } from './flatten-image'

/** What is used of sharp. */
interface Sharp {
  metadata(): Promise<{ space?: string }>
  autoOrient(): Sharp
  resize(width: number, height: number, options: { fit: string }): Sharp
  removeAlpha(): Sharp
  toColourspace(space: string): Sharp
  raw(options: { depth: 'uchar' }): Sharp
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: Uint8Array
    info: { width: number; height: number; channels: number }
  }>
}
type Decoder = (bytes: Uint8Array) => Sharp

export interface ReadImageOptions {
  /** [height, width] in pixels that the image is scaled to. Default: its own. */
  size?: readonly [number, number] | undefined
  /** How another shape is brought to `size`: stretched (default), cut off or with a black margin. */
  fit?: 'fill' | 'cover' | 'contain' | undefined
  /** One channel, or red, green and blue; alpha is left out. Default: as the file, but for the alpha of grey images. */
  colours?: 'grey' | 'rgb' | undefined
}

/** Pixels row by row, the channels of a pixel side by side: bytes, 0 … 255. */
export interface Image extends ImageData {
  data: Uint8Array
  /** 1 grey, 3 RGB, 4 RGB and alpha. */
  channels: number
  /** [height, width, channels] */
  shape: [number, number, number]
}

const optionNames = ['size', 'fit', 'colours']
const greySpaces = new Set<string | undefined>(['b-w', 'grey16'])
const packageNames = { sharp: 'sharp' }

async function decoder(where: string): Promise<Decoder> {
  return (await optionalPackage<{ default: Decoder }>(`${where} needs`, packageNames.sharp)).default
}

function checkedSize(where: string, size: unknown): readonly [number, number] | null {
  if (size === undefined) return null
  if (!Array.isArray(size) || size.length !== 2)
    throw new OptionError(`${where}: size: expected [height, width], got ${describeValue(size)}.`)
  const [height, width] = size.map((side) => positiveInteger(`${where}: size`, side))
  return [height, width]
}

function checkedOptions(where: string, { size, fit, colours }: ReadImageOptions) {
  return {
    size: checkedSize(where, size),
    fit: oneOf(`${where}: fit`, fit ?? 'fill', ['fill', 'cover', 'contain'] as const),
    colours: colours === undefined ? null : oneOf(`${where}: colours`, colours, ['grey', 'rgb'] as const),
  }
}

async function decode(
  where: string,
  decoderOf: Decoder,
  source: string | Uint8Array,
  { size, fit, colours }: ReturnType<typeof checkedOptions>,
): Promise<Image> {
  const bytes = typeof source === 'string' ? await bytesOf(where, source) : source
  try {
    // Photographs say how the camera was held.
    let image = decoderOf(bytes).autoOrient()
    if (size) image = image.resize(size[1], size[0], { fit })
    if (colours) image = image.removeAlpha()
    const grey = colours ? colours === 'grey' : greySpaces.has((await decoderOf(bytes).metadata()).space)
    image = image.toColourspace(grey ? 'b-w' : 'srgb')
    const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
    const { width, height, channels } = info
    return { data, width, height, channels, shape: [height, width, channels] }
  } catch (cause) {
    throw new FormatError(`${where}: this is no image that can be read: ${(cause as Error).message.trim()}.`, { cause })
  }
}

async function bytesOf(where: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new FormatError(`${where}: the file cannot be read: ${(cause as Error).message}.`, { cause })
  }
}

/**
 * Reads a PNG, JPEG, WebP, GIF, TIFF or AVIF file, or its bytes: `data.flattenImage(await data.readImage('cat.png'))`.
 * 16-bit images are brought to 8 bits, CMYK to RGB. Needs the optional package `sharp` (StateError without it).
 * FormatError for what cannot be read or is no image.
 */
export async function readImage(source: string | Uint8Array, options: ReadImageOptions = {}): Promise<Image> {
  const where = 'data.readImage'
  checkOptions(where, options, optionNames)
  const checked = checkedOptions(where, options)
  if (arrayName(source) !== 'Uint8Array' && (typeof source !== 'string' || source === ''))
    throw new OptionError(`${where}: expected a path or a Uint8Array, got ${describeValue(source)}.`)
  const place = typeof source === 'string' ? `${where}: ${source}` : where
  return decode(place, await decoder(where), source, checked)
}

export interface FromImagesOptions extends ReadImageOptions {
  /** Default `'rgb'`. */
  colours?: 'grey' | 'rgb' | undefined
  /** Every number is multiplied by it. Default 1/255: 0 … 1. */
  scale?: number | undefined
  signal?: AbortSignal | undefined
}

export interface ImageFolder {
  /** [images, channels·height·width], as `data.flattenImage` makes them: red, then green, then blue. */
  x: Tensor
  /** [images]: class numbers into `labels`. */
  y: Tensor
  /** Names of the folders, sorted. */
  labels: readonly string[]
  /** The file of each row, as `class/name`. */
  files: readonly string[]
  /** [height, width, channels]: the `shape` of `data.augment`. */
  shape: [number, number, number]
}

/** Images that are decoded at the same time: as many as sharp has threads for, by default. */
const atOnce = 4
const isImageName = (name: string) => /\.(png|jpe?g|webp|gif|tiff?|avif)$/i.test(name)

/**
 * Reads a folder that has one folder of images for each class: `cats/1.png`, `dogs/1.jpg`. Sorted by class and name;
 * other files are left out. Images of other sizes than the first are a ShapeError that names the file, unless `size`
 * brings all to one. FormatError for a folder without images, and for files that are none; nothing is returned in part.
 */
export async function fromImages(folder: string, options: FromImagesOptions = {}): Promise<ImageFolder> {
  const where = 'data.fromImages'
  nonEmptyString(`${where}: folder`, folder)
  checkOptions(where, options, [...optionNames, 'scale', 'signal'])
  const checked = checkedOptions(where, { ...options, colours: options.colours ?? 'rgb' })
  const scale = finiteNumber(`${where}: scale`, options.scale ?? 1 / 255)
  const { signal } = options
  throwIfAborted(where, signal)
  const decoderOf = await decoder(where)
  const { labels, files, classes } = await listed(where, folder)
  const rows: Float32Array[] = []
  let shape: Image['shape'] | null = null
  for (let from = 0; from < files.length; from += atOnce) {
    const part = files.slice(from, from + atOnce)
    const decoded = part.map((file) => decode(`${where}: ${file}`, decoderOf, join(folder, file), checked))
    const images = await Promise.all(decoded)
    throwIfAborted(where, signal)
    for (const [i, image] of images.entries()) {
      shape ??= image.shape
      if (image.shape.join() !== shape.join())
        throw new ShapeError(
          `${where}: ${part[i]}: expected an image ${shapeText(shape)} like ${files[0]}, ` +
            `got ${shapeText(image.shape)}. Say size: [height, width] to bring all to one size.`,
        )
      rows.push(flattenImage(image, { scale }))
    }
  }
  const width = rows[0].length
  const x = new Float32Array(rows.length * width)
  rows.forEach((row, i) => x.set(row, i * width))
  return { x: tensor(x, [rows.length, width]), y: tensor(Float32Array.from(classes)), labels, files, shape: shape! }
}

async function listed(where: string, folder: string) {
  const entries = async (path: string) => {
    try {
      return await readdir(path, { withFileTypes: true })
    } catch (cause) {
      throw new FormatError(`${where}: ${path} cannot be read: ${(cause as Error).message}.`, { cause })
    }
  }
  const labels = (await entries(folder)).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  labels.sort()
  const files: string[] = []
  const classes: number[] = []
  for (const [number, label] of labels.entries()) {
    const names = (await entries(join(folder, label))).map(({ name }) => name).filter(isImageName)
    if (names.length === 0) throw new FormatError(`${where}: the folder ${label} in ${folder} has no images.`)
    files.push(...names.sort().map((name) => `${label}/${name}`))
    classes.push(...names.map(() => number))
  }
  if (labels.length === 0)
    throw new FormatError(`${where}: ${folder} has no folders; expected one folder of images for each class.`)
  return { labels, files, classes }
}
