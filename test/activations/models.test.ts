/** The activations of the table inside models: files, the gradient checker. */
import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gradientCheck, initializers, layers, loadModel, sequential, type Model } from '../../lib'
import { toActivation, type ActivationSpec } from '../../lib/activations'

const specs: ActivationSpec[] = [
  'elu',
  { name: 'elu', alpha: 0.4 },
  'selu',
  'gelu',
  { name: 'gelu', approximate: true },
  'silu',
  'mish',
  'softplus',
  'softsign',
  'relu6',
  'hardSigmoid',
  'hardSwish',
]

function deep(activation: ActivationSpec): Model {
  const model = sequential({
    inputShape: [3],
    dtype: 'float64',
    seed: 4,
    layers: [layers.dense({ units: 8, activation }), layers.activation(activation), layers.dense({ units: 1 })],
  })
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  return model
}

/** A model of one weight, z = weight. */
function single(activation: ActivationSpec, weight: number): Model {
  const kernelInitializer = initializers.constant(weight)
  const model = sequential({
    inputShape: [1],
    dtype: 'float64',
    layers: [layers.dense({ units: 1, useBias: false, activation, kernelInitializer })],
  })
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  return model
}

const x = Array.from({ length: 20 }, (_, i) => [Math.sin(i), 3 * Math.cos(2 * i), Math.sin(5 * i + 1)])
const y = x.map(([a, b, c]) => [a * b + c])

describe('activations in models', () => {
  let folder = ''
  before(() => (folder = mkdtempSync(join(tmpdir(), 'activations-'))))
  after(() => rmSync(folder, { recursive: true }))

  for (const spec of specs)
    it(`${JSON.stringify(spec)} trains, is saved and loaded, and passes gradientCheck`, async () => {
      using model = deep(spec)
      expect((await gradientCheck(model, x, y)).verdict).to.equal('correct')
      const { epochs } = await model.fit(x, y, { epochs: 20, batchSize: 5 })
      expect(epochs[19].loss).to.be.below(epochs[0].loss)
      const path = join(folder, 'model.safetensors')
      await model.save(path)
      using again = await loadModel(path)
      expect([...(await again.predict(x)).data]).to.deep.equal([...(await model.predict(x)).data])
    })

  it('their corners are left out of gradientCheck', async () => {
    const corners: [ActivationSpec, number[]][] = [
      [{ name: 'elu', alpha: 2 }, [0]],
      ['selu', [0]],
      ['relu6', [0, 6]],
      ['hardSigmoid', [-3, 3]],
      ['hardSwish', [-3, 3]],
    ]
    for (const [spec, places] of corners)
      for (const place of places) {
        using at = single(spec, place + 1e-9)
        expect((await gradientCheck(at, [[1]], [[0.3]])).skipped, `${toActivation('', spec).name} ${place}`).to.equal(1)
        using beside = single(spec, place + 0.5)
        const check = await gradientCheck(beside, [[1]], [[0.3]])
        expect([check.checked, check.verdict]).to.deep.equal([1, 'correct'])
      }
  })

  it('their initial weights follow whether about half of z give nearly 0', () => {
    const spread = (activation: ActivationSpec) => {
      using model = sequential({ inputShape: [100], seed: 1, layers: [layers.dense({ units: 100, activation })] })
      const { data } = model.getWeights()[0].weight!
      return [...data].reduce((sum, w) => sum + w * w, 0) / 100
    }
    for (const spec of specs) {
      const { rectifies } = toActivation('test', spec)
      expect(spread(spec), JSON.stringify(spec)).to.be.closeTo(rectifies ? 2 : 1, 0.1)
    }
    const rectifying = specs.filter((spec) => toActivation('test', spec).rectifies)
    expect(rectifying).to.deep.equal([
      'gelu',
      { name: 'gelu', approximate: true },
      'silu',
      'mish',
      'relu6',
      'hardSwish',
    ])
  })
})
