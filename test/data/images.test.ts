/** Image files: decoded, resized, converted, read by folder; files are made by the tests. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { deflateSync } from 'node:zlib'
import { expect } from 'chai'
import { collectGarbage } from '../garbage'
import sharp from 'sharp'
import { data, FormatError, memory, OptionError, ShapeError } from '../../lib'
import { rejected } from '../model/support'

type Raw = { width: number; height: number; channels: 1 | 2 | 3 | 4; bytes: Uint8Array }

const raw = (height: number, width: number, channels: Raw['channels'], start = 0): Raw => ({
  width,
  height,
  channels,
  bytes: Uint8Array.from({ length: height * width * channels }, (_, i) => (start + 7 * i) % 256),
})

const encoder = ({ bytes, ...size }: Raw) =>
  sharp(bytes, { raw: size }).toColourspace(size.channels < 3 ? 'b-w' : 'srgb')
const png = (image: Raw): Promise<Uint8Array> => encoder(image).png().toBuffer()

/** A grey PNG written byte by byte, without sharp: what a decoder must make of it is known. */
function writtenByHand(rows: number[][]): Uint8Array {
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

describe('image files', () => {
  let folder = ''
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'myelin-images-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('a PNG gives its pixels, from a path as from bytes', async () => {
    const rows = [
      [0, 50, 100],
      [255, 1, 2],
    ]
    const bytes = writtenByHand(rows)
    const path = join(folder, 'grey.png')
    writeFileSync(path, bytes)
    for (const source of [path, bytes]) {
      const image = await data.readImage(source, { colours: 'grey' })
      expect(image.shape).to.deep.equal([2, 3, 1])
      expect([image.height, image.width, image.channels]).to.deep.equal([2, 3, 1])
      expect([...image.data]).to.deep.equal(rows.flat())
    }
  })

  it('a 64×64 RGB image is 12288 numbers: red first, then green, then blue', async () => {
    const image = raw(64, 64, 3)
    const vector = data.flattenImage(await data.readImage(await png(image)))
    expect(vector.length).to.equal(12288)
    for (const [i, c] of [
      [0, 0],
      [4095, 0],
      [17, 1],
      [4000, 2],
    ])
      expect(vector[c * 4096 + i]).to.equal(image.bytes[3 * i + c])
  })

  it('grey, RGB and alpha are kept, or brought to grey or RGB without alpha', async () => {
    for (const channels of [1, 2, 3, 4] as const) {
      const image = raw(3, 4, channels)
      const found = await data.readImage(await png(image))
      expect(found.shape).to.deep.equal([3, 4, channels === 2 ? 1 : channels])
      expect([...found.data]).to.deep.equal([...image.bytes].filter((_, i) => channels !== 2 || i % 2 === 0))
    }
    const alpha = await png(raw(3, 4, 4))
    const rgb = await data.readImage(alpha, { colours: 'rgb' })
    expect(rgb.channels).to.equal(3)
    expect([...rgb.data.subarray(0, 3)]).to.deep.equal([0, 7, 14])
    expect((await data.readImage(alpha, { colours: 'grey' })).channels).to.equal(1)
    const spread = await data.readImage(writtenByHand([[9, 200]]), { colours: 'rgb' })
    expect([...spread.data]).to.deep.equal([9, 9, 9, 200, 200, 200])
  })

  it('JPEG is decoded, other sizes are brought to one, and cameras held sideways are set upright', async () => {
    const image = raw(20, 30, 3)
    const grey = encoder({ ...image, bytes: image.bytes.fill(128) })
    const jpeg = await grey.jpeg().withMetadata({ orientation: 6 }).toBuffer()
    const upright = await data.readImage(jpeg)
    expect(upright.shape).to.deep.equal([30, 20, 3])
    expect(upright.data.every((v) => Math.abs(v - 128) < 3)).to.equal(true)
    for (const fit of ['fill', 'cover', 'contain'] as const)
      expect((await data.readImage(jpeg, { size: [8, 10], fit })).shape).to.deep.equal([8, 10, 3])
    const margin = await data.readImage(jpeg, { size: [8, 10], fit: 'contain' })
    expect(margin.data[0]).to.equal(0)
  })

  it('16 bits become 8', async () => {
    const image = raw(2, 2, 3)
    const found = await data.readImage(await encoder(image).toColourspace('rgb16').png().toBuffer())
    expect([...found.data]).to.deep.equal([...image.bytes])
  })

  it('a folder of images becomes x and y, ready for a network', async () => {
    for (const [c, label] of ['cats', 'dogs'].entries()) {
      mkdirSync(join(folder, label))
      for (const i of [1, 2, 3]) writeFileSync(join(folder, label, `${i}.png`), await png(raw(4, 5, 3, 50 * c + i)))
    }
    writeFileSync(join(folder, 'cats', 'notes.txt'), 'no image')
    const { x, y, labels, files, shape } = await data.fromImages(folder)
    expect(x.shape).to.deep.equal([6, 60])
    expect([...y.data]).to.deep.equal([0, 0, 0, 1, 1, 1])
    expect([labels, shape]).to.deep.equal([
      ['cats', 'dogs'],
      [4, 5, 3],
    ])
    expect(files[4]).to.equal('dogs/2.png')
    const bytes = raw(4, 5, 3, 52).bytes
    expect(x.data[4 * 60 + 20 + 3]).to.equal(Math.fround(bytes[3 * 3 + 1] / 255))
    expect(data.augment({ shape, flip: true }).apply(x).shape).to.deep.equal([6, 60])
    const grey = await data.fromImages(folder, { size: [2, 2], colours: 'grey', scale: 1 })
    expect(grey.x.shape).to.deep.equal([6, 4])
  })

  it('refuses what does not fit, and gives nothing in part', async () => {
    const good = await png(raw(4, 4, 3))
    writeFileSync(join(folder, 'cut.png'), good.subarray(0, good.length - 30))
    writeFileSync(join(folder, 'text.png'), 'this is text')
    const says = async (promise: Promise<unknown>, type: unknown, ...parts: string[]) => {
      const error = await rejected(promise)
      expect(error).to.be.instanceOf(type)
      for (const part of parts) expect(error.message).to.include(part)
    }
    await says(data.readImage(join(folder, 'none.png')), FormatError, 'data.readImage', 'none.png', 'ENOENT')
    await says(data.readImage(join(folder, 'text.png')), FormatError, 'text.png', 'no image')
    await says(data.readImage(join(folder, 'cut.png')), FormatError, 'cut.png')
    await says(data.readImage(new Uint8Array(0)), FormatError, 'data.readImage')
    await says(data.readImage(5 as never), OptionError, 'a path or a Uint8Array', '5')
    await says(data.readImage(good, { size: [4] as never }), OptionError, '[height, width]')
    await says(data.readImage(good, { size: [0, 4] }), OptionError, 'size', '0')
    await says(data.readImage(good, { colour: 'grey' } as never), OptionError, "'colours'")
    await says(data.readImage(good, { colours: 'gray' as never }), OptionError, "'grey'")
    await says(data.fromImages(join(folder, 'none')), FormatError, 'none', 'ENOENT')
    await says(data.fromImages(folder), FormatError, 'no folders')
    mkdirSync(join(folder, 'a'))
    await says(data.fromImages(folder), FormatError, 'folder a', 'no images')
    writeFileSync(join(folder, 'a', '1.png'), good)
    writeFileSync(join(folder, 'a', '2.png'), await png(raw(4, 5, 3)))
    await collectGarbage() // what earlier tests left must not go meanwhile
    const before = memory().liveBytes
    await says(data.fromImages(folder), ShapeError, 'a/2.png', '[4, 4, 3]', '[4, 5, 3]', 'size')
    writeFileSync(join(folder, 'a', '2.png'), 'text')
    await says(data.fromImages(folder, { size: [4, 4] }), FormatError, 'a/2.png', 'no image')
    const aborted = data.fromImages(folder, { signal: AbortSignal.abort('enough') })
    expect(await rejected(aborted)).to.have.property('name', 'AbortError')
    expect(memory().liveBytes).to.equal(before)
  })

  it('without sharp: an error that says what to install', () => {
    const hook = `export async function resolve(name, context, next) {
      if (name === 'sharp') throw Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' })
      return next(name, context)
    }`
    const url = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`
    const register = `import { register } from 'node:module'; register(${JSON.stringify(url(hook))})`
    const program = `require('./dist').data.readImage('x.png').catch((e) => console.log(e.name + ': ' + e.message))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--import', url(register), '-e', program], {
      cwd: resolve(__dirname, '../..'),
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    expect(stdout, stderr).to.equal(
      "StateError: data.readImage needs the optional package 'sharp', which is not installed. Run: npm install sharp\n",
    )
  })
})
