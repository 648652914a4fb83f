/** Sound files as numbers. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { checkOptions, checkSignal, requireUnchanged, throwIfAborted } from '../base/checks'
import { arrayName } from '../base/dtype'
import { describeValue, FormatError, OptionError } from '../base/errors'
import { inTurns, type Sliced } from '../base/slices'
import type { Tensor } from '../tensor/tensor'
import { writtenRows } from './transfer'

export interface Sound {
  /** Samples per second. */
  sampleRate: number
  /** [samples, channels], −1 … 1. */
  samples: Tensor
}

export interface ReadWavOptions {
  signal?: AbortSignal | undefined
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

/** The description of the format in a file. */
interface Layout {
  format: number
  channels: number
  sampleRate: number
  /** Bytes of a frame: a sample of each channel, each with the padding behind which it stands. */
  frame: number
  bits: number
}

/** Programs that write into a pipe say this size, or a larger one, or 0: they do not know how much will come. */
const endless = 0x7ffff000

/**
 * Reads a WAV file, or its bytes, in slices. Whole numbers become −1 … 1. The samples of a stream, whose header does
 * not know their number, go to the end. FormatError for what is no WAV file, is cut off or compressed; AbortError.
 */
export async function readWav(source: string | Uint8Array, options: ReadWavOptions = {}): Promise<Sound> {
  const where = typeof source === 'string' ? `data.readWav: ${source}` : 'data.readWav'
  if (typeof source !== 'string' && arrayName(source) !== 'Uint8Array')
    throw new OptionError(`${where}: expected a path or a Uint8Array, got ${describeValue(source)}.`)
  checkOptions('data.readWav', options, ['signal'])
  const { signal } = options
  checkSignal('data.readWav', signal)
  throwIfAborted(where, signal)
  const bytes = typeof source === 'string' ? await read(where, source) : source
  const { length } = bytes
  const pause = () => {
    throwIfAborted(where, signal)
    requireUnchanged(where, length, bytes.length)
  }
  pause()
  return inTurns(soundOf(where, bytes), pause)
}

/** Goes from chunk to chunk, of which a file may have any number, to the samples. */
function* soundOf(where: string, bytes: Uint8Array): Sliced<Sound> {
  const text = (at: number) => (at + 4 <= bytes.length ? String.fromCharCode(...bytes.subarray(at, at + 4)) : '')
  if (text(0) !== 'RIFF' || text(8) !== 'WAVE') throw new FormatError(`${where}: this is no WAV file (RIFF … WAVE).`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const riffEnd = 8 + view.getUint32(4, true)
  let layout: Layout | null = null
  for (let at = 12; at + 8 <= bytes.length;) {
    const body = at + 8
    const isData = text(at) === 'data'
    const said = view.getUint32(at + 4, true)
    const isStream = isData && (said >= endless || (said === 0 && riffEnd <= body))
    const size = isStream ? Math.min(said || Infinity, bytes.length - body) : said
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
        frame: view.getUint16(body + 12, true),
        bits: view.getUint16(body + 14, true),
      }
    } else if (isData) {
      if (!layout) throw new FormatError(`${where}: the samples come before the description of their format.`)
      const samples = yield* samplesOf(where, view, body, size, layout)
      return { sampleRate: layout.sampleRate, samples }
    }
    at = body + size + (size % 2)
    yield
  }
  throw new FormatError(`${where}: the file holds no samples.`)
}

function* samplesOf(where: string, view: DataView, begin: number, size: number, layout: Layout): Sliced<Tensor> {
  const { format, channels, bits } = layout
  const sample = readerOf(where, format, bits)
  const bytes = bits / 8
  // Some writers leave the frame's size out.
  const frame = layout.frame || bytes * channels
  const step = frame / channels
  if (channels > 0 && (step < bytes || !Number.isInteger(step)))
    throw new FormatError(
      `${where}: expected frames of at least ${bytes * channels} bytes for ${channels} channels of ${bits} bits, ` +
        `got ${frame}.`,
    )
  const frames = channels === 0 ? 0 : Math.floor(size / frame)
  if (frames === 0) throw new FormatError(`${where}: the file holds no samples.`)
  // Where a sample has fewer bytes than its place, it fills the upper ones.
  const first = begin + step - bytes
  return yield* writtenRows(where, [frames, channels], 'float32', channels, (values, from) => {
    for (let i = 0; i < values.length; i++) values[i] = sample(view, first + (from * channels + i) * step)
  })
}

async function read(where: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(resolve(path))
  } catch (cause) {
    throw new FormatError(`${where}: cannot be read: ${(cause as Error).message}.`, { cause })
  }
}
