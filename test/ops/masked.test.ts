import { expect } from 'chai'
import { grad } from '../../lib/functions/grad'
import { losses } from '../../lib/losses'
import * as ops from '../../lib/ops'
import { tensor, type Tensor } from '../../lib/tensor/tensor'

const dtypes = ['float32', 'float64'] as const
const precision = { float32: 1e-6, float64: 1e-14 } as const
const [masked, ln2] = [-Infinity, Math.LN2]

for (const dtype of dtypes) {
  const of = (rows: number[][]) => tensor(rows, undefined, { dtype })
  const close = (found: Tensor, rows: number[][]) => {
    const [values, expected] = [[...found.data], rows.flat()]
    expect(values.length).to.equal(expected.length)
    values.forEach((v, i) => {
      const near = Number.isFinite(v) && Math.abs(v - expected[i]) <= precision[dtype] * Math.max(1, Math.abs(v))
      expect(near || Object.is(v + 0, expected[i]), `${values} instead of ${expected}`).to.equal(true)
    })
  }
  /** The derivative of Σ factors·f. */
  const slope = (f: (z: Tensor) => Tensor, z: number[][], factors: number[][]) =>
    grad((x: Tensor) => ops.sum(ops.mul(f(x), of(factors))))(of(z))[0]

  describe(`scores that are masked, equal or far apart, ${dtype}`, () => {
    const far = dtype === 'float32' ? 3e38 : 1e308
    // Rows that fit into one vector, and longer ones.
    for (const width of [3, 40]) {
      const row = (...values: number[]) => [...values, ...Array<number>(width - values.length).fill(masked)]
      const zeros = (...values: number[]) => [...values, ...Array<number>(width - values.length).fill(0)]
      const all = row()

      it(`${width} classes: softmax gives masked places 0`, () => {
        const z = [row(0, masked, 0), all, row(far, -far), row(5)]
        close(ops.softmax(of(z)), [zeros(0.5, 0, 0.5), zeros(), zeros(1), zeros(1)])
        const ramp = z.map((r) => r.map((_, c) => c))
        close(slope(ops.softmax, z, ramp), [zeros(-0.5, 0, 0.5), zeros(), zeros(), zeros()])
      })
      it(`${width} classes: logSoftmax leaves them −Infinity`, () => {
        close(ops.logSoftmax(of([row(0, masked, 0), all])), [row(-ln2, masked, -ln2), all])
        const factors = [zeros(1, 0, 3), zeros()]
        close(slope(ops.logSoftmax, [row(0, masked, 0), all], factors), [zeros(-1, 0, 1), zeros()])
      })
      it(`${width} classes: logSumExp leaves them out`, () => {
        const last = (z: Tensor) => ops.logSumExp(z, { axis: -1, keepDims: true })
        const z = [row(0, masked, 0), all, row(far, -far)]
        close(last(of(z)), [[ln2], [masked], [far]])
        close(slope(last, z, [[2], [2], [2]]), [zeros(1, 0, 1), zeros(), zeros(2)])
      })
      it(`${width} classes: softmaxCrossEntropy of them is 0 where they have no label, else Infinity`, () => {
        const z = [row(0, masked, 0), all, all, row(far, 0, -far), row(0, masked)]
        const y = [zeros(1), zeros(), zeros(1), zeros(1), zeros(0, 1)]
        close(ops.softmaxCrossEntropy(of(z), of(y)), [[ln2], [0], [Infinity], [0], [Infinity]])
        const weights = [[2], [2], [2], [2], [2]]
        const dz = slope((x) => ops.softmaxCrossEntropy(x, of(y)), z, weights)
        close(dz, [zeros(-1, 0, 1), zeros(), zeros(-2), zeros(), zeros(2, -2)])
        const dy = slope((x) => ops.softmaxCrossEntropy(of([row(0, masked, 0)]), x), [zeros(1)], [[1]])
        close(dy, [row(ln2, masked, ln2).map((v) => Math.abs(v))])
      })
    }

    it('logSoftmax keeps its digits at large scores', () => {
      for (const z of [1e3, 1e5, 1e8, -1e8, far]) close(ops.logSoftmax(of([[z, z]])), [[-ln2, -ln2]])
      close(ops.logSoftmax(of([[1e6, 1e6 - 1]])), [[-Math.log1p(Math.exp(-1)), -1 - Math.log1p(Math.exp(-1))]])
      close(ops.logSoftmax(of([[1e7], [1e7]]), { axis: 0 }), [[-ln2], [-ln2]])
    })
    it('infinite scores: logSumExp is Infinity, softmax NaN', () => {
      close(ops.logSumExp(of([[Infinity, 0]]), { axis: 1 }), [[Infinity]])
      close(ops.logSumExp(of([[Infinity, masked]]), { axis: 1 }), [[Infinity]])
      expect([...ops.softmax(of([[Infinity, 0]])).data]).to.deep.equal([NaN, NaN])
      expect(ops.softmaxCrossEntropy(of([[Infinity, 0]]), of([[1, 0]])).data[0]).to.be.NaN
    })
    it('NaN stays NaN, also where nothing is labelled', () => {
      const z = of([[NaN, masked, 0]])
      expect(ops.softmaxCrossEntropy(z, of([[0, 0, 0]])).data[0]).to.be.NaN
      for (const f of [ops.softmax, ops.logSoftmax]) expect(f(z).data[0]).to.be.NaN
      expect(ops.logSumExp(z).item()).to.be.NaN
    })
    it('sigmoidCrossEntropy: certainty of the label costs nothing, of the other one Infinity', () => {
      const [z, y] = [of([[Infinity, masked, Infinity, masked, far]]), of([[1, 0, 0, 1, 1]])]
      close(ops.sigmoidCrossEntropy(z, y), [[0, 0, Infinity, Infinity, 0]])
      const dz = grad((x: Tensor) => ops.sum(ops.sigmoidCrossEntropy(x, y)))(z)[0]
      close(dz, [[0, 0, 1, -1, 0]])
      expect(ops.sigmoidCrossEntropy(of([[NaN, NaN, 0]]), of([[0, 1, NaN]])).toArray()).to.deep.equal([[NaN, NaN, NaN]])
    })
    it('the losses of classes take masked scores', () => {
      const a = of([[0, masked, 0]])
      const output = { a, z: undefined, activation: 'linear' as const }
      const categorical = losses.categoricalCrossentropy({ fromLogits: true })
      const sparse = losses.sparseCategoricalCrossentropy({ fromLogits: true })
      close(categorical.perExample!(of([[0, 0, 1]]), output), [[ln2]])
      close(sparse.perExample!(of([[2]]), output), [[ln2]])
    })
  })
}
