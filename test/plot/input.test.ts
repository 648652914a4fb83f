/** Bad input to pictures: an error that names the call, what it expected and what it got. */
import { expect } from 'chai'
import { layers, ops, optimizers, sequential, tensor, trace, type Value } from '../../lib'
import { History } from '../../lib/model/train/history'
import * as plot from '../../lib/plot'

const bowl = (a: Value, b: Value) => ops.add(ops.square(a), ops.square(b))
const twoInputs = () => sequential({ inputShape: [2], layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
const any = (value: unknown) => value as never
const f = (x: number) => x

type Case = [name: string, call: () => unknown, says: RegExp]

const steep = (a: Value, b: Value) => ops.add(ops.square(ops.square(a)), ops.mul(0, b))
const traced = trace(bowl, [[], []])
const head = () => layers.dense({ units: 1, activation: 'sigmoid' })
const ofIds = () =>
  sequential({ inputShape: [2], layers: [layers.embedding({ vocabulary: 3, units: 1 }), layers.flatten(), head()] })
const normalized = () => sequential({ inputShape: [2], layers: [layers.normalize(), head()] })
const disposed = () => {
  const t = tensor(rows)
  t.dispose()
  return t
}

const rows = [
  [1, 2],
  [2, 1],
]
const threeInputs = () => sequential({ inputShape: [3], layers: [layers.dense({ units: 1 })] })

const cases: Readonly<Record<string, Case[]>> = {
  OptionError: [
    ['activation: reach', () => plot.activation('relu', { reach: -1 }), /reach: expected a number above 0, got -1/],
    ['activation: name', () => plot.activation(any('rellu')), /Did you mean 'relu'/],
    ['curve: no function', () => plot.curve(any(3), { from: 0, to: 1 }), /expected a function, got 3/],
    ['curve: no range', () => plot.curve(f, any(undefined)), /from: expected a finite number, got undefined/],
    ['curve: turned range', () => plot.curve(f, { from: 1, to: 0 }), /from below to, got 1 and 0/],
    ['curve: dots', () => plot.curve(f, { from: 0, to: 1, dots: [any([1])] }), /dots: expected \[x, y\].*\[1\] at 0/],
    ['curve: option', () => plot.curve(f, any({ from: 0, to: 1, titel: 'x' })), /Did you mean 'title'/],
    ['lines: nothing', () => plot.lines({}), /got no points/],
    ['lines: no list', () => plot.lines({ a: any(3) }), /'a': expected a list of points \[x, y\], got 3/],
    ['lines: no number', () => plot.lines({ a: [[1, Infinity]] }), /'a': expected \[x, y\] of finite numbers/],
    ['learningCurve: nothing', () => plot.learningCurve({}), /got no points/],
    [
      'learningCurve: no points',
      () => plot.learningCurve({ small: any(7) }),
      /'small': expected what diagnose.learningCurve gives, got 7/,
    ],
    ['averages: β', () => plot.averages([1], { a: { beta: 1 } }), /'a': beta: expected a number in \[0, 1\), got 1/],
    [
      'weightImages: no size',
      () => plot.weightImages(tensor([[1]]), any({ size: 5 })),
      /size: expected \[height, width\]/,
    ],
    [
      'networkDiagram: dropped',
      () => plot.networkDiagram([3, 1], any({ dropped: 5 })),
      /dropped: expected a list.*got 5/,
    ],
    ['computationGraph: no list', () => plot.computationGraph(traced, any({ at: 3 })), /at: expected a list.*got 3/],
    ['bowl: axes', () => plot.bowl(bowl, any({ axes: 'ab' })), /axes: expected two names.*got "ab"/],
    ['costContours: inputs', () => plot.costContours(rows, [1, 2], any({ inputs: 5 })), /inputs: expected two names/],
    [
      'convergencePaths: none',
      () => plot.convergencePaths(rows, [1, 2], { batchSizes: {} }),
      /sizes by name.*got none/,
    ],
    [
      'convergencePaths: seed',
      () => plot.convergencePaths(rows, [1, 2], { seed: -1 }),
      /Paths: seed: expected an integer/,
    ],
    [
      'decisionBoundary: axes',
      () => plot.decisionBoundary(twoInputs(), rows, [0, 1], any({ axes: ['a'] })),
      /axes: expected/,
    ],
    ['decisionBoundary: ids', () => plot.decisionBoundary(ofIds(), rows, [0, 1]), /takes whole numbers/],
    [
      'costCurves: no history',
      () => plot.costCurves({ a: any([1, 2]) }),
      /'a': expected the History that fit resolves with/,
    ],
    ['batchVsMiniBatch: no history', () => plot.batchVsMiniBatch(any({}), new History()), /expected the History/],
    [
      'confusionMatrix: counts alone',
      () => plot.confusionMatrix(any([[1]])),
      /expected what data.confusionMatrix gives/,
    ],
    ['networkDiagram: units', () => plot.networkDiagram([3, 0]), /expected a positive integer, got 0/],
    [
      'modelDiagram: sizes',
      () => plot.modelDiagram(any([3, 1])),
      /expected a model made by sequential, model or loadModel/,
    ],
    ['forwardBackward: text', () => plot.forwardBackward(any('3-4-1')), /got "3-4-1"/],
    ['computationGraph: values', () => plot.computationGraph(traced, { at: [1] }), /expected 2 arguments, got 1/],
    ['bowl: interval', () => plot.bowl(bowl, { x: [2, 2] }), /x: expected \[from, to\]/],
    [
      'optimizerPaths: none',
      () => plot.optimizerPaths(bowl, {}, { start: [1, 1] }),
      /expected optimisers by name.*got none/,
    ],
    [
      'optimizerPaths: a name',
      () => plot.optimizerPaths(bowl, { a: any('adam') }, { start: [1, 1] }),
      /'a': expected an optimiser.*got "adam"/,
    ],
    [
      'optimizerPaths: start',
      () => plot.optimizerPaths(bowl, { a: optimizers.adam() }, any({})),
      /start: expected two numbers/,
    ],
    [
      'plateau: start',
      () => plot.plateau((w) => ops.square(w), { from: 0, to: 1, start: 2 }),
      /start: expected a number in \[0, 1\], got 2/,
    ],
    [
      'convergencePaths: size',
      () => plot.convergencePaths(rows, [1, 2], { batchSizes: { a: 0 } }),
      /batchSizes: 'a': expected a positive integer/,
    ],
    ['decisionBoundary: no model', () => plot.decisionBoundary(any({}), [[1, 2]], [1]), /expected a model/],
    [
      'decisionBoundary: classes',
      () => plot.decisionBoundary(twoInputs(), [[1, 2]], [0.5]),
      /y: expected class numbers.*0\.5/,
    ],
    ['decisionBoundaries: none', () => plot.decisionBoundaries({}, [[1, 2]], [1]), /got no model/],
    ['save: path', () => plot.crossentropy().save(any(7)), /plot\.crossentropy: expected a path.*got 7/],
    [
      'svg: option',
      () => plot.crossentropy().svg(any({ thema: 'dark' })),
      /plot\.crossentropy: svg: unknown option 'thema'/,
    ],
  ],
  StateError: [
    ['costCurves: empty', () => plot.costCurves({ a: new History() }), /'a': no epoch has been recorded/],
    [
      'decisionBoundaries: not adapted',
      () => plot.decisionBoundaries({ a: normalized() }, rows, [0, 1]),
      /^plot\.decisionBoundaries: 'a': 'normalize_1' has not learnt/,
    ],
  ],
  DTypeError: [
    [
      'curve: no number',
      () =>
        plot.curve(
          any(() => 'x'),
          { from: 0, to: 1 },
        ),
      /returns a number or a Tensor, got "x"/,
    ],
    ['bowl: no number', () => plot.bowl(any(() => undefined)), /returns a number or a Tensor, got undefined/],
    [
      'plateau: no number',
      () =>
        plot.plateau(
          any(() => 'x'),
          { from: 0, to: 1 },
        ),
      /returns a number or a Tensor/,
    ],
    ['computationGraph: text', () => plot.computationGraph(traced, { at: [1, any('x')] }), /at: argument 1: .*"x"/],
    [
      'decisionBoundary: y',
      () => plot.decisionBoundary(twoInputs(), rows, any(['a', 'b'])),
      /y: expected numbers, got "a"/,
    ],
  ],
  DisposedError: [
    ['decisionBoundary: x', () => plot.decisionBoundary(twoInputs(), disposed(), [0, 1]), /x: a disposed/],
  ],
  ShapeError: [
    ['bowl: a list', () => plot.bowl(any(() => tensor([1, 2]))), /result is one number, got shape \[2\]/],
    [
      'computationGraph: shape',
      () => plot.computationGraph(traced, { at: [1, [1, 2]] }),
      /at: argument 1: expected shape \[\], got \[2\]/,
    ],
    [
      'weightImages: no matrix',
      () => plot.weightImages(tensor([1, 2])),
      /expected a weight \[units, inputs\], got \[2\]/,
    ],
    ['weightImages: size', () => plot.weightImages(tensor([[1, 2, 3]])), /3 inputs are no square image\. Give \{ size/],
    [
      'decisionBoundary: inputs',
      () => plot.decisionBoundary(threeInputs(), [[1, 2]], [1]),
      /model of two inputs.*got \[3\] → \[1\]/,
    ],
    [
      'decisionBoundary: rows',
      () => plot.decisionBoundary(twoInputs(), [[1, 2]], [0, 1]),
      /y: expected 1 class numbers/,
    ],
  ],
  NonFiniteError: [
    ['costContours: NaN', () => plot.costContours([[NaN, 1], ...rows], [1, 2, 3]), /x has NaN in row 0, feature 0/],
    ['convergencePaths: NaN', () => plot.convergencePaths(rows, [1, NaN]), /y has NaN in row 1/],
    [
      'convergencePaths: diverges',
      () => plot.convergencePaths(rows, [1, 2], { learningRate: 1e30 }),
      /'stochastic': gradient descent diverges: step \d+, from .* Lower the learning rate, 1e\+30/,
    ],
    [
      'optimizerPaths: diverges',
      () => plot.optimizerPaths(steep, { a: optimizers.gradientDescent({ learningRate: 1e10 }) }, { start: [5, 1] }),
      /'a': the path diverges: step 4, from .*where the gradient is \[-Infinity, 0\]/,
    ],
    [
      'decisionBoundary: NaN',
      () => plot.decisionBoundary(twoInputs(), [[1, NaN], ...rows], [0, 1, 1]),
      /x has NaN in row 0/,
    ],
    [
      'decisionBoundary: huge',
      () => plot.decisionBoundary(twoInputs(), [[1e300, 1], ...rows], [0, 1, 1]),
      /beyond float32/,
    ],
  ],
}

const all = Object.entries(cases).flatMap(([kind, list]) => list.map((one) => [kind, one] as const))

describe('bad input to pictures', () => {
  for (const [kind, [name, call, says]] of all)
    it(name, async () => {
      let error: Error | null = null
      try {
        await call()
      } catch (e) {
        error = e as Error
      }
      expect(error?.name, error?.message).to.equal(kind)
      expect(error!.message).to.match(says)
      expect(error!.message).to.match(/^plot\./)
    })

  it('every function has a case, but for those without a choice', () => {
    const tested = new Set(all.map(([, [name]]) => name.split(':')[0]))
    const functions = Object.entries(plot).filter(([name, value]) => typeof value === 'function' && name !== 'Picture')
    const untested = functions.map(([name]) => name).filter((name) => !tested.has(name))
    expect(untested).to.have.members(['crossentropy', 'history'])
  })
})
