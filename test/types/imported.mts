/** An ES module in TypeScript: the same types as those of `require`. */
import { expectTypeOf } from 'expect-type'
import { layers, sequential, type Model, type Tensor } from 'myelin'
import * as my from 'myelin'
import * as plot from 'myelin/plot'
import { compiled, exported } from './required.cjs'

expectTypeOf(exported).toExtend<Model>()
expectTypeOf(compiled).toExtend<my.Model<{ metrics: 'auc' }>>()
expectTypeOf((await compiled.evaluate([], [])).auc).toEqualTypeOf<number>()
expectTypeOf(plot.lines).toEqualTypeOf(my.plot.lines)
// @ts-expect-error: there is no default export
import whole from 'myelin'
void whole

export const model = sequential({ inputShape: [2], layers: [layers.dense({ units: 1 })] })
export const trained = model.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] })
export const { meanAbsoluteError } = await trained.evaluate([[1, 2]], [1])
export const [{ weight }] = trained.getWeights()
export const { epochs } = await trained.fit([[1, 2]], [1], { validationData: [[[1, 2]], [1]] })
expectTypeOf(meanAbsoluteError).toEqualTypeOf<number>()
expectTypeOf(weight).toEqualTypeOf<Tensor>()
