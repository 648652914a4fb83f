/**
 * What flows through a deep network: signals that vanish or explode, initial weights that keep their size, saddle
 * points and plateaus.
 *
 *   npm run examples -- signals
 */
import {
  callbacks,
  diagnose,
  initializers,
  layers,
  ops,
  optimizers,
  sequential,
  type History,
  type InitializerSpec,
  type Model,
  type Tensor,
  type Value,
} from 'myelin'
import * as plot from 'myelin/plot'
import { adviceOf, notice, run, save, table } from './support/show'

/** 49 layers that multiply by γ and a last one that adds up: ŷ = γ⁴⁹·(x₁ + x₂). */
function chain(gamma: number): Model {
  // Linear on purpose. The library warns of linear layers behind each other, not of a function of one's own.
  const itself = (z: Value): Tensor => ops.mul(z, 1)
  const model = sequential({
    inputShape: [2],
    dtype: 'float64',
    layers: [
      ...Array.from({ length: 49 }, () => layers.dense({ units: 2, activation: itself, useBias: false })),
      layers.dense({ units: 1, useBias: false }),
    ],
  })
  model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
  const weight = [
    [gamma, 0],
    [0, gamma],
  ]
  const hidden = Array.from({ length: 49 }, (_, l) => ({ name: `dense_${l + 1}`, weight }))
  model.setWeights([...hidden, { name: 'dense_50', weight: [[1, 1]] }])
  return model
}

async function powers(): Promise<void> {
  const rows: string[][] = []
  const verdicts: string[] = []
  for (const gamma of [0.5, 1, 1.5]) {
    using model = chain(gamma)
    const { verdict, layer } = await diagnose.signals(model, [[0.5, 0.5]], [1])
    const output = model.predictSync([[0.5, 0.5]]).item()
    if (Math.abs(output / gamma ** 49 - 1) < 1e-12) verdicts.push(verdict)
    rows.push([String(gamma), output.toExponential(2), verdict, layer ?? ''])
  }
  console.log(table([['γ', 'output of 50 layers', 'signals', 'from'], ...rows]))
  notice(
    'A factor of 1.5 or 0.5 in every layer becomes γ⁴⁹: hundreds of millions, or nothing. Only near 1 does a ' +
      'signal, or a gradient on its way back, keep its size.',
    verdicts.join() === 'vanishing,healthy,exploding',
  )
}

/** Root mean square of the output of each of 30 layers of 200 ReLU units, for inputs of mean 0 and variance 1. */
async function sizes(kernelInitializer: InitializerSpec): Promise<number[]> {
  using model = sequential({
    inputShape: [200],
    seed: 3,
    dtype: 'float64',
    layers: Array.from({ length: 30 }, () => layers.dense({ units: 200, activation: 'relu', kernelInitializer })),
  })
  const found = await model.activations(ops.randomNormal([50, 200], { seed: 1 }))
  return Object.values(found).map(({ a }) => Math.sqrt(ops.mean(ops.square(a)).item()))
}

async function initialWeights(): Promise<void> {
  const specs: Record<string, InitializerSpec> = {
    'He, 2/n': 'he',
    'Xavier, 1/n': 'xavier',
    'Glorot, 2/(n + n′)': 'glorot',
    'N(0, 1)·0.01': 'smallNormal',
    'variance 0.02': initializers.normal({ variance: 0.02 }),
  }
  const rows: string[][] = []
  const lines: Record<string, [number, number][]> = {}
  const last: Record<string, number> = {}
  for (const [name, spec] of Object.entries(specs)) {
    const [{ weight }] = sequential({
      inputShape: [200],
      seed: 3,
      layers: [layers.dense({ units: 200, kernelInitializer: spec })],
    }).getWeights()
    const found = await sizes(spec)
    last[name] = found[29]
    // Glorot's line would lie on Xavier's: the layers are as wide as their inputs.
    if (spec !== 'glorot')
      lines[name] = found.map((size, l): [number, number] => [l + 1, size]).filter(([, size]) => size > 1e-12)
    rows.push([name, ops.variance(weight).item().toPrecision(3), found[0].toPrecision(2), found[29].toPrecision(2)])
  }
  console.log(table([['weights of 200 → 200', 'variance', 'layer 1', 'layer 30'], ...rows]))
  notice(
    `A ReLU lets half of the squares through, so weights need the variance 2/n for a signal to keep its size: after ` +
      `30 layers He is at ${last['He, 2/n'].toPrecision(2)}, Xavier, made for tanh, at ` +
      `${last['Xavier, 1/n'].toExponential(0)}, small random numbers at ${last['N(0, 1)·0.01'].toExponential(0)}, ` +
      `twice He's variance at ${last['variance 0.02'].toExponential(0)}.`,
    last['He, 2/n'] > 0.2 &&
      last['He, 2/n'] < 5 &&
      last['Xavier, 1/n'] < 1e-3 &&
      last['N(0, 1)·0.01'] < 1e-10 &&
      last['variance 0.02'] > 1e4,
  )
  const options = { title: 'Size of the signal, 30 ReLU layers', x: 'layer', y: 'root mean square of A', logY: true }
  await save('signals-initialisers', plot.lines(lines, options))
}

/** Where all derivatives are 0, the curvature tells what kind of point it is. */
async function flatPlaces(): Promise<void> {
  const points: [string, (x: Value, y: Value) => Value][] = [
    ['x² + y²', (x, y) => ops.add(ops.square(x), ops.square(y))],
    ['x² − y²', (x, y) => ops.sub(ops.square(x), ops.square(y))],
    ['−x² − y²', (x, y) => ops.neg(ops.add(ops.square(x), ops.square(y)))],
  ]
  const found = points.map(([name, f]) => ({ name, ...diagnose.curvature(f, [0, 0]) }))
  console.log(
    table([
      ['at (0, 0)', 'eigenvalues', 'kind'],
      ...found.map(({ name, eigenvalues, kind }) => [name, eigenvalues.join(', '), kind]),
    ]),
  )

  const x = ops.randomNormal([200, 2], { seed: 1 })
  const y = (x.toArray() as number[][]).map(([a, b]) => a * b)
  const train = async (kernelInitializer: InitializerSpec): Promise<History> => {
    using model = sequential({
      inputShape: [2],
      seed: 1,
      layers: [
        layers.dense({ units: 8, activation: 'tanh', kernelInitializer, useBias: false }),
        layers.dense({ units: 1, kernelInitializer, useBias: false }),
      ],
    })
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 0.1 }), loss: 'meanSquaredError' })
    return await model.fit(x, y, { epochs: 60, callbacks: [callbacks.plateau({ x, y })] })
  }
  const runs: Record<string, History> = {}
  const said: string[][] = []
  for (const [name, start] of [
    ['all zero', 'zeros'],
    ['Xavier', 'xavier'],
  ] as const)
    said.push(await adviceOf(async () => (runs[name] = await train(start))))
  console.log(`\n${said.flat().join('\n')}`)
  const norms = Object.values(runs).map(({ epochs }) => epochs[59].gradientNorm)
  notice(
    `A point without slope need not be a minimum: its curvature tells. Weights that are all zero are at ` +
      `such a point and stay: ‖dJ/dθ‖ = ${norms[0]} after 60 epochs, and callbacks.plateau says what to try. From ` +
      `random weights it is ${norms[1].toFixed(3)} by then, and there is no warning.`,
    found.map(({ kind }) => kind).join() === 'minimum,saddle,maximum' &&
      norms[0] === 0 &&
      said[0].length === 1 &&
      said[1].length === 0,
  )
  await save('signals-plateau', plot.costCurves(runs))
}

run(async () => {
  await powers()
  await initialWeights()
  await flatPlaces()
})
