/** Image files: decoded, resized, converted; files are made by the tests. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import sharp from 'sharp'
import { data, FormatError, OptionError, StateError } from '../../lib'
import { source as clock } from '../../lib/base/clock'
import { rejected } from '../model/support'
import { encoder, png, pngByHand, raw, tiff } from './image-files'

async function refused(promise: Promise<unknown>, type: unknown, ...parts: string[]): Promise<void> {
  const error = await rejected(promise)
  expect(error).to.be.instanceOf(type)
  for (const part of parts) expect(error.message).to.include(part)
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
    const bytes = pngByHand(rows)
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
    const spread = await data.readImage(pngByHand([[9, 200]]), { colours: 'rgb' })
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

  it('numbers of 16 bits, of 32 bits and floats stay what they are', async () => {
    const bits = Uint16Array.of(0, 1, 256, 65535)
    const deep = await data.readImage(tiff(bits, [2, 2, 1]))
    expect([deep.data, deep.white, deep.shape]).to.deep.equal([bits, 65535, [2, 2, 1]])
    expect(data.flattenImage(deep, { scale: 1 / deep.white })[3]).to.equal(1)
    const flat = await data.readImage(pngByHand([[0, 255]]))
    expect([flat.data, flat.white]).to.deep.equal([Uint8Array.of(0, 255), 255])

    const wide = [Uint32Array.of(0, 256, 65535, 4e9), Int32Array.of(-5, 0, 1, 2e9), Float32Array.of(-0.5, 0, 0.25, 1e9)]
    for (const numbers of wide) {
      const image = await data.readImage(tiff(numbers, [2, 2, 1]))
      expect([image.data, image.white, image.shape]).to.deep.equal([numbers, 1, [2, 2, 1]])
      const spread = await data.readImage(tiff(numbers, [2, 2, 1]), { colours: 'rgb' })
      expect([spread.data.constructor, [...spread.data]]).to.deep.equal([
        numbers.constructor,
        [...numbers].flatMap((v) => [v, v, v]),
      ])
    }
    const colours = Float32Array.from({ length: 12 }, (_, i) => i / 8)
    const rgb = await data.readImage(tiff(colours, [2, 2, 3]))
    expect([rgb.data, rgb.channels]).to.deep.equal([colours, 3])
    const grey = await data.readImage(tiff(colours, [2, 2, 3]), { colours: 'grey' })
    expect(grey.shape).to.deep.equal([2, 2, 1])
    expect(grey.data[1]).to.be.closeTo((3 * 0.2126 + 4 * 0.7152 + 5 * 0.0722) / 8, 1e-6)
    const counts = await data.readImage(tiff(Uint32Array.of(1e6, 2e6, 3e6), [1, 1, 3]), { colours: 'grey' })
    expect([...counts.data]).to.deep.equal([Math.round(212600 + 2 * 715200 + 3 * 72200)])
    const withAlpha = tiff(Float32Array.of(0.1, 0.2, 0.3, 9), [1, 1, 4])
    expect((await data.readImage(withAlpha, { colours: 'rgb' })).data).to.deep.equal(Float32Array.of(0.1, 0.2, 0.3))
    const same = tiff(new Float32Array(16).fill(0.3), [4, 4, 1])
    const small = await data.readImage(same, { size: [2, 3] })
    expect(small.shape).to.deep.equal([2, 3, 1])
    expect(small.data.every((v) => Math.abs(v - 0.3) < 1e-6)).to.equal(true)
  })

  it('16-bit colours become grey and grey ones colours, in 16 bits', async () => {
    const grey = await data.readImage(tiff(Uint16Array.of(40000, 40000, 40000), [1, 1, 3]), { colours: 'grey' })
    expect(grey.data).to.be.instanceOf(Uint16Array)
    expect(grey.data[0]).to.be.closeTo(40000, 100)
    const rgb = await data.readImage(tiff(Uint16Array.of(7, 300), [1, 2, 1]), { colours: 'rgb' })
    expect(rgb.data).to.deep.equal(Uint16Array.of(7, 7, 7, 300, 300, 300))
    expect((await data.readImage(tiff(Uint16Array.of(7, 300), [1, 1, 2]))).data).to.deep.equal(Uint16Array.of(7))
  })

  it('CMYK becomes RGB, and palettes become their colours', async () => {
    const made = () => sharp({ create: { width: 2, height: 1, channels: 3, background: { r: 200, g: 100, b: 50 } } })
    const cmyk = await data.readImage(await made().toColourspace('cmyk').jpeg().toBuffer())
    expect(cmyk.shape).to.deep.equal([1, 2, 3])
    expect(Math.abs(cmyk.data[0] - 200)).to.be.below(40)
    const palette = await data.readImage(await made().png({ palette: true }).toBuffer())
    expect([...palette.data]).to.deep.equal([200, 100, 50, 200, 100, 50])
  })

  it('of several frames or pages, one is read where it is named', async () => {
    const frames = Buffer.from([10, 10, 10, 200, 200, 200])
    const rawFrames = { width: 1, height: 2, channels: 3, pageHeight: 1 } as const
    const gif = await sharp(frames, { raw: rawFrames }).gif().toBuffer()
    const pages = await sharp(gif, { pages: -1 }).tiff({ compression: 'none' }).toBuffer()
    for (const file of [gif, pages]) {
      await refused(data.readImage(file), FormatError, 'data.readImage: expected one image, got a file with 2 frames')
      const read = async (page: number) => (await data.readImage(file, { page, colours: 'grey' })).data[0]
      expect([Math.round((await read(0)) / 10), Math.round((await read(1)) / 10)]).to.deep.equal([1, 20])
      await refused(data.readImage(file, { page: 2 }), FormatError, 'a page from 0 to 1, which the file has, got 2')
    }
    expect((await data.readImage(pngByHand([[3]]), { page: 0 })).data[0]).to.equal(3)
    await refused(data.readImage(pngByHand([[3]]), { page: 1 }), FormatError, 'a page from 0 to 0')
    await refused(data.readImage(gif, { page: -1 }), OptionError, 'page', '-1')
  })

  it('bytes are copied at the call, and a path is that of the call', async () => {
    const bytes = Uint8Array.from(pngByHand([[7, 8]]))
    const reading = data.readImage(bytes)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    expect([...(await reading).data]).to.deep.equal([7, 8])

    const large = new Uint8Array(1 << 24)
    const { now } = clock
    let time = 0
    clock.now = () => (time += 100) // every slice is followed by a turn of the event loop
    try {
      const changed = data.readImage(large)
      structuredClone(large.buffer, { transfer: [large.buffer] })
      await refused(changed, StateError, 'data.readImage: the array was changed or transferred', `expected ${1 << 24}`)
    } finally {
      clock.now = now
    }

    writeFileSync(join(folder, 'here.png'), pngByHand([[5]]))
    const before = process.cwd()
    process.chdir(folder)
    const relative = data.readImage('here.png')
    process.chdir(before)
    expect((await relative).data[0]).to.equal(5)
  })

  it('refuses what cannot be read', async () => {
    const good = await png(raw(4, 4, 3))
    writeFileSync(join(folder, 'cut.png'), good.subarray(0, good.length - 30))
    writeFileSync(join(folder, 'text.png'), 'this is text')
    await refused(data.readImage(join(folder, 'none.png')), FormatError, 'data.readImage', 'none.png', 'ENOENT')
    await refused(data.readImage(join(folder, 'text.png')), FormatError, 'text.png', 'no image')
    await refused(data.readImage(join(folder, 'cut.png')), FormatError, 'cut.png')
    await refused(data.readImage(new Uint8Array(0)), FormatError, 'data.readImage')
    await refused(data.readImage(tiff(Int16Array.of(-1, 1), [1, 2, 1])), FormatError, 'without a sign', "got 'short'")
    await refused(data.readImage(tiff(new Float32Array(5), [1, 1, 5])), FormatError, '1 to 4 channels', 'got 5')
    await refused(data.readImage(5 as never), OptionError, 'a path or a Uint8Array', '5')
    await refused(data.readImage(good, { size: [4] as never }), OptionError, '[height, width]')
    await refused(data.readImage(good, { size: [0, 4] }), OptionError, 'size', '0')
    await refused(data.readImage(good, { colour: 'grey' } as never), OptionError, "'colours'")
    await refused(data.readImage(good, { colours: 'gray' as never }), OptionError, "'grey'")
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
