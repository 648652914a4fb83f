/** Models of several inputs and outputs: what methods take and give goes by the names, or is bare. */
import { expectTypeOf } from 'expect-type'
import {
  gradientCheck,
  input,
  layers,
  loadModel,
  model,
  sequential,
  type DataLike,
  type Model,
  type SymbolicTensor,
  type Tensor,
} from 'myelin'

declare const x: Tensor, ids: Int32Array, y: Tensor

const numbers = input({ shape: [4] })
const place = input({ shape: [1], dtype: 'int32' })
expectTypeOf(numbers).toEqualTypeOf<SymbolicTensor>()
const hidden = layers.dense({ units: 3 }).apply(numbers)
expectTypeOf(hidden.shape).toEqualTypeOf<readonly number[]>()
const price = layers.dense({ units: 1 }).apply(hidden)
const sold = layers.dense({ units: 1, activation: 'sigmoid' }).apply(hidden)

// Bare on both sides: a tensor goes in, a tensor comes out.
const single = model({ inputs: numbers, outputs: price })
expectTypeOf(await single.predict(x)).toEqualTypeOf<Tensor>()
expectTypeOf(single.predictSync([[1, 2, 3, 4]])).toEqualTypeOf<Tensor>()
// @ts-expect-error: the model has no input of that name
await single.predict({ numbers: x })

// By name on both sides.
const both = model({ inputs: { numbers, place }, outputs: { price, sold } })
const given = { numbers: x, place: ids }
expectTypeOf(await both.predict(given)).toEqualTypeOf<{ price: Tensor; sold: Tensor }>()
expectTypeOf(both.predictSync(given).sold).toEqualTypeOf<Tensor>()
// @ts-expect-error: an input is missing
await both.predict({ numbers: x })
// @ts-expect-error: data must be given by name
await both.predict(x)
// @ts-expect-error: there is no such output
void (await both.predict(given)).cost

// A record stays a record, even of one.
const named = model({ inputs: { numbers }, outputs: { price } })
expectTypeOf(await named.predict({ numbers: x })).toEqualTypeOf<{ price: Tensor }>()

// Losses and metrics stand behind the names of the outputs.
const compiled = both.compile({
  optimizer: 'adam',
  loss: { price: 'meanSquaredError', sold: 'binaryCrossentropy' },
  lossWeights: { price: 0.3 },
  metrics: { sold: ['accuracy'] },
})
const targets = { price: y, sold: y }
const values = await compiled.evaluate(given, targets)
expectTypeOf<keyof typeof values>().toEqualTypeOf<'loss' | 'dataLoss' | 'price_loss' | 'sold_loss' | 'sold_accuracy'>()
// @ts-expect-error: it was compiled for the other output
void values.price_accuracy
// @ts-expect-error: targets must be given by name
await compiled.evaluate(given, y)
const { epochs } = await compiled.fit(given, targets, { epochs: 2, validationData: [given, targets] })
expectTypeOf(epochs[0]!.val_sold_accuracy).toEqualTypeOf<number>()
expectTypeOf(epochs[0]!.price_loss).toEqualTypeOf<number>()

// Weights, freezing, checks.
compiled.freeze(['dense_1'])
compiled.unfreeze(({ kind, trainable }) => kind === 'dense' && !trainable)
compiled.setWeights(single.getWeights(), { partial: true })
expectTypeOf(await gradientCheck(compiled, given, targets)).toHaveProperty('verdict')

// sequential stays bare; what a file holds is bare unless it is said to be otherwise.
const chain = sequential({ inputShape: [4], layers: [layers.dense({ units: 1 })] })
expectTypeOf(chain.predict).parameter(0).toEqualTypeOf<DataLike>()
expectTypeOf(await (await loadModel('model')).predict(x)).toEqualTypeOf<Tensor>()
const loaded = await loadModel<{ inputs: 'numbers' | 'place'; outputs: 'price' | 'sold' }>('model')
expectTypeOf(await loaded.predict(given)).toEqualTypeOf<{ price: Tensor; sold: Tensor }>()
expectTypeOf(loaded).toEqualTypeOf<Model<{ inputs: 'numbers' | 'place'; outputs: 'price' | 'sold' }>>()
