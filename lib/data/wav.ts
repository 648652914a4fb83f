/** Sound files as numbers. */
import { readFile } from 'node:fs/promises'
import { arrayName } from '../base/dtype'
import { describeValue, FormatError, OptionError } from '../base/errors'
import { tensor, type Tensor } from '../tensor/tensor'

export interface Sound {
  /** Samples per second. */
  sampleRate: number
  /** [samples, channels], −1 … 1. */
  samples: Tensor
}

const pcm = 1
const float = 3
const extensible = 0xfffe

/** How samples are read: bytes each and the number at an offset. */
function readerOf(where: string, format: number, bits: number): (view: DataView, at: number) => number {
  if (format === pcm && bits === 8) return (view, at) => (view.getUint8(at) - 128) / 128
  if (format === pcm && bits === 16) return (view, at) => view.getInt16(at, true) / 2 ** 15
  if (format === pcm && bits === 24)
    return (view, at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23
  if (format === pcm && bits === 32) return (view, at) => view.getInt32(at, true) / 2 ** 31
  if (format === float && bits === 32) return (view, at) => view.getFloat32(at, true)
  if (format === float && bits === 64) return (view, at) => view.getFloat64(at, true)
  throw new FormatError(
    `${where}: expected PCM of 8, 16, 24 or 32 bits or floats of 32 or 64, got format ${format} with ${bits} bits. ` +
      `Convert the file.`,
  )
}

/**
 * Reads a WAV file, or its bytes. Whole numbers become −1 … 1. FormatError for what is no WAV file, is cut off or
 * compressed.
 */
export async function readWav(source: string | Uint8Array): Promise<Sound> {
  const where = typeof source === 'string' ? `data.readWav: ${source}` : 'data.readWav'
  if (typeof source !== 'string' && arrayName(source) !== 'Uint8Array')
    throw new OptionError(`${where}: expected a path or a Uint8Array, got ${describeValue(source)}.`)
  const bytes = typeof source === 'string' ? await read(where, source) : source
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = (at: number) => (at + 4 <= bytes.length ? String.fromCharCode(...bytes.subarray(at, at + 4)) : '')
  if (text(0) !== 'RIFF' || text(8) !== 'WAVE') throw new FormatError(`${where}: this is no WAV file (RIFF … WAVE).`)
  let layout: { format: number; channels: number; sampleRate: number; bits: number } | null = null
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true)
    const body = at + 8
    const isData = text(at) === 'data'
    if (body + size > bytes.length)
      throw new FormatError(
        `${where}: the file is cut off: '${text(at)}' has ${size} bytes, ${bytes.length - body} are there.`,
      )
    if (text(at) === 'fmt ') {
      if (size < 16) throw new FormatError(`${where}: the description of the format is cut off.`)
      const tag = view.getUint16(body, true)
      layout = {
        format: tag === extensible && size >= 26 ? view.getUint16(body + 24, true) : tag,
        channels: view.getUint16(body + 2, true),
        sampleRate: view.getUint32(body + 4, true),
        bits: view.getUint16(body + 14, true),
      }
    } else if (isData) {
      if (!layout) throw new FormatError(`${where}: the samples come before the description of their format.`)
      return { sampleRate: layout.sampleRate, samples: samplesOf(where, view, body, size, layout) }
    }
    at = body + size + (size % 2)
  }
  throw new FormatError(`${where}: the file holds no samples.`)
}

function samplesOf(
  where: string,
  view: DataView,
  begin: number,
  size: number,
  { format, channels, bits }: { format: number; channels: number; bits: number },
): Tensor {
  const sample = readerOf(where, format, bits)
  const frames = channels === 0 ? 0 : Math.floor(size / ((bits / 8) * channels))
  if (frames === 0) throw new FormatError(`${where}: the file holds no samples.`)
  const values = Float32Array.from({ length: frames * channels }, (_, i) => sample(view, begin + (i * bits) / 8))
  return tensor(values, [frames, channels])
}

async function read(where: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new FormatError(`${where}: cannot be read: ${(cause as Error).message}`, { cause })
  }
}
