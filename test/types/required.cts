/** CommonJS in TypeScript. */
import { expectTypeOf } from 'expect-type'
import my = require('myelin')
import plot = require('myelin/plot')

const { layers, sequential } = my
const model = sequential({ inputShape: [2], layers: [layers.dense({ units: 1 })] })
const trained = model.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] })
expectTypeOf(trained.getWeights()[0].bias).toEqualTypeOf<my.Tensor>()
expectTypeOf(trained.predictSync([[1, 2]])).toEqualTypeOf<my.Tensor>()
void trained.evaluate([[1, 2]], [1]).then((values) => {
  expectTypeOf(values.meanAbsoluteError).toEqualTypeOf<number>()
  // @ts-expect-error: it was not compiled
  void values.accuracy
})
expectTypeOf(plot.lines).toEqualTypeOf(my.plot.lines)

// What other modules import: every type in it has a public name.
export const exported = sequential({
  inputShape: [2],
  layers: [layers.dense({ units: 1 }), layers.dropout({ rate: 0.1 })],
})
export const compiled = exported.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: ['auc'] })
export const weights = compiled.getWeights()
export const evaluated = compiled.evaluate([], [])
export const fitted = compiled.fit([], [], { validationData: [[], []] })
export const Own = my.defineLayer({
  name: 'own',
  build: (shape, _config: { initial?: number }, add) => ({ gain: add('gain', shape) }),
  call: (x, w) => my.ops.mul(x, w.gain),
})
