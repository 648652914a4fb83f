/** What every function of `data` that returns a promise keeps: the event loop, the path of the call, the signal. */
import { pbkdf2 } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import sharp from 'sharp'
import { data, OptionError } from '../../lib'
import { collectGarbage } from '../garbage'
import { longestHold } from '../longest-hold'
import { rejected } from '../model/support'

const megabyte = 1 << 20

/** A WAV file of silence, 16 bits. */
function wav(bytes: number): Uint8Array {
  const file = Buffer.alloc(44 + bytes)
  file.write('RIFF')
  file.write('WAVEfmt ', 8)
  file.set([16, 0, 0, 0, 1, 0, 1, 0, 64, 31, 0, 0, 128, 62, 0, 0, 2, 0, 16, 0], 16)
  file.write('data', 36)
  file.writeUInt32LE(bytes, 40)
  return file
}

const csv = (rows: number) => `a,b,c,d,y\n${'1.25,2.5,-3.125,4,0\n0.5,red,1e-3,7,1\n'.repeat(rows / 2)}`

const image = (side: number) =>
  sharp({ create: { width: side, height: side, channels: 3, background: { r: 9, g: 99, b: 199 } } })

type Call = (options: { signal?: AbortSignal }) => Promise<unknown>

describe('functions of data that return promises', function () {
  this.timeout(120_000)
  let folder = ''
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'myelin-promises-'))
    const at = (name: string) => join(folder, name)
    writeFileSync(at('small.csv'), csv(2))
    writeFileSync(at('small.wav'), wav(20))
    mkdirSync(at('small/a'), { recursive: true })
    mkdirSync(at('many/a'), { recursive: true })
    writeFileSync(at('small.png'), await image(2).png().toBuffer())
    writeFileSync(at('small/a/1.png'), await image(2).png().toBuffer())
    writeFileSync(at('large.csv'), csv((50 * megabyte) / 17))
    writeFileSync(at('large.wav'), wav(50 * megabyte))
    writeFileSync(at('large.tif'), await image(4200).tiff({ compression: 'none' }).toBuffer())
    const bytes = await image(512).jpeg().toBuffer()
    for (let i = 0; i < 80; i++) writeFileSync(at(`many/a/${i}.jpg`), bytes)
    // Whatever is loaded on first use is no matter of size.
    await data.readImage(at('small.png'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const augment = data.augment({ flip: true })
  const images = (count: number) => ({ data: new Float32Array(count * 3072), shape: [count, 32, 32, 3] })
  /** The same call on little and on 50 to 80 MB. */
  const calls: Record<string, [small: Call, large: Call]> = {
    fromCsv: [
      (options) => data.fromCsv(join(folder, 'small.csv'), { target: 'y', ...options }),
      (options) => data.fromCsv(join(folder, 'large.csv'), { target: 'y', ...options }),
    ],
    readWav: [
      (options) => data.readWav(join(folder, 'small.wav'), options),
      (options) => data.readWav(join(folder, 'large.wav'), options),
    ],
    readImage: [
      (options) => data.readImage(join(folder, 'small.png'), options),
      (options) => data.readImage(join(folder, 'large.tif'), options),
    ],
    fromImages: [
      (options) => data.fromImages(join(folder, 'small'), options),
      (options) => data.fromImages(join(folder, 'many'), options),
    ],
    'augment.applyAsync': [
      (options) => augment.applyAsync(images(1), options),
      (options) => augment.applyAsync(images(5000), options),
    ],
  }

  it('a function that holds the event loop is seen', async () => {
    const hold = await longestHold(async () => {
      await new Promise(setImmediate)
      for (const start = process.cpuUsage(); process.cpuUsage(start).user < 60_000;);
    })
    expect(hold).to.be.above(25)
  })

  for (const [name, [small, large]] of Object.entries(calls)) {
    it(`${name} leaves the event loop its turns, however large the data`, async function () {
      this.retries(3) // a collection of garbage or, where Linux does not count, another program may come between
      await collectGarbage()
      expect(await longestHold(() => large({})), 'longest turn in ms').to.be.at.most(25)
    })

    it(`${name} ends with an abort, and refuses what is no signal and no option`, async () => {
      const controller = new AbortController()
      const work = large({ signal: controller.signal })
      setImmediate(() => controller.abort('enough'))
      const error = await rejected(work)
      expect([error.name, error.cause]).to.deep.equal(['AbortError', 'enough'])
      expect(error.message).to.match(/aborted/)
      expect(await rejected(small({ signal: AbortSignal.abort() }))).to.have.property('name', 'AbortError')
      for (const wrong of [{ signal: 5 }, { signals: undefined }]) {
        const refused = await rejected(small(wrong as never))
        expect(refused).to.be.instanceOf(OptionError)
        expect(refused.message).to.include('signal')
      }
    })
  }

  it('paths are found from the folder of the call', async () => {
    const before = process.cwd()
    // libuv's threads are busy for a while, so that files are opened later.
    const busy = Array.from({ length: 16 }, () => new Promise((done) => pbkdf2('', '', 50_000, 64, 'sha512', done)))
    process.chdir(folder)
    const reads = [
      data.fromCsv('small.csv', { target: 'y' }),
      data.readWav('small.wav'),
      data.readImage('small.png'),
      data.fromImages('small'),
    ]
    process.chdir(before)
    expect(await Promise.all(reads)).to.have.lengthOf(4)
    await Promise.all(busy)
  })
})
