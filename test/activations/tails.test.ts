/** Activations near 0, far out and at their corners, against plain JavaScript. */
import { expect } from 'chai'
import { toActivation, type ActivationSpec } from '../../lib/activations'
import type { DType } from '../../lib/base/dtype'
import { grad } from '../../lib/functions/grad'
import * as ops from '../../lib/ops'
import { tensor, type Tensor } from '../../lib/tensor/tensor'
import { erfc } from '../ops/error-function'

const sigmoid = (z: number): number => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)))
const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))
const elu = (z: number, alpha: number): number => (z > 0 ? z : alpha * Math.expm1(z))
const hardSigmoid = (z: number): number => Math.min(Math.max(z + 3, 0), 6) / 6
const [seluAlpha, seluScale] = [1.6732632423543772, 1.0507009873554805]

/** Tails: how many roundings an error of z itself becomes, where the value falls like e^(−z²/2) or faster. */
const steep = (z: number): number => (z < -1 ? z * z : 0)
const cubic = (z: number): number => (z < -1 ? 0.2 * Math.abs(z) ** 3 + 2 * Math.abs(z) : 0)

interface Case {
  spec: ActivationSpec
  formula: (z: number) => number
  /** Where the derivative jumps, and what it is there. */
  corners?: [z: number, slope: number][]
  /** Where the second derivative jumps. */
  bends?: number[]
  /** Units in the last place that the value may be off beside 8. */
  loss?: (z: number) => number
}
const cases: Case[] = [
  { spec: 'elu', formula: (z) => elu(z, 1), bends: [0] },
  { spec: { name: 'elu', alpha: 0.3 }, formula: (z) => elu(z, 0.3), corners: [[0, 0.3]] },
  { spec: 'selu', formula: (z) => seluScale * elu(z, seluAlpha), corners: [[0, seluScale * seluAlpha]] },
  { spec: 'gelu', formula: (z) => 0.5 * z * erfc(-z / Math.SQRT2), loss: steep },
  {
    spec: { name: 'gelu', approximate: true },
    formula: (z) => z * sigmoid(2 * Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3)),
    loss: cubic,
  },
  { spec: 'silu', formula: (z) => z * sigmoid(z), loss: (z) => Math.max(0, -z) },
  { spec: 'mish', formula: (z) => z * Math.tanh(softplus(z)), loss: (z) => Math.max(0, -z) },
  { spec: 'softplus', formula: softplus, loss: (z) => Math.max(0, -z) },
  { spec: 'softsign', formula: (z) => z / (1 + Math.abs(z)), bends: [0] },
  {
    spec: 'relu6',
    formula: (z) => Math.min(Math.max(z, 0), 6),
    corners: [
      [0, 1],
      [6, 1],
    ],
  },
  {
    spec: 'hardSigmoid',
    formula: hardSigmoid,
    corners: [
      [-3, 1 / 6],
      [3, 1 / 6],
    ],
  },
  {
    spec: 'hardSwish',
    formula: (z) => z * hardSigmoid(z),
    corners: [
      [-3, -0.5],
      [3, 1.5],
    ],
  },
]

const values = (f: (z: Tensor) => Tensor, z: number[], dtype: DType = 'float64'): number[] => [
  ...f(tensor(z, [1, z.length], { dtype })).data,
]
/** The derivative, as a function of tensors: it can be differentiated again. */
const slopeOf = (f: (z: Tensor) => Tensor) => (z: Tensor) => grad((x: Tensor) => ops.sum(f(x)))(z)[0] as Tensor

const sizes = [
  1e-20, 1e-10, 1e-7, 1e-4, 0.01, 0.3, 0.7, 1, 1.7, 2.5, 2.999, 3.001, 4.5, 5.999, 6.001, 8, 12, 30, 80, 1e4,
]
const points = [...sizes, ...sizes.map((z) => -z), 0]

describe('activations near 0, far out and at corners', () => {
  for (const { spec, formula, corners = [], bends = [], loss = () => 0 } of cases) {
    const { apply } = toActivation('test', spec)
    describe(JSON.stringify(spec), () => {
      for (const [dtype, unit, smallest] of [
        ['float64', 2 ** -52, 1e-300],
        ['float32', 2 ** -23, 1e-36],
      ] as const)
        it(`keeps its relative accuracy in ${dtype}`, () => {
          const z = dtype === 'float32' ? [...Float32Array.from(points)] : points
          for (const [i, value] of values(apply, z, dtype).entries()) {
            const expected = formula(z[i])
            // Below, numbers have fewer digits or are flushed to 0.
            const allowed = Math.abs(expected) < smallest ? smallest : (8 + loss(z[i])) * unit * Math.abs(expected)
            expect(Math.abs(value - expected), `z = ${z[i]}: ${value}, not ${expected}`).to.be.at.most(allowed)
          }
        })

      const rough = [...corners.map(([z]) => z), ...bends]
      const smooth = points.filter((z) => Math.abs(z) <= 80 && !rough.some((place) => Math.abs(z - place) < 1e-3))
      const differences = (f: (z: Tensor) => Tensor, epsilon: number) => {
        const [above, below] = [1, -1].map((sign) =>
          values(
            f,
            smooth.map((z) => z + sign * epsilon),
          ),
        )
        return above.map((value, i) => (value - below[i]) / (2 * epsilon))
      }
      it('has a derivative that fits differences, and a second one', () => {
        // Rounding is 80·2⁻⁵²/ε in size, what lies beyond the tangent ε².
        for (const f of [apply, slopeOf(apply)]) {
          const numeric = differences(f, 1e-5)
          for (const [i, slope] of values(slopeOf(f), smooth).entries()) {
            expect(slope, `z = ${smooth[i]}`).to.be.closeTo(numeric[i], 2e-9)
          }
        }
      })

      it('is finite far out, with its derivatives', () => {
        for (const dtype of ['float32', 'float64'] as const)
          for (const f of [apply, slopeOf(apply), slopeOf(slopeOf(apply))]) {
            const far = [-1e12, -1e4, -1000, -100, 100, 1000, 1e4, 1e12]
            for (const [i, value] of values(f, far, dtype).entries())
              expect(value, `${dtype}, z = ${far[i]}`).to.satisfy(Number.isFinite)
          }
      })

      it('hands NaN on', () => expect(values(apply, [NaN])).to.deep.equal([NaN]))

      if (corners.length > 0)
        it('has one derivative at each corner', () => {
          const slopes = values(
            slopeOf(apply),
            corners.map(([z]) => z),
          )
          for (const [i, [z, slope]] of corners.entries()) expect(slopes[i], `z = ${z}`).to.be.closeTo(slope, 1e-15)
        })
    })
  }
})
