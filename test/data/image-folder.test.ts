/** Folders of images as x and y; files are made by the tests. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import sharp from 'sharp'
import { data, FormatError, memory, OptionError, ShapeError } from '../../lib'
import { collectGarbage } from '../garbage'
import { rejected } from '../model/support'
import { png, pngByHand, raw, tiff } from './image-files'

describe('folders of images', () => {
  let folder = ''
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'myelin-folders-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** Writes files by their paths in the folder. */
  const put = (files: Readonly<Record<string, Uint8Array | string>>) => {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), content)
    }
  }
  /** An image of one grey pixel. */
  const grey = (value: number) => pngByHand([[value]])
  /** The grey value of every row. */
  const values = ({ x }: data.ImageFolder) => [...x.data].map((v) => Math.round(v * 255))
  const readGrey = (options: data.FromImagesOptions = {}) => data.fromImages(folder, { colours: 'grey', ...options })
  const refused = async (promise: Promise<unknown>, type: unknown, ...parts: string[]) => {
    const error = await rejected(promise)
    expect(error).to.be.instanceOf(type)
    for (const part of parts) expect(error.message).to.include(part)
  }

  it('a folder of images becomes x and y, ready for a network', async () => {
    for (const [c, label] of ['cats', 'dogs'].entries())
      for (const i of [1, 2, 3]) put({ [`${label}/${i}.png`]: await png(raw(4, 5, 3, 50 * c + i)) })
    put({ 'cats/notes.txt': 'no image' })
    const { x, y, labels, files, shape } = await data.fromImages(folder)
    expect(x.shape).to.deep.equal([6, 60])
    expect([...y.data]).to.deep.equal([0, 0, 0, 1, 1, 1])
    expect([labels, shape]).to.deep.equal([
      ['cats', 'dogs'],
      [4, 5, 3],
    ])
    expect(files[4]).to.equal('dogs/2.png')
    const { bytes } = raw(4, 5, 3, 52)
    expect(x.data[4 * 60 + 20 + 3]).to.equal(Math.fround(bytes[3 * 3 + 1] / 255))
    expect(data.augment({ shape, flip: true }).apply(x).shape).to.deep.equal([6, 60])
    const small = await data.fromImages(folder, { size: [2, 2], colours: 'grey', scale: 1 })
    expect(small.x.shape).to.deep.equal([6, 4])
  })

  it('classes have the numbers of those that are given', async () => {
    put({ 'a/1.png': grey(10), 'c/1.png': grey(30), 'c/2.png': grey(31) })
    const labels = ['c', 'b', 'a']
    const images = await readGrey({ labels })
    expect([images.labels, [...images.y.data], values(images)]).to.deep.equal([labels, [2, 0, 0], [10, 30, 31]])
    const says = 'the folder c in'
    await refused(readGrey({ labels: ['a', 'b'] }), FormatError, says, 'is not among the classes: a, b.')
    await refused(readGrey({ labels: ['a', 'a'] }), OptionError, 'labels: expected each class once, got "a" twice')
    for (const wrong of ['a', [], [1]])
      await refused(readGrey({ labels: wrong as never }), OptionError, 'labels: expected a list of names of classes')
  })

  it('every image lands in its row, however many there are and whichever is decoded first', async () => {
    const large = await sharp({ create: { width: 700, height: 700, channels: 3, background: 'black' } })
      .png()
      .toBuffer()
    for (let i = 0; i < 40; i++) put({ [`a/${String(i).padStart(2, '0')}.png`]: i % 4 ? grey(i) : large })
    const images = await readGrey({ size: [1, 1] })
    expect(values(images)).to.deep.equal(Array.from({ length: 40 }, (_, i) => (i % 4 ? i : 0)))
    expect([images.labels, images.y.data.every((c) => c === 0)]).to.deep.equal([['a'], true])
  })

  it('links to folders and files are followed; one that leads nowhere is named', async () => {
    put({ 'classes/cat/1.png': grey(1), 'classes/cat/list.txt': '', 'elsewhere/1.png': grey(2), 'single.png': grey(3) })
    const root = join(folder, 'classes')
    symlinkSync(join(folder, 'elsewhere'), join(root, 'dog'), 'dir')
    symlinkSync(join(folder, 'single.png'), join(root, 'cat', '2.png'))
    const images = await data.fromImages(root, { colours: 'grey' })
    expect([images.labels, images.files]).to.deep.equal([
      ['cat', 'dog'],
      ['cat/1.png', 'cat/2.png', 'dog/1.png'],
    ])
    expect(values(images)).to.deep.equal([1, 3, 2])
    symlinkSync(join(folder, 'gone'), join(root, 'cat', '3.png'))
    await refused(data.fromImages(root), FormatError, 'the link', '3.png', 'leads nowhere', 'ENOENT')
    rmSync(join(root, 'cat', '3.png'))
    symlinkSync(join(folder, 'gone'), join(root, 'eel'))
    await refused(data.fromImages(root), FormatError, 'the link', 'eel', 'leads nowhere')
  })

  it('names that begin with a dot are left out; folders and pipes are no images', async function () {
    put({ 'cat/1.png': grey(1), 'cat/._1.png': 'Mac OS X', '.git/config': '', 'dog/1.png': grey(2) })
    expect((await readGrey()).files).to.deep.equal(['cat/1.png', 'dog/1.png'])
    mkdirSync(join(folder, 'dog', 'more.png'))
    await refused(readGrey(), FormatError, 'dog/more.png: expected an image file, got a folder')
    rmSync(join(folder, 'dog', 'more.png'), { recursive: true })
    if (process.platform === 'win32') return this.skip()
    execFileSync('mkfifo', [join(folder, 'dog', 'pipe.png')])
    await refused(readGrey(), FormatError, 'dog/pipe.png: expected an image file, got a folder, a pipe')
  })

  it('classes and files are sorted by character codes, names of classes composed', async () => {
    const [composed, decomposed] = ['\u00e9', 'e\u0301']
    const names = ['a', 'Z', decomposed, 'z', 'f']
    for (const [i, name] of names.entries()) put({ [`${name}/10.png`]: grey(i), [`${name}/9.PNG`]: grey(100 + i) })
    const images = await readGrey()
    expect(images.labels).to.deep.equal(['Z', 'a', 'f', 'z', composed])
    expect(images.files.slice(8)).to.deep.equal([`${decomposed}/10.png`, `${decomposed}/9.PNG`])
    expect(values(images)).to.deep.equal([1, 101, 0, 100, 4, 104, 3, 103, 2, 102])
    try {
      mkdirSync(join(folder, composed))
    } catch {
      return // to some file systems the two names are one
    }
    await refused(readGrey(), FormatError, `two folders named ${composed}`, 'NFC')
  })

  it('16 bits and bytes become 0 … 1, floats and 32 bits stay; what does not go together is named', async () => {
    put({ 'a/1.png': grey(51), 'a/2.tif': tiff(Uint16Array.of(13107), [1, 1, 1]) })
    expect([...(await readGrey()).x.data]).to.deep.equal([Math.fround(0.2), Math.fround(0.2)])
    const scaled = readGrey({ scale: 1 / 255 })
    await refused(scaled, FormatError, 'a/2.tif: expected pixels that are numbers of 8 bits', '16 bits', 'Leave scale')
    put({ 'a/3.tif': tiff(Float32Array.of(0.75), [1, 1, 1]) })
    await refused(readGrey(), FormatError, 'a/3.tif', 'numbers of 8 bits like those of a/1.png, got floats.')
    rmSync(join(folder, 'a', '1.png'))
    rmSync(join(folder, 'a', '2.tif'))
    put({ 'b/1.tif': tiff(Float32Array.of(-2.5), [1, 1, 1]), 'b/2.tif': tiff(Uint32Array.of(70000), [1, 1, 1]) })
    expect([...(await readGrey()).x.data]).to.deep.equal([0.75, -2.5, 70000])
    expect([...(await data.fromImages(folder)).x.data.subarray(0, 3)]).to.deep.equal([0.75, 0.75, 0.75])
    expect([...(await readGrey({ scale: 2 })).x.data]).to.deep.equal([1.5, -5, 140000])
    put({ 'b/3.tif': tiff(Float32Array.of(NaN), [1, 1, 1]) })
    await refused(readGrey(), OptionError, 'b/3.tif: expected finite numbers, got NaN in row 0, column 0')
  })

  it('a relative path is that of the call', async () => {
    put({ 'images/a/1.png': grey(9) })
    const before = process.cwd()
    process.chdir(folder)
    const reading = data.fromImages('images', { colours: 'grey' })
    process.chdir(before)
    expect(values(await reading)).to.deep.equal([9])
  })

  it('refuses what does not fit, and gives nothing in part', async () => {
    await refused(data.fromImages(join(folder, 'none')), FormatError, 'none', 'ENOENT')
    await refused(data.fromImages(folder), FormatError, 'no folders')
    mkdirSync(join(folder, 'a'))
    await refused(data.fromImages(folder), FormatError, 'folder a', 'no images')
    put({ 'a/1.png': await png(raw(4, 4, 3)), 'a/2.png': await png(raw(4, 5, 3)) })
    await collectGarbage() // what earlier tests left must not go meanwhile
    const before = memory().liveBytes
    await refused(data.fromImages(folder), ShapeError, 'a/2.png', '[4, 4, 3]', '[4, 5, 3]', 'size')
    put({ 'a/2.png': 'text' })
    await refused(data.fromImages(folder, { size: [4, 4] }), FormatError, 'a/2.png', 'no image')
    const frames = { width: 4, height: 8, channels: 3, pageHeight: 4 } as const
    rmSync(join(folder, 'a', '2.png'))
    put({
      'a/2.gif': await sharp(raw(8, 4, 3).bytes, { raw: frames })
        .gif()
        .toBuffer(),
    })
    await refused(data.fromImages(folder), FormatError, 'a/2.gif: expected one image, got a file with 2 frames')
    await refused(data.fromImages(folder, { signal: AbortSignal.abort('enough') }), Error, 'aborted')
    const controller = new AbortController()
    const aborted = data.fromImages(folder, { signal: controller.signal })
    controller.abort('enough')
    expect(await rejected(aborted)).to.have.property('name', 'AbortError')
    await refused(data.fromImages(folder, { signal: 5 as never }), OptionError, 'signal')
    await refused(data.fromImages(folder, { scales: 1 } as never), OptionError, "'scale'")
    await refused(data.fromImages('', {}), OptionError, 'folder')
    expect(memory().liveBytes).to.equal(before)
  })

  it('many names are read and sorted in slices', async () => {
    const names = Array.from({ length: 5000 }, (_, i) => `${(i * 7919) % 5000}`.padStart(4, '0'))
    mkdirSync(join(folder, 'a'))
    for (const name of names) writeFileSync(join(folder, 'a', `${name}.png`), '')
    writeFileSync(join(folder, 'b'), '')
    const error = await rejected(data.fromImages(folder))
    expect(error.message).to.match(/^data\.fromImages: a\/0000\.png: this is no image/)
    renameSync(join(folder, 'a', '0000.png'), join(folder, 'a', '9999.png'))
    expect((await rejected(data.fromImages(folder))).message).to.match(/^data\.fromImages: a\/0001\.png/)
  })
})
