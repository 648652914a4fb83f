/**
 * Is a derivative right? Numerical derivatives, a gradient check that finds a planted bug, and every activation, loss
 * and penalty checked.
 *
 *   npm run examples -- checking
 */
import {
  gradientCheck,
  layers,
  numericalDerivative,
  ops,
  optimizers,
  regularizers,
  sequential,
  type ActivationName,
  type DataLike,
  type LossName,
  type Model,
} from 'myelin'
import * as plot from 'myelin/plot'
import { digits, notice, run, save, table } from './support/show'

/** f(θ) = θ³ at θ = 1, where f′ is 3. */
async function nudging(): Promise<void> {
  const f = (theta: number) => theta ** 3
  const both = numericalDerivative(f, 1, { epsilon: 0.01 })
  const one = numericalDerivative(f, 1, { epsilon: 0.01, sided: 'one' })
  const epsilons = Array.from({ length: 27 }, (_, i) => 10 ** (-1 - i / 2))
  const errors = (sided: 'one' | 'two') =>
    epsilons.map((epsilon) => [epsilon, Math.abs(numericalDerivative(f, 1, { epsilon, sided }) - 3)] as const)
  const lines = { 'from one side': errors('one'), 'from both sides': errors('two') }
  // From ε = 0.1 to ε = 0.01.
  const [shareOne, shareBoth] = Object.values(lines).map((line) => line[0][1] / line[2][1])
  const [bestOne, bestBoth] = Object.values(lines).map((line) => line.reduce((a, b) => (b[1] < a[1] ? b : a)))
  notice(
    `Nudged by ε = 0.01 from both sides, f(θ) = θ³ seems to have the slope ${both.toFixed(4)} at 1, from one side ` +
      `${one.toFixed(4)}; it is 3. A tenth of ε makes the one error ${shareBoth.toFixed(0)} times smaller, the other ` +
      `${shareOne.toFixed(0)} times, until rounding takes over: the best that can be had is ${digits(bestBoth[1])} ` +
      `and ${digits(bestOne[1])}.`,
    both.toFixed(4) === '3.0001' &&
      one.toFixed(4) === '3.0301' &&
      shareBoth > 90 &&
      shareOne < 11 &&
      bestBoth[1] < bestOne[1],
  )
  // Where an error is exactly 0 a logarithmic scale has no place for it.
  const shown = Object.entries(lines).map(([name, line]) => [name, line.filter(([, error]) => error > 0)] as const)
  const options = { title: 'Error of a numerical derivative', x: 'ε', y: 'error', logX: true, logY: true, points: true }
  await save('checking-epsilon', plot.lines(Object.fromEntries(shown), options))
}

const x = ops.randomNormal([8, 4], { seed: 1, dtype: 'float64' })

function network(activation: ActivationName): Model {
  const model = sequential({
    inputShape: [4],
    seed: 2,
    dtype: 'float64',
    layers: [
      layers.dense({ units: 5, activation, kernelRegularizer: regularizers.l2({ lambda: 0.7 }) }),
      layers.dense({ units: 3, activation }),
      layers.dense({ units: 1, activation: 'sigmoid' }),
    ],
  })
  model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.1 }), loss: 'binaryCrossentropy' })
  return model
}

/** All parameters are one vector θ, each entry is nudged, and the distance is relative. */
async function plantedBug(): Promise<void> {
  const y = [0, 1, 1, 0, 1, 0, 0, 1]
  using model = network('tanh')
  const before = await gradientCheck(model, x, y)
  // Some mistakes show only when weights and biases are no longer what they were at the start.
  await model.fit(x, y, { epochs: 20 })
  const later = await gradientCheck(model, x, y)
  const { gradients } = await model.costAndGradients(x, y)
  const forgotten = gradients.map((layer, l) => (l === 1 ? { ...layer, bias: ops.mul(2, layer.bias) } : layer))
  const found = await gradientCheck(model, x, y, { gradients: forgotten })
  console.log(String(found))
  const right = found.parameters.filter(({ verdict }) => verdict === 'correct')
  notice(
    `At the start the check says ${before.verdict} (distance ${digits(before.distance)}), after 20 epochs ` +
      `${later.verdict} (${digits(later.distance)}). With db of layer 2 twice too large it says ${found.verdict} ` +
      `(${digits(found.distance)}) and names ${found.parameters[0].name}.`,
    before.verdict === 'correct' &&
      later.verdict === 'correct' &&
      found.verdict === 'wrong' &&
      found.parameters[0].name === 'dense_2.bias' &&
      right.length === 5,
  )
}

/** Every activation with every loss, and penalties on weights and biases. */
async function everything(): Promise<void> {
  const activations: ActivationName[] = ['linear', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'softmax']
  const outputs: [ActivationName, LossName, DataLike][] = [
    [
      'sigmoid',
      'binaryCrossentropy',
      [
        [0, 1, 1],
        [1, 0, 1],
        [1, 1, 0],
      ],
    ],
    [
      'softmax',
      'categoricalCrossentropy',
      [
        [0, 1, 0],
        [1, 0, 0],
        [0, 0, 1],
      ],
    ],
    ['softmax', 'sparseCategoricalCrossentropy', [2, 0, 1]],
    [
      'linear',
      'meanSquaredError',
      [
        [0.3, 1, -1],
        [2, 0, 0.1],
        [1, 1, 3],
      ],
    ],
  ]
  const penalties = [regularizers.l1({ lambda: 0.5 }), regularizers.l2({ lambda: 0.5 })]
  const rows: string[][] = []
  let wrong = 0
  for (const activation of activations) {
    const distances: string[] = []
    for (const [i, [output, loss, y]] of outputs.entries()) {
      using model = sequential({
        inputShape: [4],
        seed: 7,
        layers: [
          layers.dense({ units: 5, activation, kernelRegularizer: penalties[i % 2] }),
          layers.activation('tanh'),
          layers.dense({ units: 3, activation: output, biasRegularizer: penalties[1 - (i % 2)] }),
        ],
      })
      model.compile({ optimizer: 'gradientDescent', loss })
      const check = await gradientCheck(model, ops.slice(x, [0, 0], [3, 4]), y, { epsilon: 1e-5 })
      if (check.verdict !== 'correct') wrong++
      distances.push(digits(check.distance))
    }
    rows.push([activation, ...distances])
  }
  console.log(table([['distance', ...outputs.map(([, loss]) => loss)], ...rows]))
  notice(
    `${rows.length * outputs.length - wrong} of ${rows.length * outputs.length} networks have the gradient that ` +
      `nudging finds: every activation, every loss, L1 and L2. Check once while you write a layer, not in every ` +
      `epoch: it is slow.`,
    wrong === 0,
  )
}

run(async () => {
  await nudging()
  await plantedBug()
  await everything()
})
