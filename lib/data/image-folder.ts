/** Folders of images as x and y. */
import type { Dirent } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { checkOptions, finiteNumber, nonEmptyString } from '../base/checks'
import { FormatError, MyelinError, ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import { inTurns, sliceLength, slices, type Reading, type Sliced } from '../base/slices'
import type { NativeBuffer } from '../native/contract'
import { native } from '../native/native'
import { guarded } from '../native/runtime'
import { Tensor, tensor } from '../tensor/tensor'
import { copyChannel } from './flatten-image'
import { checkedRead, decode, decoder, readOptions, type Image, type ReadImageOptions } from './images'
import { namesOfClasses } from './labels'
import { kindOfPixels } from './pixels'

export interface FromImagesOptions extends ReadImageOptions {
  /** Default `'rgb'`. */
  colours?: 'grey' | 'rgb' | undefined
  /**
   * Every number is multiplied by it. Default 1/`white` of each image, which makes 0 … 1 of 8 and of 16 bits, and
   * leaves 32-bit and float pixels as they are.
   */
  scale?: number | undefined
  /**
   * The classes, in the order of their numbers: `labels` of the training images or of the model, so that other images
   * are numbered as those were. A folder of another name is a FormatError. Default: the names of the folders, sorted.
   */
  labels?: readonly string[] | undefined
}

export interface ImageFolder {
  /** [images, channels·height·width], as `data.flattenImage` makes them: red, then green, then blue. */
  x: Tensor
  /** [images]: class numbers into `labels`. */
  y: Tensor
  /** Names of the folders, sorted by character codes, in Unicode's composed form (NFC); or the option `labels`. */
  labels: readonly string[]
  /** The file of each row, as `class/name`. */
  files: readonly string[]
  /** [height, width, channels]: the `shape` of `data.augment`. */
  shape: [number, number, number]
}

/** Images that are decoded, or wait for their turn, at the same time: as many as sharp has threads for, by default. */
const atOnce = 4
const isImageName = (name: string) => /\.(png|jpe?g|webp|gif|tiff?|avif)$/i.test(name)

/**
 * Reads a folder that has one folder of images for each class: `cats/1.png`, `dogs/1.jpg`. Sorted by class and name, in
 * any locale; links are followed; other files, and names that begin with a dot, are left out. Images are decoded on
 * threads, a few at a time, and the event loop goes on.
 *
 * Images of other sizes than the first are a ShapeError that names the file, unless `size` brings all to one.
 * FormatError for a folder without images, for files that are none or have several frames or pages, and where 32-bit or
 * float pixels stand beside others (with `scale`, where 16-bit pixels stand beside bytes). Nothing is returned in part.
 */
export async function fromImages(folder: string, options: FromImagesOptions = {}): Promise<ImageFolder> {
  const where = 'data.fromImages'
  nonEmptyString(`${where}: folder`, folder)
  checkOptions(where, options, [...readOptions, 'scale', 'labels'])
  const known =
    options.labels === undefined
      ? null
      : namesOfClasses(`${where}: labels`, options.labels).map((name) => name.normalize('NFC'))
  const checked = checkedRead(where, { ...options, colours: options.colours ?? 'rgb' })
  const scale = options.scale === undefined ? null : finiteNumber(`${where}: scale`, options.scale)
  const { pause } = checked
  pause()
  const root = resolve(folder)
  const decoderOf = await decoder(where)
  const { labels: found, files, counts } = await listed(where, folder, root, pause)
  const labels = known ?? found
  const numbers = found.map((name) => labels.indexOf(name))
  const other = numbers.indexOf(-1)
  if (other >= 0)
    throw new FormatError(
      `${where}: the folder ${found[other]} in ${folder} is not among the classes: ${listText(labels)}.`,
    )
  const read = (i: number) => decode(`${where}: ${files[i]}`, decoderOf, join(root, files[i]), checked)
  const { x, shape } = await inTurns(rowsOf(where, files, read, scale), pause)
  const y = new Float32Array(files.length)
  for (let c = 0, from = 0; c < counts.length; from += counts[c++]) y.fill(numbers[c], from, from + counts[c])
  return { x, y: tensor(y), labels, files, shape }
}

function listText(names: readonly string[]): string {
  return names.slice(0, 10).join(', ') + (names.length > 10 ? ', …' : '')
}

/** What the first image is, and all others have to be. */
interface Alike {
  file: string
  shape: Image['shape']
  white: number
  kind: string
}

/** An image on its way. */
interface Expected {
  image?: Image
  error?: unknown
  isThere: boolean
  arrival: Promise<void>
}

function expected(decoding: Promise<Image>): Expected {
  const entry: Expected = { isThere: false, arrival: Promise.resolve() }
  entry.arrival = decoding.then(
    (image) => void Object.assign(entry, { isThere: true, image }),
    (error: unknown) => void Object.assign(entry, { isThere: true, error }),
  )
  return entry
}

/** Images one after the other, a few on their way. Each goes into its row of x as it comes, and is forgotten. */
function* rowsOf(
  where: string,
  files: readonly string[],
  read: (file: number) => Promise<Image>,
  scale: number | null,
): Reading<{ x: Tensor; shape: Image['shape'] }> {
  const queue: Expected[] = []
  let buffer: NativeBuffer | null = null
  let first: Alike | null = null
  try {
    for (let row = 0, next = 0; row < files.length; row++) {
      while (next < files.length && next < row + atOnce) queue.push(expected(read(next++)))
      const entry = queue.shift()!
      while (!entry.isThere) yield entry.arrival
      const { image } = entry
      if (!image) throw entry.error
      if (!first || !buffer) {
        const [height, width, channels] = image.shape
        first = { file: files[0], shape: image.shape, white: image.white, kind: kindOfPixels(image.data) }
        const count = files.length * height * width * channels
        buffer = guarded(where, () => native.bufferReserve('float32', count, 'cpu'))
      } else requireAlike(`${where}: ${files[row]}`, image, first, scale)
      yield* placed(`${where}: ${files[row]}`, image, scale ?? 1 / image.white, buffer, row)
    }
  } catch (error) {
    if (buffer) native.bufferDispose(buffer)
    throw error
  }
  const { shape } = first!
  return { x: Tensor.fromBuffer(buffer!, [files.length, shape[0] * shape[1] * shape[2]], 'float32'), shape }
}

/** ShapeError for another size, FormatError for pixels whose numbers mean something else. */
function requireAlike(where: string, image: Image, first: Alike, scale: number | null): void {
  if (image.shape.join() !== first.shape.join())
    throw new ShapeError(
      `${where}: expected an image ${shapeText(first.shape)} like ${first.file}, ` +
        `got ${shapeText(image.shape)}. Say size: [height, width] to bring all to one size.`,
    )
  if (image.white === first.white) return
  const haveWhite = image.white > 1 && first.white > 1
  if (haveWhite && scale === null) return
  throw new FormatError(
    `${where}: expected pixels that are ${first.kind} like those of ${first.file}, got ${kindOfPixels(image.data)}.` +
      `${haveWhite ? ' Leave scale out: both become 0 … 1.' : ''}`,
  )
}

/** Writes the image into its row, channel after channel. */
function* placed(where: string, image: Image, scale: number, buffer: NativeBuffer, row: number): Sliced<void> {
  const count = image.width * image.height
  const space = new Float32Array(Math.min(count, sliceLength))
  for (let c = 0; c < image.channels; c++)
    for (const [from, to] of slices(count)) {
      const values = space.subarray(0, to - from)
      copyChannel(where, image, c, scale, values, from)
      guarded(where, () => native.bufferWrite(buffer, values, (row * image.channels + c) * count + from))
      yield
    }
}

/** Entries that are read from a folder at once, and names that are handled between two yields. */
const entriesAtOnce = 1 << 8
const namesAtOnce = 1 << 11

/** A name in a folder, and by what it is sorted. */
interface Name {
  name: string
  key: string
}

async function listed(where: string, folder: string, root: string, pause: () => void) {
  const labels: string[] = []
  const files: string[] = []
  const counts: number[] = []
  const isFolder = async (path: string, entry: Dirent) => (await kindOf(where, path, entry)).isDirectory()
  const folders = await entriesOf(where, root, folder, pause, isFolder)
  for (const [number, { name, key }] of folders.entries()) {
    if (key === folders[number - 1]?.key)
      throw new FormatError(
        `${where}: ${folder} has two folders named ${key}, which differ only in how the name is encoded (NFC, NFD). ` +
          `Rename one.`,
      )
    const isImage = (path: string, entry: Dirent) => isImageFile(`${where}: ${name}/${entry.name}`, path, entry)
    const images = await entriesOf(where, join(root, name), join(folder, name), pause, isImage)
    if (images.length === 0) throw new FormatError(`${where}: the folder ${name} in ${folder} has no images.`)
    labels.push(key)
    const add = function* (): Sliced<void> {
      for (const [from, to] of slices(images.length, namesAtOnce)) {
        for (const image of images.slice(from, to)) files.push(`${name}/${image.name}`)
        yield
      }
    }
    await inTurns(add(), pause)
    counts.push(images.length)
  }
  if (labels.length === 0)
    throw new FormatError(`${where}: ${folder} has no folders; expected one folder of images for each class.`)
  return { labels, files, counts }
}

/** What an entry is, or what the link that it is leads to. FormatError for a link that leads nowhere. */
async function kindOf(where: string, path: string, entry: Dirent): Promise<Pick<Dirent, 'isDirectory' | 'isFile'>> {
  if (!entry.isSymbolicLink()) return entry
  try {
    return await stat(path)
  } catch (cause) {
    throw new FormatError(`${where}: the link ${path} leads nowhere: ${(cause as Error).message}.`, { cause })
  }
}

/** False for what has another name. FormatError for a folder, a pipe and the like with the name of an image. */
async function isImageFile(where: string, path: string, entry: Dirent): Promise<boolean> {
  if (!isImageName(entry.name)) return false
  if ((await kindOf(where, path, entry)).isFile()) return true
  throw new FormatError(`${where}: expected an image file, got a folder, a pipe or a device.`)
}

/** The names in a folder that are wanted, sorted; not those that begin with a dot. FormatError. */
async function entriesOf(
  where: string,
  path: string,
  shown: string,
  pause: () => void,
  isWanted: (path: string, entry: Dirent) => boolean | Promise<boolean>,
): Promise<Name[]> {
  const found: Name[] = []
  try {
    for await (const entry of await opendir(path, { bufferSize: entriesAtOnce })) {
      pause()
      const { name } = entry
      if (name.startsWith('.') || !(await isWanted(join(path, name), entry))) continue
      found.push({ name, key: name.normalize('NFC') })
    }
  } catch (cause) {
    if (cause instanceof MyelinError) throw cause
    throw new FormatError(`${where}: ${shown} cannot be read: ${(cause as Error).message}.`, { cause })
  }
  return inTurns(sorted(found), pause)
}

/** Sorted by key, in parts that are merged: a large folder holds the event loop no longer than a small one. */
function* sorted(names: Name[]): Sliced<Name[]> {
  const before = (a: Name, b: Name) => a.key < b.key || (a.key === b.key && a.name < b.name)
  let parts: Name[][] = []
  for (const [from, to] of slices(names.length, namesAtOnce)) {
    parts.push(names.slice(from, to).sort((a, b) => (before(a, b) ? -1 : 1)))
    yield
  }
  while (parts.length > 1) {
    const merged: Name[][] = []
    for (const [from, to] of slices(parts.length, 2)) {
      const [left, right = []] = parts.slice(from, to)
      const both: Name[] = []
      for (let i = 0, j = 0; i < left.length || j < right.length;) {
        both.push(j === right.length || (i < left.length && !before(right[j], left[i])) ? left[i++] : right[j++])
        if (both.length % namesAtOnce === 0) yield
      }
      merged.push(both)
    }
    parts = merged
  }
  return parts[0] ?? []
}
