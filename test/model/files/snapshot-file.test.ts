import { expect } from 'chai'
import { sourceOf } from '../../../lib/base/disk'
import { FormatError } from '../../../lib/base/errors'
import { atOnce, type Reading, type Sliced } from '../../../lib/base/slices'
import { decodedContainer, encodeContainer } from '../../../lib/model/files/safetensors'
import type { ModelSnapshot } from '../../../lib/model/files/snapshot'
import { decodedSnapshot, encodeSnapshot } from '../../../lib/model/files/snapshot-file'

// Of bytes in memory there is nothing to wait for.
const decode = <T>(work: Reading<T>) => atOnce(work as Sliced<T>)
const decodeSnapshot = (bytes: Uint8Array, source = 'model file') =>
  decode(decodedSnapshot(sourceOf(bytes, source), source))

function snapshot(): ModelSnapshot {
  return {
    architecture: {
      name: 'prüfling',
      dtype: 'float32',
      precision: 'tf32',
      seed: '18446744073709551615',
      labels: ['ja', 'nein'],
      inputs: [{ name: 'x', shape: [3], dtype: null }],
      layers: [{ kind: 'dense', name: 'dense_1', config: { units: 2, activation: 'relu' }, trainable: true }],
      uses: [{ layer: 0, from: [0] }],
      outputs: [{ name: 'y', value: 1 }],
      namedInputs: false,
      namedOutputs: false,
    },
    compiled: {
      optimizer: { kind: 'adam', config: { beta1: 0.9 } },
      outputs: [{ loss: 'meanSquaredError', lossWeight: 1, metrics: ['accuracy'] }],
      gradientClip: null,
    },
    progress: { steps: 12, epochs: 3, updates: 12, scheduleStart: 5 },
    checkpoint: { history: [1e-300, NaN, -0, Infinity, 0.1 + 0.2] },
    tensors: [
      { name: 'dense_1.weight', shape: [2, 3], data: Float32Array.of(1, -2, 3, NaN, Infinity, 1e-40) },
      { name: 'optimizer.dense_1.weight.v', shape: [1], data: Float64Array.of(Math.PI) },
      { name: 'dense_1.bias', shape: [2], data: Float32Array.of(0, -0) },
      { name: 'checkpoint.validation.x', shape: [3], data: Int32Array.of(0, -(2 ** 31), 2 ** 31 - 1) },
      { name: 'empty', shape: [0, 4], data: new Float32Array(0) },
    ],
  }
}

const jsonLength = (bytes: Uint8Array) => Number(Buffer.from(bytes).readBigUInt64LE())
const header = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString('utf8', 8, 8 + jsonLength(bytes)))

/** A file with another header over the same data. */
function withHeader(bytes: Uint8Array, change: (header: Record<string, never>) => void): Uint8Array {
  const changed = header(bytes)
  change(changed)
  const text = Buffer.from(JSON.stringify(changed))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, bytes.subarray(8 + jsonLength(bytes))])
}

describe('model file', () => {
  const bytes = encodeSnapshot(snapshot())

  it('gives back every bit', () => {
    const back = decodeSnapshot(bytes)
    expect(back).to.deep.equal(snapshot())
    back.tensors.forEach(({ data }, i) => {
      const raw = (a: ArrayBufferView) => Buffer.from(a.buffer, a.byteOffset, a.byteLength)
      expect(raw(data).equals(raw(snapshot().tensors[i].data))).to.equal(true)
    })
  })

  it('is a safetensors file: length, JSON, tensors without gaps on an 8-byte boundary', () => {
    const { __metadata__: metadata, ...tensors } = header(bytes)
    for (const value of Object.values(metadata)) expect(value).to.be.a('string')
    expect(Object.keys(tensors)).to.deep.equal(snapshot().tensors.map(({ name }) => name))
    const ranges = Object.values(tensors as Record<string, { data_offsets: number[] }>).map((t) => t.data_offsets)
    ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1])
    ranges.reduce((end, range) => (expect(range[0]).to.equal(end), range[1]), 0)
    expect((8 + jsonLength(bytes)) % 8).to.equal(0)
    expect(tensors['optimizer.dense_1.weight.v'].dtype).to.equal('F64')
  })

  it('reads from any place in memory', () => {
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    expect(decodeSnapshot(shifted.subarray(3))).to.deep.equal(snapshot())
  })

  it('notices every altered byte that changes what it says', () => {
    const end = 8 + jsonLength(bytes)
    const spaces = Buffer.from(bytes).lastIndexOf('}', end) + 1
    for (let i = 0; i < bytes.length; i++) {
      const altered = bytes.slice()
      altered[i] ^= i % 2 ? 0x01 : 0x29
      // A tab among the spaces behind the header.
      if (i >= spaces && i < end && altered[i] === 0x09) expect(decodeSnapshot(altered)).to.deep.equal(snapshot())
      else expect(() => decodeSnapshot(altered), `byte ${i}`).to.throw(FormatError)
    }
  })

  it('reads what another program wrote of the same contents', () => {
    const { __metadata__: metadata, ...rest } = header(bytes) as Record<string, Record<string, never>>
    const places = Object.fromEntries(
      Object.entries(rest).map(([name, { data_offsets: range }]) => [name, range as [number, number]]),
    )
    const turned = (o: object) => Object.fromEntries(Object.entries(o).reverse())
    // Tensors by name, backwards, one behind the other, in a header of another length with spaces and escapes.
    const parts: Uint8Array[] = []
    let at = 0
    const entries = Object.keys(rest)
      .sort()
      .reverse()
      .map((name) => {
        const part = bytes.subarray(8 + jsonLength(bytes)).subarray(...places[name])
        parts.push(part)
        const range = [at, (at += part.length)]
        return [name, turned({ ...rest[name], data_offsets: range })]
      })
    const text = JSON.stringify({ ...Object.fromEntries(entries), __metadata__: turned(metadata) }, null, 1)
    const head = Buffer.from(`${text.replace('prüfling', '\\u0070rüfling')}  \n `)
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(head.length))
    const again = decodeSnapshot(Buffer.concat([length, head, ...parts]))
    const sorted = (s: ModelSnapshot) => ({ ...s, tensors: [...s.tensors].sort((a, b) => (a.name < b.name ? -1 : 1)) })
    expect(sorted(again)).to.deep.equal(sorted(snapshot()))
    // The same with one number of one tensor in another place.
    parts[0] = parts[0].slice().reverse()
    expect(() => decodeSnapshot(Buffer.concat([length, head, ...parts]))).to.throw(FormatError, 'altered')
  })

  it('notices every truncation and anything behind the end', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeSnapshot(bytes.subarray(0, length)), `${length} bytes`).to.throw(FormatError)
    expect(() => decodeSnapshot(Buffer.concat([bytes, Buffer.alloc(1)]))).to.throw(
      FormatError,
      'behind the last tensor',
    )
    expect(() => decodeSnapshot(bytes.subarray(0, bytes.length - 1), 'a.safetensors')).to.throw(
      FormatError,
      /^a\.safetensors: truncated/,
    )
  })

  it('survives headers made to mislead', () => {
    const bad: [string, Uint8Array][] = [
      ['at most 100000000', Buffer.from('ffffffffffffff7f7b7d', 'hex')],
      ['not JSON', Buffer.concat([Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{"a"')])],
      ['JSON object', Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('[]')])],
      ['not a model saved by Myelin', withHeader(bytes, (h) => delete h.__metadata__)],
      ['should be a string', withHeader(bytes, (h) => (h.__metadata__['version'] = 1 as never))],
      ['takes 12 bytes', withHeader(bytes, (h) => (h['dense_1.weight']['dtype'] = 'BF16' as never))],
      ['begin ≤ end', withHeader(bytes, (h) => (h['dense_1.weight']['data_offsets'] = [9, 1] as never))],
      ['integers of at least 0', withHeader(bytes, (h) => (h['dense_1.weight']['shape'] = [-2, -3] as never))],
      ['takes 24 bytes', withHeader(bytes, (h) => (h['dense_1.weight']['data_offsets'] = [0, 8] as never))],
      ['takes', withHeader(bytes, (h) => (h['dense_1.weight']['shape'] = [2 ** 30, 2 ** 30] as never))],
      ['overlap', withHeader(bytes, (h) => (h['dense_1.bias']['data_offsets'] = [8, 16] as never))],
      [
        'truncated',
        withHeader(
          bytes,
          (h) => (
            (h['dense_1.bias']['data_offsets'] = [32, 1e9] as never),
            (h['dense_1.bias']['shape'] = [(1e9 - 32) / 4] as never)
          ),
        ),
      ],
      ['F64, F32, F16', withHeader(bytes, (h) => (h['dense_1.weight']['dtype'] = 'F128' as never))],
      [
        'expected dtype F32, F64, I32, got U32',
        withHeader(bytes, (h) => (h['dense_1.bias']['dtype'] = 'U32' as never)),
      ],
      ['64 hexadecimal digits', withHeader(bytes, (h) => (h.__metadata__['contents'] = '__proto__' as never))],
      ['no checksum', withHeader(bytes, (h) => delete h.__metadata__['contents'])],
      ['altered', withHeader(bytes, (h) => ((h['other'] = h['dense_1.bias']), delete h['dense_1.bias']))],
      [
        'altered',
        withHeader(bytes, (h) => (h.__metadata__['progress'] = '{"steps":1,"epochs":3,"updates":12}' as never)),
      ],
    ]
    for (const [message, file] of bad) expect(() => decodeSnapshot(file), message).to.throw(FormatError, message)
  })

  it('refuses other versions, other formats and contents of another kind', () => {
    const rewrite = (change: Record<string, string>) => {
      const { metadata, tensors } = decode(decodedContainer(sourceOf(bytes, 'test'), 'test'))
      return encodeContainer({ metadata: { ...metadata, ...change }, tensors })
    }
    expect(() => decodeSnapshot(rewrite({ version: '3' }))).to.throw(FormatError, 'newer Myelin')
    expect(() => decodeSnapshot(rewrite({ format: 'pt' }))).to.throw(FormatError, 'not a model saved by Myelin')
    expect(() => decodeSnapshot(rewrite({ compiled: '{' }))).to.throw(FormatError, 'metadata "compiled" is not JSON')
    expect(() => decodeSnapshot(rewrite({ progress: '{"steps":-1}' }))).to.throw(
      FormatError,
      'progress.steps should be an integer',
    )
    const progress = { steps: 12, epochs: 3, updates: 4 }
    const old = decodeSnapshot(rewrite({ progress: JSON.stringify(progress) }))
    expect(old.progress).to.deep.equal({ ...progress, scheduleStart: 0 })
    for (const [scheduleStart, expected] of [
      [13, 'progress.scheduleStart should be at most 12, the number of steps, got 13'],
      [-1, 'progress.scheduleStart should be an integer'],
    ] as const) {
      const late = JSON.stringify({ ...progress, scheduleStart })
      expect(() => decodeSnapshot(rewrite({ progress: late }))).to.throw(FormatError, expected)
    }
    expect(() => decodeSnapshot(rewrite({ architecture: '[]' }))).to.throw(
      FormatError,
      'architecture should be an object',
    )
    const architecture = (change: object) =>
      rewrite({ architecture: JSON.stringify({ ...snapshot().architecture, ...change }) })
    expect(() => decodeSnapshot(architecture({ precision: 'fp8' }))).to.throw(
      FormatError,
      "architecture.precision should be 'float32' or 'tf32' or 'bf16', got \"fp8\"",
    )
    expect(() => decodeSnapshot(architecture({ dtype: 'float64' }))).to.throw(
      FormatError,
      'architecture.precision should be \'float64\', got "tf32"',
    )
    expect(decodeSnapshot(architecture({ precision: undefined })).architecture.precision).to.equal('float32')
    const layers = JSON.stringify({ ...snapshot().architecture, layers: [{ kind: 'dense', name: 7, config: {} }] })
    expect(() => decodeSnapshot(rewrite({ architecture: layers }))).to.throw(
      FormatError,
      'architecture.layers[0].name should be a string',
    )
  })

  it('refuses to write tensors whose names or sizes clash', () => {
    const twice = snapshot()
    twice.tensors.push(twice.tensors[0])
    expect(() => encodeSnapshot(twice)).to.throw(FormatError, "'dense_1.weight'")
    const odd = snapshot()
    odd.tensors[0].shape = [7]
    expect(() => encodeSnapshot(odd)).to.throw(FormatError, '6 elements')
  })
})
