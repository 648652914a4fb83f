import { createContext, runInContext } from 'node:vm'
import { expect } from 'chai'
import { data, DTypeError, layers, loadModel, sequential, tensor } from '../../lib'
import { arrayName, isArrayOf } from '../../lib/base/dtype'
import { encodeContainer } from '../../lib/model/files/safetensors'

/** In Jest, and wherever node:vm is used, arrays come from realms with constructors of their own. */
describe('arrays of another realm', () => {
  const context = createContext({})
  const foreign = <T>(code: string) => runInContext(code, context) as T

  it('are told apart by what they are', () => {
    for (const Type of [Float32Array, Float64Array, Int32Array, Uint8Array, BigInt64Array])
      for (const array of [new Type(1), foreign(`new ${Type.name}(1)`)]) {
        expect(arrayName(array)).to.equal(Type.name)
        expect(isArrayOf('float64', array)).to.equal(Type === Float64Array)
      }
    for (const value of [
      foreign('new DataView(new ArrayBuffer(8))'),
      [1],
      { [Symbol.toStringTag]: 'Uint8Array' },
      null,
    ])
      expect(arrayName(value)).to.equal(undefined)
    expect(isArrayOf('float32', Buffer.alloc(4))).to.equal(false)
  })

  it('become tensors, or are refused as arrays of this one are', () => {
    const exact = tensor(foreign<Float64Array>('Float64Array.of(0.1, 2)'), { dtype: 'float64' })
    expect(exact.toArray()).to.deep.equal([0.1, 2])
    for (const code of ['BigInt64Array.of(1n)', 'BigUint64Array.of(1n)'])
      expect(() => tensor(foreign<never>(code))).to.throw(DTypeError, 'BigInt')
    expect(() => tensor(foreign<never>('new DataView(new ArrayBuffer(8))'))).to.throw(DTypeError)
  })

  it('keep their type in a file', () => {
    const bytes = (values: Float64Array | Int32Array) =>
      Buffer.from(encodeContainer({ metadata: {}, tensors: [{ name: 't', data: values, shape: [2] }] })).toString(
        'latin1',
      )
    expect(bytes(foreign('Float64Array.of(1, 2)'))).to.equal(bytes(Float64Array.of(1, 2)))
    expect(bytes(foreign('Int32Array.of(1, 2)'))).to.equal(bytes(Int32Array.of(1, 2)))
  })

  it('are read as files', async () => {
    const model = sequential({ inputShape: [1], layers: [layers.dense({ units: 1 })] })
    const bytes = Uint8Array.from(model.toBytes())
    const loaded = await loadModel(foreign<(bytes: Uint8Array) => Uint8Array>('(b) => new Uint8Array(b)')(bytes))
    expect(Buffer.from(loaded.toBytes()).equals(bytes)).to.equal(true)
    const error = await data.readWav(foreign<Uint8Array>('new Uint8Array(20)')).catch((reason: Error) => reason)
    expect(String(error)).to.include('this is no WAV file')
  })
})
