import { expect } from 'chai'
import { data, FormatError } from '../../lib'
import { longestHold } from '../longest-hold'

interface Header {
  channels?: number
  bits?: number
  frame?: number
  /** Sizes of the file and of the samples as the header says them. */
  sizes?: [riff: number, samples: number]
}

function wav(samples: Uint8Array, { channels = 1, bits = 16, frame = 2, sizes }: Header = {}): Buffer {
  const header = Buffer.alloc(44)
  header.write('RIFF')
  header.writeUInt32LE(sizes?.[0] ?? 36 + samples.length, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(channels, 22)
  header.writeUInt32LE(8000, 24)
  header.writeUInt16LE(frame, 32)
  header.writeUInt16LE(bits, 34)
  header.write('data', 36)
  header.writeUInt32LE(sizes?.[1] ?? samples.length, 40)
  return Buffer.concat([header, samples])
}

const bytesOf = (values: number[]) => new Uint8Array(Int16Array.from(values).buffer)

async function refused(bytes: Uint8Array): Promise<string> {
  const error = await data.readWav(bytes).catch((reason: Error) => reason)
  expect(error).to.be.instanceOf(FormatError)
  return (error as Error).message
}

describe('data.readWav', () => {
  it('reads streams, which do not know their length, to the end', async () => {
    const samples = bytesOf([0, 16384, -32768])
    for (const size of [0xffffffff, 0x7ffff000, 0]) {
      const { samples: found } = await data.readWav(wav(samples, { sizes: [size, size] }))
      expect(found.toArray()).to.deep.equal([[0], [0.5], [-1]])
    }
    expect((await data.readWav(wav(samples, { sizes: [36, 0] }))).samples.shape).to.deep.equal([3, 1])
  })

  it('still refuses files that are cut off, and those without samples', async () => {
    const samples = bytesOf([1, 2])
    expect(await refused(wav(samples, { sizes: [100, 64] }))).to.include("'data' has 64 bytes, 4 are there")
    expect(await refused(wav(new Uint8Array()))).to.include('holds no samples')
    // The size 0 is meant here: what follows, within the file, is another chunk.
    const behind = Buffer.from('LIST\x04\x00\x00\x00INFO', 'latin1')
    expect(await refused(wav(behind, { sizes: [36 + 12, 0] }))).to.include('holds no samples')
  })

  it('reads samples that fill the upper bytes of larger places', async () => {
    const places = Uint8Array.from([9, 0, 0, 0x40, 9, 0, 0, 0x80, 9, 1, 0, 0, 9, 0xff, 0xff, 0xff])
    const { samples } = await data.readWav(wav(places, { bits: 24, channels: 2, frame: 8 }))
    expect(samples.toArray()).to.deep.equal([
      [0.5, -1],
      [2 ** -23, -(2 ** -23)],
    ])
    // Some writers say nothing about frames.
    const { samples: dense } = await data.readWav(wav(bytesOf([16384, 0]), { channels: 2, frame: 0 }))
    expect(dense.toArray()).to.deep.equal([[0.5, 0]])
    expect(await refused(wav(places, { bits: 24, channels: 2, frame: 4 })))
      .to.include('at least 6 bytes')
      .and.include('got 4')
  })

  it('leaves the event loop its turns', async () => {
    const bytes = wav(new Uint8Array(16_000_000))
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    const { samples } = await data.readWav(bytes)
    clearInterval(timer)
    expect([turns > 2, samples.size]).to.deep.equal([true, 8_000_000])
    samples.dispose()
  }).timeout(10_000)

  it('leaves it its turns in files of many chunks, too', async function () {
    this.retries(3) // a collection of garbage may come between
    const bytes = Buffer.alloc(12 + 8 * 500_000)
    bytes.fill('LIST\0\0\0\0', 12, bytes.length, 'latin1')
    bytes.write('RIFF')
    bytes.write('WAVE', 8)
    let message = ''
    const read = async () => (message = await refused(bytes))
    expect(await longestHold(read)).to.be.at.most(25)
    expect(message).to.include('holds no samples')
  })

  it('refuses bytes that were transferred before', async () => {
    const bytes = Uint8Array.from(wav(bytesOf([1])))
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    expect(await refused(bytes)).to.include('no WAV file')
  })
})
