/** Safetensors files of other programs. */
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import * as my from '../../../lib'
import { rejected } from '../support'

const { FormatError, OptionError, layers, loadModel, readTensors, sequential } = my

interface Entry {
  dtype: string
  shape: number[]
  bytes: ArrayLike<number>
}

/** Length and header, the entries laid out one behind the other. */
function headOf(
  entries: Record<string, Entry>,
  metadata?: object,
  change: (header: object) => object = (h) => h,
): Buffer {
  let at = 0
  const header = Object.entries(entries).map(([name, { dtype, shape, bytes }]) => {
    return [name, { dtype, shape, data_offsets: [at, (at += bytes.length)] }]
  })
  const text = JSON.stringify(change({ ...(metadata && { __metadata__: metadata }), ...Object.fromEntries(header) }))
  const head = Buffer.alloc(8 + Buffer.byteLength(text))
  head.writeBigUInt64LE(BigInt(Buffer.byteLength(text)))
  head.write(text, 8)
  return head
}

function fileOf(entries: Record<string, Entry>, metadata?: object, change?: (header: object) => object): Buffer {
  return Buffer.concat([
    headOf(entries, metadata, change),
    ...Object.values(entries).map(({ bytes }) => Uint8Array.from(bytes)),
  ])
}

const hex = (text: string) => Buffer.from(text.replace(/ /g, ''), 'hex')
const one = async (dtype: string, shape: number[], bytes: ArrayLike<number>) =>
  (await readTensors(fileOf({ t: { dtype, shape, bytes } }))).tensors.t

describe('readTensors', () => {
  // Bytes as they stand in the file, the lowest first.
  const rows: [dtype: string, bytes: string, values: ArrayLike<number | bigint>, shape?: number[]][] = [
    ['F64', '182d4454fb210940', Float64Array.of(Math.PI)],
    ['F32', 'db0f4940 000080ff 01000000', Float32Array.of(Math.PI, -Infinity, 2 ** -149)],
    // 1, −2, the largest, the smallest of all and of the normal ones, 1/3, −0, ∞, −∞
    [
      'F16',
      '003c 00c0 ff7b 0100 0004 5535 0080 007c 00fc',
      Float32Array.of(1, -2, 65504, 2 ** -24, 2 ** -14, 0.333251953125, -0, Infinity, -Infinity),
    ],
    ['F16', '017e', Float32Array.of(NaN)],
    ['BF16', '803f 00c0 4940 8000 80ff', Float32Array.of(1, -2, 3.140625, 2 ** -126, -Infinity)],
    ['F8_E5M2', '3c c0 7b 01 7c fe', Float32Array.of(1, -2, 57344, 2 ** -16, Infinity, NaN)],
    ['F8_E4M3', '38 c0 7e 01 08 7f ff 80', Float32Array.of(1, -2, 448, 2 ** -9, 2 ** -6, NaN, NaN, -0)],
    ['F8_E5M2FNUZ', '40 7f 01 80 00', Float32Array.of(1, 57344, 2 ** -17, NaN, 0)],
    ['F8_E4M3FNUZ', '40 7f 01 80 00', Float32Array.of(1, 240, 2 ** -10, NaN, 0)],
    ['F8_E8M0', '7f 80 00 fe ff', Float32Array.of(1, 2, 2 ** -127, 2 ** 127, NaN)],
    ['I64', 'ffffffffffffffff 000000000000e07f', BigInt64Array.of(-1n, 0x7fe0000000000000n)],
    ['U64', 'ffffffffffffffff', BigUint64Array.of(2n ** 64n - 1n)],
    ['I32', 'feffffff ffffff7f', Int32Array.of(-2, 2 ** 31 - 1)],
    ['U32', 'feffffff', Uint32Array.of(2 ** 32 - 2)],
    ['I16', 'feff ff7f', Int16Array.of(-2, 32767)],
    ['U16', 'feff', Uint16Array.of(65534)],
    ['I8', 'fe 7f', Int8Array.of(-2, 127)],
    ['U8', 'fe 7f', Uint8Array.of(254, 127)],
    ['BOOL', '00 01 02', Uint8Array.of(0, 1, 1)],
    ['C64', '0000803f 00000040', Float32Array.of(1, 2), [1]],
    ['F4', '21 43', Uint8Array.of(0x21, 0x43), [4]],
    ['F6_E2M3', '010203', Uint8Array.of(1, 2, 3), [4]],
    ['F6_E3M2', '010203', Uint8Array.of(1, 2, 3), [2, 2]],
  ]
  for (const [dtype, bytes, values, shape = [values.length]] of rows)
    it(`${dtype}: ${bytes}`, async () => {
      const found = await one(dtype, shape, hex(bytes))
      // The type of the array, NaN and −0 too.
      expect(found.data).to.deep.equal(values)
      expect([found.dtype, found.shape]).to.deep.equal([dtype, shape])
    })

  it('gives all tensors in their order, scalars and empty ones, and the metadata', async () => {
    const entries = {
      b: { dtype: 'F32', shape: [], bytes: hex('0000803f') },
      a: { dtype: 'U8', shape: [2, 0, 3], bytes: [] },
      ['__proto__']: { dtype: 'U8', shape: [1], bytes: [7] },
      'odd place': { dtype: 'F64', shape: [1], bytes: hex('182d4454fb210940') },
    }
    const { tensors, metadata } = await readTensors(fileOf(entries, { format: 'pt', note: 'ä' }))
    expect(Object.keys(tensors)).to.deep.equal(Object.keys(entries))
    expect(Object.values(tensors).map(({ shape }) => shape)).to.deep.equal([[], [2, 0, 3], [1], [1]])
    expect(tensors['odd place'].data[0]).to.equal(Math.PI)
    expect(metadata).to.deep.equal({ format: 'pt', note: 'ä' })
    expect(await readTensors(fileOf({}))).to.deep.equal({ tensors: {}, metadata: {} })
  })

  it('widens and reads what is longer than a slice, from files and from bytes of another realm', async () => {
    const count = 1_200_003
    const words = Uint16Array.from({ length: count }, (_, i) => i % 0x7c00)
    const entries = {
      f: { dtype: 'U8', shape: [3], bytes: [1, 2, 3] },
      h: { dtype: 'F16', shape: [count], bytes: new Uint8Array(words.buffer) },
    }
    const folder = mkdtempSync(join(tmpdir(), 'tensors-'))
    try {
      const path = join(folder, 'file')
      writeFileSync(path, fileOf(entries))
      const foreign = runInNewContext('(b) => Uint8Array.from(b)') as (bytes: Uint8Array) => Uint8Array
      for (const source of [path, foreign(fileOf(entries))]) {
        const { data } = (await readTensors(source)).tensors.h
        // Sorted codes are sorted numbers; each is that of its code.
        expect(data.length).to.equal(count)
        expect([...data.slice(0, 0x7c00)].every((v, i, all) => i === 0 || v > all[i - 1])).to.equal(true)
        expect((data as Float32Array).every((v, i) => v === data[i % 0x7c00])).to.equal(true)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('reads one tensor of a file that no array could hold', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tensors-'))
    try {
      const path = join(folder, 'large')
      const size = 40_000_000_000
      const head = headOf({
        all: { dtype: 'F16', shape: [size / 2], bytes: { length: size } },
        last: { dtype: 'I16', shape: [2], bytes: [0, 0, 0, 0] },
      })
      writeFileSync(path, head)
      // Of holes: it takes no room.
      truncateSync(path, head.length + size + 4)
      const file = openSync(path, 'r+')
      writeSync(file, Int16Array.of(5, -6), 0, 4, head.length + size)
      closeSync(file)
      const { tensors } = await readTensors(path, { names: ['last', 'last'] })
      expect(tensors).to.deep.equal({ last: { dtype: 'I16', shape: [2], data: Int16Array.of(5, -6) } })
      const error = await rejected(readTensors(path, { names: ['all'] }))
      expect(error).to.be.instanceOf(FormatError)
      expect(error.message).to.match(/large: tensor 'all': there is no room/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('values of another program become the weights of a model', async () => {
    const bytes = new Uint8Array(Float32Array.of(1, 2, 3).buffer)
    const { tensors } = await readTensors(
      fileOf({
        'fc.weight': { dtype: 'F32', shape: [1, 2], bytes: bytes.subarray(0, 8) },
        'fc.bias': { dtype: 'F32', shape: [1], bytes: bytes.subarray(8) },
      }),
    )
    const model = sequential({ inputShape: [2], layers: [layers.dense({ units: 1, name: 'fc' })] })
    const as = ({ data, shape }: my.FileTensor) => my.tensor(data as Float32Array, shape)
    model.setWeights([{ name: 'fc', weight: as(tensors['fc.weight']), bias: as(tensors['fc.bias']) }])
    expect(model.predictSync([[1, 1]]).toArray()).to.deep.equal([[6]])
  })

  it('reads the tensors of a Myelin file', async () => {
    const model = sequential({ inputShape: [2], layers: [layers.dense({ units: 1 })] })
    const { tensors, metadata } = await readTensors(model.toBytes())
    expect(metadata.format).to.equal('myelin')
    expect([...tensors['dense_1.weight'].data]).to.deep.equal([...model.getWeights()[0].weight.data])
  })

  it('refuses files that are not whole before it makes room for them', async () => {
    const byte = { dtype: 'U8', shape: [4], bytes: [1, 2, 3, 4] }
    const at =
      (data_offsets: number[], more = {}) =>
      (h: object) => ({ ...h, t: { ...(h as { t: object }).t, data_offsets, ...more } })
    const bad: [RegExp, Uint8Array][] = [
      [
        /^file bytes: truncated: tensor 't' should end at byte 8000000000/,
        fileOf({ t: byte }, {}, at([0, 8e9], { shape: [8e9] })),
      ],
      [/takes 1e\+29 bytes/, fileOf({ t: byte }, {}, at([0, 4], { shape: [1e15, 1e14] }))],
      [/leave a gap/, fileOf({ t: byte }, {}, at([1, 4], { shape: [3] }))],
      [/overlap/, fileOf({ t: byte, u: byte }, {}, at([0, 8], { shape: [8] }))],
      [/something stands behind the last tensor/, fileOf({ t: byte }, {}, at([0, 3], { shape: [3] }))],
      [/takes 1\.5 bytes/, fileOf({ t: byte }, {}, at([0, 2], { dtype: 'F4', shape: [3] }))],
      [/expected dtype F64, .*, got "F128"/, fileOf({ t: byte }, {}, at([0, 4], { dtype: 'F128' }))],
      [/expected dtype .*, got "toString"/, fileOf({ t: byte }, {}, at([0, 4], { dtype: 'toString' }))],
      [/"__metadata__"\.a should be a string, got 1/, fileOf({ t: byte }, { a: 1 })],
      [/at most 100000000 are allowed/, hex('00e1f505 01000000 7b7d')],
      [/truncated: the header should end at byte 100000008/, hex('00e1f505 00000000 7b7d')],
    ]
    for (const [message, file] of bad) {
      const error = await rejected(readTensors(file))
      expect(error).to.be.instanceOf(FormatError)
      expect(error.message).to.match(message)
    }
  })

  it('checks its arguments, and ends with its signal', async () => {
    const file = fileOf({ weight: { dtype: 'U8', shape: [1], bytes: [1] } })
    const wrong: [() => Promise<unknown>, typeof my.MyelinError, RegExp][] = [
      [() => readTensors(file, { names: ['wieght'] }), OptionError, /has 1 tensors, none of them 'wieght'.*'weight'/],
      [
        () => readTensors(file, { names: 'weight' as never }),
        OptionError,
        /names: expected a list of names, got "weight"/,
      ],
      [() => readTensors(file, { name: [] } as never), OptionError, /unknown option 'name'.*'names'/],
      [() => readTensors(file, { signal: 3 as never }), OptionError, /readTensors: signal/],
      [
        () => readTensors(3 as never),
        FormatError,
        /^readTensors: expected the path of a file, or its bytes as a Uint8Array, got 3/,
      ],
      [() => readTensors(new Uint8Array(0)), FormatError, /readTensors: 'file bytes' is empty/],
      [() => readTensors('/no/such/file'), FormatError, /Cannot read '\/no\/such\/file'.*ENOENT/],
      [() => readTensors(file, { signal: AbortSignal.abort('enough') }), my.AbortError, /^readTensors: aborted/],
    ]
    for (const [reading, kind, message] of wrong) {
      const error = await rejected(reading())
      expect(error).to.be.instanceOf(kind)
      expect(error.message).to.match(message)
    }
    const controller = new AbortController()
    const long = fileOf({ t: { dtype: 'BF16', shape: [2e7], bytes: { length: 4e7 } } })
    const reading = rejected(readTensors(long, { signal: controller.signal }))
    controller.abort('enough')
    expect(await reading)
      .to.be.instanceOf(my.AbortError)
      .and.have.property('cause', 'enough')
  })
})

describe('loadModel: files of other programs', () => {
  const zip = (name: string) =>
    Buffer.concat([
      hex('504b0304 1400 0000 0000 00000000 00000000 00000000 00000000'),
      Buffer.from([name.length, 0, 0, 0]),
      Buffer.from(`${name}content`),
    ])
  const f32 = { dtype: 'F32', shape: [1], bytes: [0, 0, 0, 0] }
  const rows: [what: string, bytes: Uint8Array, message: RegExp][] = [
    ['safetensors', fileOf({ w: f32 }), /not a model saved by Myelin.*of 1 tensor\. .*readTensors.*setWeights/],
    [
      'safetensors of PyTorch',
      fileOf({ w: f32, v: f32 }, { format: 'pt' }),
      /not a model saved by Myelin: expected metadata format "myelin", got "pt"/,
    ],
    [
      'safetensors with BF16',
      fileOf({ w: { dtype: 'BF16', shape: [2], bytes: [0, 0, 0, 0] } }),
      /not a model saved by Myelin/,
    ],
    [
      'safetensors with a dtype of the future',
      fileOf({ w: { ...f32, dtype: 'F128' } }, { format: 'pt' }),
      /not a model saved by Myelin/,
    ],
    ['PyTorch', zip('model/data.pkl'), /a PyTorch file \(ZIP\).*safetensors\.torch\.save_file.*readTensors/],
    ['old PyTorch', hex('8002 8a0a6cfc9c46f9206aa85019 2e'), /a PyTorch file\. .*readTensors/],
    ['a pickle', hex('8004 95 0000000000000000 2e'), /a pickle.*readTensors/],
    ['Keras', zip('metadata.json'), /a Keras model \(\.keras\).*readTensors/],
    ['Keras HDF5', hex('894844460d0a1a0a 00000000'), /an HDF5 file \(Keras: \.h5\).*readTensors/],
    ['ONNX', hex('0807 1207 7079746f726368'), /a Protocol Buffers file \(ONNX, TensorFlow\)/],
    ['TensorFlow Lite', hex('1c000000 54464c33 00000000'), /a TensorFlow Lite model/],
    ['GGUF', Buffer.from('GGUF\u0003\0\0\0\0\0\0\0'), /a GGUF model/],
    ['npy', Buffer.from('\x93NUMPY\x01\0v\0{}', 'latin1'), /a NumPy array \(\.npy\).*safetensors\.numpy/],
    ['npz', zip('w.npy'), /NumPy arrays \(\.npz\)/],
    ['another archive', zip('readme.txt'), /a ZIP archive.*unpack/],
    [
      'TensorFlow.js',
      Buffer.from('{"format": "layers-model", "modelTopology": {}}'),
      /JSON of TensorFlow\.js or Keras/,
    ],
    [
      'an index',
      Buffer.from('{"metadata": {}, "weight_map": {"a": "b.safetensors"}}'),
      /the index of several safetensors files/,
    ],
    ['other JSON', Buffer.from('[1, 2, 3, 4, 5, 6]'), /got JSON/],
    [
      'a Git LFS pointer',
      Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\n'),
      /Git LFS pointer.*git lfs pull/,
    ],
    ['a page', Buffer.from('<!DOCTYPE html><html></html>'), /a web page/],
    ['gzip', hex('1f8b0800000000000003'), /a gzip file/],
    ['text', Buffer.from('a,b,c\n1,2,3\n'), /a table \(CSV\).*fromCsv/],
  ]
  for (const [what, bytes, message] of rows)
    it(`${what} is called what it is`, async () => {
      const reads = what.startsWith('safetensors') ? [loadModel(bytes)] : [loadModel(bytes), readTensors(bytes)]
      for (const error of await Promise.all(reads.map(rejected))) {
        expect(error).to.be.instanceOf(FormatError)
        expect(error.message).to.match(message)
      }
    })

  it('a damaged file of Myelin is not taken for another', async () => {
    const model = sequential({ inputShape: [2], layers: [layers.dense({ units: 1 })] })
    const bytes = model.toBytes()
    // A header whose length reads as the beginning of a pickle.
    for (const damaged of [bytes.subarray(0, 200), Buffer.concat([hex('8002000000000000'), bytes.subarray(8, 100)])])
      expect((await rejected(loadModel(damaged))).message).to.include('truncated')
  })
})
