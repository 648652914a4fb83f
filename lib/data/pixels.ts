/** The numbers of pixels: 8 and 16 bits as files have them, 32 bits and floats as they are. */
import { isArrayOf } from '../base/dtype'
import { FormatError } from '../base/errors'
import { slices, sliceLength, type Sliced } from '../base/slices'

export type Colours = 'grey' | 'rgb'

/** The numbers of an image. */
export type Pixels = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array

/** What the numbers of a file are. */
export interface Depth {
  /** The number of white; 1 where none is known to be. */
  white: number
  /** The spaces in which the decoder computes colours of these numbers; null where it would cut them to bytes. */
  spaces: Readonly<Record<Colours, string>> | null
  /** The decoder's bytes as numbers. */
  pixels(bytes: Uint8Array): Pixels
}

type PixelArray = new (buffer: ArrayBufferLike, from: number, length: number) => Pixels

function depth(array: PixelArray & { BYTES_PER_ELEMENT: number }, white = 1, spaces: Depth['spaces'] = null): Depth {
  const pixels = (bytes: Uint8Array) =>
    new array(bytes.buffer, bytes.byteOffset, bytes.byteLength / array.BYTES_PER_ELEMENT)
  return { white, spaces, pixels }
}

/** By the decoder's names. */
const depths = new Map<string, Depth>([
  ['uchar', depth(Uint8Array, 255, { grey: 'b-w', rgb: 'srgb' })],
  ['ushort', depth(Uint16Array, 65535, { grey: 'grey16', rgb: 'rgb16' })],
  ['uint', depth(Uint32Array)],
  ['int', depth(Int32Array)],
  ['float', depth(Float32Array)],
])

/** What the numbers are, for messages. */
export function kindOfPixels(pixels: Pixels): string {
  return isArrayOf('float32', pixels) ? 'floats' : `numbers of ${8 * pixels.BYTES_PER_ELEMENT} bits`
}

/** FormatError for numbers that the decoder does not keep, such as signed ones of 16 bits. */
export function depthOf(where: string, name: string): Depth {
  const found = depths.get(name)
  if (found) return found
  throw new FormatError(
    `${where}: expected pixels of 8 or 16 bits without a sign, of 32 bits, or floats of 32 bits, got '${name}'. ` +
      `Convert the file.`,
  )
}

/** Luminance of linear red, green and blue (ITU-R BT.709). */
const [red, green, blue] = [0.2126, 0.7152, 0.0722]

/**
 * The pixels in the colours that are wanted. The decoder has made those of 8 and 16 bits already; of others a grey one
 * becomes three equal channels, and three become their luminance.
 */
export function* recoloured(pixels: Pixels, channels: number, colours: Colours | 'own'): Sliced<Pixels> {
  if (colours === 'own' || channels === (colours === 'grey' ? 1 : 3)) return pixels
  const count = pixels.length / channels
  const isWhole = !isArrayOf('float32', pixels)
  const result = new (pixels.constructor as new (length: number) => Pixels)(count * (colours === 'grey' ? 1 : 3))
  for (const [from, to] of slices(count, sliceLength / 4)) {
    for (let i = from; i < to; i++)
      if (colours === 'rgb') result[3 * i] = result[3 * i + 1] = result[3 * i + 2] = pixels[i]
      else {
        const sum = red * pixels[3 * i] + green * pixels[3 * i + 1] + blue * pixels[3 * i + 2]
        result[i] = isWhole ? Math.round(sum) : sum
      }
    yield
  }
  return result
}
