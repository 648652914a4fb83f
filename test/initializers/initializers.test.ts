import { expect } from 'chai'
import { OptionError } from '../../lib/base/errors'
import {
  initializerFromConfig,
  initializers,
  toInitializer,
  type Initializer,
  type InitializerSpec,
} from '../../lib/initializers'

const fans = { fanIn: 1000, fanOut: 250, seed: 7n, stream: 3, dtype: 'float64' as const }
const shape = [250, 1000]

function moments(values: ArrayLike<number>): { mean: number; variance: number } {
  let mean = 0
  for (let i = 0; i < values.length; i++) mean += values[i] / values.length
  let variance = 0
  for (let i = 0; i < values.length; i++) variance += (values[i] - mean) ** 2 / values.length
  return { mean, variance }
}

const create = (spec: InitializerSpec, changes: object = {}): Float64Array =>
  toInitializer('test', spec).create(shape, { ...fans, ...changes }) as Float64Array

describe('5.13 initialisers', () => {
  const expected: [InitializerSpec, number, number][] = [
    ['xavier', 0, 0.001],
    ['lecun', 0, 0.001],
    ['he', 0, 0.002],
    ['glorot', 0, 0.0016],
    ['smallNormal', 0, 1e-4],
    [initializers.normal({ variance: 0.25 }), 0, 0.25],
    [initializers.normal({ variance: 4, mean: 3 }), 3, 4],
    [initializers.uniform({ min: -1, max: 3 }), 1, 16 / 12],
  ]
  for (const [spec, mean, variance] of expected) {
    const name = typeof spec === 'string' ? spec : JSON.stringify(spec.config)
    it(`${name}: mean ${mean}, variance ${variance} within 2 %`, () => {
      const got = moments(create(spec))
      expect(got.variance / variance).to.be.within(0.98, 1.02)
      expect(Math.abs(got.mean - mean)).to.be.below(0.02 * Math.sqrt(variance))
    })
  }
  it('normal numbers have the normal shape', () => {
    const values = create(initializers.normal({ variance: 1 }))
    const share = (limit: number): number => values.filter((v) => Math.abs(v) < limit).length / values.length
    expect(share(1)).to.be.closeTo(0.6827, 0.005)
    expect(share(2)).to.be.closeTo(0.9545, 0.003)
    expect(share(3)).to.be.closeTo(0.9973, 0.001)
    expect(values.every(Number.isFinite)).to.equal(true)
    // Box–Muller makes pairs from one radius; the two must still be uncorrelated.
    let product = 0
    for (let i = 0; i < values.length / 2; i++) product += values[i] * values[i + values.length / 2]
    expect(Math.abs(product / (values.length / 2))).to.be.below(0.01)
  })
  it('zeros, ones and constants', () => {
    expect(new Set(create('zeros'))).to.deep.equal(new Set([0]))
    expect(new Set(create('ones'))).to.deep.equal(new Set([1]))
    expect(new Set(create(initializers.constant(-2.5)))).to.deep.equal(new Set([-2.5]))
  })
  it('depend on seed and stream alone; float32 is float64 rounded', () => {
    const once = create('he')
    expect(create('he')).to.deep.equal(once)
    expect(create('he', { dtype: 'float32' })).to.deep.equal(new Float32Array(once))
    for (const change of [{ seed: 8n }, { stream: 4 }]) {
      const other = create('he', change)
      expect(other.filter((v, i) => v === once[i]).length).to.be.below(3)
    }
  })
  it('an odd number of weights, and one', () => {
    const small = (count: number): ArrayLike<number> =>
      toInitializer('test', 'he').create([count], { ...fans, fanIn: 2 })
    expect(small(7)).to.have.length(7)
    expect(small(1)).to.have.length(1)
  })
  it('come back from their configs', () => {
    const all: InitializerSpec[] = [
      'xavier',
      'lecun',
      'zeros',
      initializers.normal({ variance: 2, mean: 1 }),
      initializers.uniform({ min: 0, max: 2 }),
      initializers.constant(3),
    ]
    for (const spec of all) {
      const config = toInitializer('test', spec).config
      const again = initializerFromConfig(JSON.parse(JSON.stringify(config))) as Initializer
      expect(again.create([5], fans)).to.deep.equal(toInitializer('test', spec).create([5], fans))
    }
  })
  it('refuse bad options', () => {
    expect(() => toInitializer('dense: kernelInitializer', 'xaver' as never)).to.throw(
      OptionError,
      /kernelInitializer.*'xavier'/,
    )
    expect(() => toInitializer('dense: kernelInitializer', 3 as never)).to.throw(OptionError, /got 3/)
    expect(() => initializers.normal({ variance: -1 })).to.throw(OptionError, /variance/)
    expect(() => initializers.normal({ std: 1 } as never)).to.throw(OptionError, /std/)
    expect(() => initializers.uniform({ min: 1, max: 1 })).to.throw(OptionError, /min below max/)
    expect(() => initializers.constant(NaN)).to.throw(OptionError, /NaN/)
  })
})
