/** Image files that the tests make. */
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'

export type Raw = { width: number; height: number; channels: 1 | 2 | 3 | 4; bytes: Uint8Array }

export const raw = (height: number, width: number, channels: Raw['channels'], start = 0): Raw => ({
  width,
  height,
  channels,
  bytes: Uint8Array.from({ length: height * width * channels }, (_, i) => (start + 7 * i) % 256),
})

export const encoder = ({ bytes, ...size }: Raw) =>
  sharp(bytes, { raw: size }).toColourspace(size.channels < 3 ? 'b-w' : 'srgb')
export const png = (image: Raw): Promise<Uint8Array> => encoder(image).png().toBuffer()

/** A grey PNG written byte by byte, without sharp: what a decoder must make of it is known. */
export function pngByHand(rows: number[][]): Uint8Array {
  const crc = (bytes: Uint8Array) => {
    let c = 0xffffffff
    for (const byte of bytes) {
      c ^= byte
      for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
    }
    return ~c >>> 0
  }
  const chunk = (type: string, body: Uint8Array) => {
    const named = Buffer.concat([Buffer.from(type, 'latin1'), body])
    const ends = Buffer.alloc(8)
    ends.writeUInt32BE(body.length, 0)
    ends.writeUInt32BE(crc(named), 4)
    return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)])
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(rows[0].length, 0)
  head.writeUInt32BE(rows.length, 4)
  head.set([8, 0], 8) // 8 bits, grey
  const lines = Buffer.concat(rows.map((row) => Buffer.from([0, ...row])))
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** What the numbers of a TIFF file are by its tag 339. */
const sampleFormat = { Uint8Array: 1, Uint16Array: 1, Uint32Array: 1, Int16Array: 2, Int32Array: 2, Float32Array: 3 }

type Samples = Uint8Array | Uint16Array | Uint32Array | Int16Array | Int32Array | Float32Array

/** A TIFF file [height, width, channels] of these numbers, written byte by byte. */
export function tiff(samples: Samples, [height, width, channels]: readonly [number, number, number]): Uint8Array {
  const data = Buffer.from(samples.buffer)
  const format = sampleFormat[samples.constructor.name as keyof typeof sampleFormat]
  const bits = 8 * samples.BYTES_PER_ELEMENT
  const lists = Buffer.alloc(4 * channels)
  for (let c = 0; c < channels; c++) {
    lists.writeUInt16LE(bits, 2 * c)
    lists.writeUInt16LE(format, 2 * (channels + c))
  }
  const listsAt = 8 + data.length
  const [short, long] = [3, 4]
  /** Up to two shorts stand in the entry itself, more elsewhere. */
  const each = (tag: number, value: number, at: number) =>
    channels > 2 ? [tag, short, channels, at] : [tag, short, channels, channels > 1 ? value * 65537 : value]
  const colours = channels < 3 ? 1 : 3
  const extra = channels - colours
  const tags = [
    [256, short, 1, width],
    [257, short, 1, height],
    each(258, bits, listsAt),
    [259, short, 1, 1], // no compression
    [262, short, 1, colours === 1 ? 1 : 2], // black is 0, or RGB
    [273, long, 1, 8],
    [277, short, 1, channels],
    [278, short, 1, height],
    [279, long, 1, data.length],
    ...(extra > 0 ? [[338, short, extra, extra === 1 ? 2 : 0]] : []), // alpha, or anything
    each(339, format, listsAt + 2 * channels),
  ]
  const directory = Buffer.alloc(2 + 12 * tags.length + 4)
  directory.writeUInt16LE(tags.length, 0)
  tags.forEach(([tag, type, count, value], i) => {
    directory.writeUInt16LE(tag, 2 + 12 * i)
    directory.writeUInt16LE(type, 4 + 12 * i)
    directory.writeUInt32LE(count, 6 + 12 * i)
    directory.writeUInt32LE(value, 10 + 12 * i)
  })
  const head = Buffer.from('II*\0\0\0\0\0', 'latin1')
  head.writeUInt32LE(listsAt + lists.length, 4)
  return Buffer.concat([head, data, lists, directory])
}
