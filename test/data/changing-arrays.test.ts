/** Arrays whose buffers are shrunk, grown or transferred while a call reads them, and before. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { data, layers, loadModel, MyelinError, ops, sequential, StateError, tensor } from '../../lib'
import { source as clock } from '../../lib/base/clock'

const rows = 300_000
const width = 3

/** A growable one is shared with other threads. TypeScript's own types have neither before ES2024. */
const resizable = (bytes: number, most = bytes) =>
  new (ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer)(bytes, { maxByteLength: most })
const growable = (bytes: number, most: number) =>
  new (SharedArrayBuffer as unknown as new (bytes: number, options: object) => SharedArrayBuffer)(bytes, {
    maxByteLength: most,
  })
const resize = (buffer: ArrayBufferLike, bytes: number) =>
  (buffer as unknown as { resize?(bytes: number): void; grow?(bytes: number): void })[
    buffer instanceof ArrayBuffer ? 'resize' : 'grow'
  ]!(bytes)
const transfer = (buffer: ArrayBufferLike) => structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })

/** How a buffer of `bytes` bytes is made, and what happens to it. */
const changes: Record<string, [make: (bytes: number) => ArrayBufferLike, change: (buffer: ArrayBufferLike) => void]> = {
  transferred: [(bytes) => new ArrayBuffer(bytes), transfer],
  shrunk: [resizable, (buffer) => resize(buffer, buffer.byteLength >> 2)],
  grown: [(bytes) => growable(bytes, 2 * bytes), (buffer) => resize(buffer, 2 * buffer.byteLength)],
}

function network() {
  const model = sequential({ inputShape: [width], seed: 1, layers: [layers.dense({ units: 1 })] })
  model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
  return model
}

describe('an array whose buffer changes', () => {
  const model = network()
  const fixed = (size: number) => ({ data: new Float32Array(rows * size), shape: [rows, size] })
  const floats = (buffer: ArrayBufferLike, size: number) => ({ data: new Float32Array(buffer), shape: [rows, size] })
  const images = (buffer: ArrayBufferLike) => ({ data: new Float32Array(buffer), shape: [rows, 1, 3] })
  const augmenter = data.augment({ flip: true })
  const bytesOfX = rows * width * 4
  const batch = (x: data.DataLike, y: data.DataLike) => model.fitDataset(() => [{ x, y }], { epochs: 1 })

  /** The name that the error begins with, the size of the buffer, and the call. */
  const calls: [name: string, bytes: number, call: (buffer: ArrayBufferLike) => Promise<unknown>][] = [
    ['predict: x', bytesOfX, (b) => model.predict(floats(b, width))],
    ['fit: x', bytesOfX, (b) => model.fit(floats(b, width), fixed(1), { batchSize: 'all' })],
    ['fit: y', rows * 8, (b) => model.fit(fixed(width), { data: new Float64Array(b), shape: [rows, 1] })],
    ['evaluate: x', bytesOfX, (b) => model.evaluate(floats(b, width), fixed(1))],
    ['fitDataset: epoch 1, batch 1: x', bytesOfX, (b) => batch(floats(b, width), fixed(1))],
    ['augment.applyAsync: x', bytesOfX, (b) => augmenter.applyAsync(images(b))],
  ]
  // Every slice is followed by a turn of the event loop.
  const { now } = clock
  let time = 0
  before(() => (clock.now = () => (time += 100)))
  after(() => {
    clock.now = now
    model.dispose()
  })

  for (const [how, [make, change]] of Object.entries(changes))
    for (const [name, bytes, call] of calls)
      it(`while it is read is an error: ${name}, ${how}`, async () => {
        const buffer = make(bytes)
        const result = call(buffer).then(
          () => null,
          (error: unknown) => error,
        )
        await turn()
        change(buffer)
        const error = await result
        expect(error).to.be.instanceOf(StateError)
        const { message } = error as Error
        expect(message).to.include(`${name}: the array was changed or transferred while it was read: expected `)
        expect(message).to.match(/expected \d+ elements as at the call, got \d+\. Leave it as it is/)
      })

  it('while it is read is an error: the bytes of sounds and models', async () => {
    const sound = Buffer.alloc(44 + 4_000_000)
    sound.write('RIFF')
    sound.write('WAVEfmt ', 8)
    sound.set([16, 0, 0, 0, 1, 0, 1, 0, 64, 31, 0, 0, 0, 0, 0, 0, 2, 0, 16, 0], 16)
    sound.write('data', 36)
    sound.writeUInt32LE(4_000_000, 40)
    const wide = sequential({ inputShape: [1000], seed: 1, layers: [layers.dense({ units: 2000 })] })
    const readers: [string, Uint8Array, (bytes: Uint8Array) => Promise<unknown>][] = [
      ['data.readWav', sound, data.readWav],
      ['loadModel: model bytes', wide.toBytes(), (bytes) => loadModel(bytes)],
    ]
    for (const [name, content, read] of readers)
      for (const [how, [make, change]] of Object.entries(changes)) {
        const buffer = make(content.length)
        new Uint8Array(buffer).set(content)
        const result = read(new Uint8Array(buffer)).then(
          () => null,
          (error: unknown) => error,
        )
        await turn()
        change(buffer)
        const error = await result
        expect(error, `${name}, ${how}`).to.be.instanceOf(StateError)
        expect((error as Error).message).to.match(new RegExp(`^${name}: the array was changed or transferred while`))
      }
  })

  it('before the call is as long as it is then', () => {
    const gone = new Float32Array(6)
    transfer(gone.buffer)
    const outside = new Float32Array(resizable(24), 0, 6)
    resize(outside.buffer, 8)
    for (const empty of [gone, outside]) {
      expect(() => tensor(empty)).to.throw(MyelinError, 'tensor: expected at least one number, got an empty array.')
      expect(() => tensor(empty, [2, 3])).to.throw(MyelinError, 'tensor: expected at least one number')
      expect(() => ops.add(empty as never, 1)).to.throw(MyelinError, 'add')
      const weights = [{ name: 'dense_1', weight: empty, bias: [0] }]
      expect(() => model.setWeights(weights)).to.throw(MyelinError, 'setWeights: dense_1.weight: expected at least one')
      expect(() => model.predictSync({ data: empty, shape: [2, 3] })).to.throw(MyelinError, 'predict')
      expect(() => data.split({ x: empty, y: [1] }, { train: 1 })).to.throw(MyelinError, 'data.split: x')
    }
    const shared = growable(8, 24)
    const tracking = new Float32Array(shared)
    resize(shared, 24)
    expect(tensor(tracking, [2, 3]).shape).to.deep.equal([2, 3])
  })
})
