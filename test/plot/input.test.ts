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
    ['averages: β', () => plot.averages([1], { a: { beta: 1 } }), /beta: expected a number in \[0, 1\), got 1/],
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
    [
      'computationGraph: values',
      () => plot.computationGraph(trace(bowl, [[], []]), { at: [1] }),
      /expected 2 arguments, got 1/,
    ],
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
  StateError: [['costCurves: empty', () => plot.costCurves({ a: new History() }), /'a': no epoch has been recorded/]],
  ShapeError: [
    [
      'weightImages: no matrix',
      () => plot.weightImages(tensor([1, 2])),
      /expected a weight \[units, inputs\], got \[2\]/,
    ],
    ['weightImages: size', () => plot.weightImages(tensor([[1, 2, 3]])), /3 inputs are no image.*Give \{ size/],
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
  NonFiniteError: [['costContours: NaN', () => plot.costContours([[NaN, 1], ...rows], [1, 2, 3]), /finite/]],
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
      expect(error!.message).to.match(/^(plot\.|data\.ewa|evaluate)/)
    })

  it('every function has a case, but for those without a choice', () => {
    const tested = new Set(all.map(([, [name]]) => name.split(':')[0]))
    const functions = Object.entries(plot).filter(([name, value]) => typeof value === 'function' && name !== 'Picture')
    const untested = functions.map(([name]) => name).filter((name) => !tested.has(name))
    expect(untested).to.have.members(['crossentropy', 'history'])
  })
})
