/** A regularisation strength with a known best value, and the search for it: shared with the process that is killed. */
import {
  layers,
  optimizers,
  range,
  regularizers,
  search,
  sequential,
  tensor,
  type SearchOptions,
  type SearchResult,
  type Tensor,
} from '../../../lib'
import { normal } from './support'

const [inputs, outputs, rows] = [12, 40, 24]
const noise = 3

/**
 * With weights of variance 1 and noise of variance σ² the penalty σ²·‖W‖² beside Σ(y − ŷ)² predicts best. The library's
 * cost is Σ(y − ŷ)²/(m·outputs) + (λ/2m)·‖W‖²; multiplied by m·outputs, λ·outputs/2 = σ².
 */
export const plantedLambda = (2 * noise ** 2) / outputs

const next = normal(47)
const draw = (n: number) => Float64Array.from({ length: n }, next)
const truth = draw(inputs * outputs)

function part(m: number): { x: Tensor; y: Tensor } {
  const x = draw(m * inputs)
  const y = Float64Array.from({ length: m * outputs }, (_, k) => {
    const [row, output] = [Math.floor(k / outputs), k % outputs]
    let sum = noise * next()
    for (let i = 0; i < inputs; i++) sum += x[row * inputs + i] * truth[i * outputs + output]
    return sum
  })
  return { x: tensor(x, [m, inputs]), y: tensor(y, [m, outputs]) }
}
const [train, dev] = [part(rows), part(400)]

/** The error on the dev set of a ridge regression with `lambda`. */
export async function devError(lambda: number): Promise<number> {
  using model = sequential({
    inputShape: [inputs],
    seed: 1,
    dtype: 'float64',
    layers: [layers.dense({ units: outputs, useBias: false, kernelRegularizer: regularizers.l2({ lambda }) })],
  })
  model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 4 }), loss: 'meanSquaredError' })
  await model.fit(train.x, train.y, { epochs: 200, batchSize: 'all' })
  return (await model.evaluate(dev.x, dev.y)).dataLoss
}

/** 24 values of λ at random on a log scale, two at a time. */
export function ridgeSearch(
  options: SearchOptions = {},
  count: (lambda: number) => void = () => undefined,
): Promise<SearchResult<{ lambda: number }>> {
  return search(
    { lambda: range.log(1e-3, 10) },
    ({ lambda }) => {
      count(lambda)
      return devError(lambda)
    },
    { trials: 24, seed: 5, concurrency: 2, ...options },
  )
}
