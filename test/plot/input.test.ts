/** Bad input to pictures: an error that names the call, what was expected and what came. */
import { expect } from 'chai'
import { layers, ops, optimizers, sequential, tensor, trace, type Value } from '../../lib'
import { History } from '../../lib/model/train/history'
import * as plot from '../../lib/plot'

const bowl = (a: Value, b: Value) => ops.add(ops.square(a), ops.square(b))
const twoInputs = () => sequential({ inputShape: [2], layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
const any = (value: unknown) => value as never
const f = (x: number) => x

const cases: [name: string, call: () => unknown, kind: string, says: RegExp][] = [
  ['activation: reach', () => plot.activation('relu', { reach: -1 }), 'OptionError', /reach: expected a number above 0, got -1/],
  ['activation: name', () => plot.activation(any('rellu')), 'OptionError', /Did you mean 'relu'/],
  ['curve: no function', () => plot.curve(any(3), { from: 0, to: 1 }), 'OptionError', /expected a function, got 3/],
  ['curve: no range', () => plot.curve(f, any(undefined)), 'OptionError', /from: expected a finite number, got undefined/],
  ['curve: turned range', () => plot.curve(f, { from: 1, to: 0 }), 'OptionError', /from below to, got 1 and 0/],
  ['curve: dots', () => plot.curve(f, { from: 0, to: 1, dots: [any([1])] }), 'OptionError', /dots: expected \[x, y\].*\[1\] at 0/],
  ['curve: option', () => plot.curve(f, any({ from: 0, to: 1, titel: 'x' })), 'OptionError', /Did you mean 'title'/],
  ['lines: nothing', () => plot.lines({}), 'OptionError', /got no points/],
  ['lines: no list', () => plot.lines({ a: any(3) }), 'OptionError', /'a': expected a list of points \[x, y\], got 3/],
  ['lines: no number', () => plot.lines({ a: [[1, Infinity]] }), 'OptionError', /'a': expected \[x, y\] of finite numbers/],
  ['learningCurve: nothing', () => plot.learningCurve({}), 'OptionError', /got no points/],
  ['learningCurve: no points', () => plot.learningCurve({ small: any(7) }), 'OptionError', /'small': expected what diagnose.learningCurve gives, got 7/],
  ['averages: β', () => plot.averages([1], { a: { beta: 1 } }), 'OptionError', /beta: expected a number in \[0, 1\), got 1/],
  ['costCurves: no history', () => plot.costCurves({ a: any([1, 2]) }), 'OptionError', /'a': expected the History that fit resolves with/],
  ['costCurves: empty', () => plot.costCurves({ a: new History() }), 'StateError', /'a': no epoch has been recorded/],
  ['batchVsMiniBatch: no history', () => plot.batchVsMiniBatch(any({}), new History()), 'OptionError', /expected the History/],
  ['confusionMatrix: counts alone', () => plot.confusionMatrix(any([[1]])), 'OptionError', /expected what data.confusionMatrix gives/],
  ['weightImages: no matrix', () => plot.weightImages(tensor([1, 2])), 'ShapeError', /expected a weight \[units, inputs\], got \[2\]/],
  ['weightImages: size', () => plot.weightImages(tensor([[1, 2, 3]])), 'ShapeError', /3 inputs are no image.*Give \{ size/],
  ['networkDiagram: units', () => plot.networkDiagram([3, 0]), 'OptionError', /expected a positive integer, got 0/],
  ['forwardBackward: text', () => plot.forwardBackward(any('3-4-1')), 'OptionError', /got "3-4-1"/],
  ['computationGraph: values', () => plot.computationGraph(trace(bowl, [[], []]), { at: [1] }), 'OptionError', /expected 2 arguments, got 1/],
  ['bowl: interval', () => plot.bowl(bowl, { x: [2, 2] }), 'OptionError', /x: expected \[from, to\]/],
  ['optimizerPaths: none', () => plot.optimizerPaths(bowl, {}, { start: [1, 1] }), 'OptionError', /expected optimisers by name.*got none/],
  ['optimizerPaths: a name', () => plot.optimizerPaths(bowl, { a: any('adam') }, { start: [1, 1] }), 'OptionError', /'a': expected an optimiser.*got "adam"/],
  ['optimizerPaths: start', () => plot.optimizerPaths(bowl, { a: optimizers.adam() }, any({})), 'OptionError', /start: expected two numbers/],
  ['plateau: start', () => plot.plateau((w) => ops.square(w), { from: 0, to: 1, start: 2 }), 'OptionError', /start: expected a number in \[0, 1\], got 2/],
  ['costContours: NaN', () => plot.costContours([[NaN, 1], [1, 2], [0, 1]], [1, 2, 3]), 'NonFiniteError', /finite/],
  ['convergencePaths: size', () => plot.convergencePaths([[1, 2], [2, 1]], [1, 2], { batchSizes: { a: 0 } }), 'OptionError', /batchSizes: 'a': expected a positive integer/],
  ['decisionBoundary: no model', () => plot.decisionBoundary(any({}), [[1, 2]], [1]), 'OptionError', /expected a model/],
  ['decisionBoundary: inputs', () => plot.decisionBoundary(sequential({ inputShape: [3], layers: [layers.dense({ units: 1 })] }), [[1, 2]], [1]), 'ShapeError', /model of two inputs.*got \[3\] → \[1\]/],
  ['decisionBoundary: classes', () => plot.decisionBoundary(twoInputs(), [[1, 2]], [0.5]), 'OptionError', /y: expected class numbers.*0\.5/],
  ['decisionBoundary: rows', () => plot.decisionBoundary(twoInputs(), [[1, 2]], [0, 1]), 'ShapeError', /y: expected 1 class numbers/],
  ['decisionBoundaries: none', () => plot.decisionBoundaries({}, [[1, 2]], [1]), 'OptionError', /got no model/],
  ['save: path', () => plot.crossentropy().save(any(7)), 'OptionError', /plot\.crossentropy: expected a path.*got 7/],
  ['svg: option', () => plot.crossentropy().svg(any({ thema: 'dark' })), 'OptionError', /plot\.crossentropy: svg: unknown option 'thema'/],
] // prettier-ignore

describe('bad input to pictures', () => {
  for (const [name, call, kind, says] of cases)
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
    const tested = new Set(cases.map(([name]) => name.split(':')[0]))
    const functions = Object.entries(plot).filter(([name, value]) => typeof value === 'function' && name !== 'Picture')
    expect(functions.map(([name]) => name).filter((name) => !tested.has(name))).to.have.members(['crossentropy', 'history']) // prettier-ignore
  })
})
