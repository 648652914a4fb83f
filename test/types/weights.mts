/** Names of weights: known where layers were written out. */
import { expectTypeOf } from 'expect-type'
import {
  defineLayer,
  layers,
  loadModel,
  ops,
  optimizers,
  sequential,
  valueAndGrad,
  type AddWeight,
  type DenseOptions,
  type Layer,
  type LayerWeights,
  type Model,
  type Tensor,
  type WeightHandle,
  type WeightSet,
  type WeightSetLike,
} from 'myelin'

declare const x: Tensor, y: Tensor, flag: boolean

const model = sequential({
  inputShape: [4, 4],
  layers: [
    layers.normalize(),
    layers.flatten({ name: undefined }),
    layers.dense({ units: 3, activation: 'relu' }),
    layers.dropout({ keepProb: 0.5 }),
    layers.dense({ units: 2, useBias: false }),
    layers.activation('tanh'),
    layers.lambda((z) => ops.mul(z, 2)),
    layers.dense({ units: 1, useBias: flag }),
  ],
})

// Layers without weights are not listed.
const weights = model.getWeights()
expectTypeOf(weights[0].name).toEqualTypeOf<string>()
expectTypeOf(weights[0].weight).toEqualTypeOf<Tensor>()
expectTypeOf(weights[0].bias).toEqualTypeOf<Tensor>()
expectTypeOf(weights[1].weight).toEqualTypeOf<Tensor>()
// a layer without bias
expectTypeOf(weights[1].bias).toEqualTypeOf<undefined>()
expectTypeOf(weights[2].weight).toEqualTypeOf<Tensor>()
expectTypeOf(weights[2].bias).toEqualTypeOf<Tensor | undefined>()
// @ts-expect-error: a slip
void weights[0].wieght.shape
// @ts-expect-error: a slip
ops.neg(weights[0].wieght)
// @ts-expect-error: there is no fourth
void weights[3].weight
const [first, second] = weights
expectTypeOf(first.bias).toEqualTypeOf<Tensor>()
expectTypeOf(second.bias).toEqualTypeOf<undefined>()

// What goes over all layers does not know them.
for (const layer of weights) {
  expectTypeOf(layer.name).toEqualTypeOf<string>()
  expectTypeOf(layer.gain).toEqualTypeOf<Tensor | undefined>()
}
expectTypeOf(weights.find((layer) => layer.name === 'dense_1')).toEqualTypeOf<LayerWeights | undefined>()
expectTypeOf(weights.length).toEqualTypeOf<number>()

// gradients have the same layout
const { cost, gradients } = await model
  .compile({ optimizer: 'adam', loss: 'meanSquaredError' })
  .costAndGradients(x, y, { signal: undefined })
expectTypeOf(cost).toEqualTypeOf<number>()
expectTypeOf(gradients).toEqualTypeOf(weights)
const { value, grads } = valueAndGrad(model, 'meanSquaredError')(x, y)
expectTypeOf(value).toEqualTypeOf<number>()
expectTypeOf(grads).toEqualTypeOf(weights)
optimizers.adam().apply(model, grads)
model.setWeights(weights)
model.setWeights([{ name: 'dense_1', weight: [[1]], bias: [0] }])

// own layers
const Scale = defineLayer({
  name: 'scale',
  build: (inputShape, config: { initial?: number }, add) => {
    expectTypeOf(config.initial).toEqualTypeOf<number | undefined>()
    return { gain: add('gain', inputShape), shift: add('offset', inputShape, { initializer: 'zeros' }) }
  },
  call: (input, w, { training, config }) => {
    expectTypeOf(w.gain).toEqualTypeOf<Tensor>()
    expectTypeOf<keyof typeof w>().toEqualTypeOf<'gain' | 'shift'>()
    expectTypeOf(training).toEqualTypeOf<boolean>()
    expectTypeOf(config).toEqualTypeOf<{ initial?: number }>()
    // @ts-expect-error: a slip
    void w.gian
    return ops.add(ops.mul(input, w.gain), w.shift)
  },
  gradient: (dy, { x: input, y: output, w, config }) => {
    expectTypeOf(output).toEqualTypeOf<Tensor>()
    expectTypeOf(config).toEqualTypeOf<{ initial?: number }>()
    return { x: ops.mul(dy, w.gain), weights: { gain: ops.mul(dy, input), shift: dy } }
  },
})
const scaled = sequential({
  inputShape: [3],
  layers: [Scale(), layers.dense({ units: 1 }), Scale({ initial: 2, name: 's' })],
})
const own = scaled.getWeights()
// In sets, weights stand under the names that they were declared by.
expectTypeOf(own[0].gain).toEqualTypeOf<Tensor>()
expectTypeOf(own[0].offset).toEqualTypeOf<Tensor>()
// the name that call uses
expectTypeOf(own[0].shift).toEqualTypeOf<undefined>()
expectTypeOf(own[1].bias).toEqualTypeOf<Tensor>()
expectTypeOf(own[2].gain).toEqualTypeOf<Tensor>()
// @ts-expect-error: a slip
Scale({ inital: 2 })
// @ts-expect-error: a number
Scale({ initial: '2' })

const Needed = defineLayer({
  name: 'needed',
  build: (_shape, _config: { rate: number }) => ({}),
  call: (input, _w, { config }) => ops.mul(input, config.rate),
})
Needed({ rate: 2, name: undefined })
// @ts-expect-error: it needs its options
Needed()
const Bare = defineLayer({
  name: 'bare',
  call: (input, _w, { config }: { config: { rate?: number } }) => ops.mul(input, config.rate ?? 1),
})
Bare({ rate: 2 })
Bare()
declare const build: (
  shape: readonly number[],
  config: object,
  add: AddWeight,
) => { gain: WeightHandle<'gain', 'weight'> }
declare const call: (x: Tensor, w: { readonly gain: Tensor }) => Tensor
defineLayer({ name: 'whole', build, call, gradient: (dy) => ({ x: dy, weights: { gain: dy } }) })
// @ts-expect-error: every weight has a gradient
defineLayer({ name: 'short', build, call, gradient: (dy) => ({ x: dy, weights: {} }) })

// Options as an argument of the type leave the weights to the index signature.
const Explicit = defineLayer<{ initial?: number }>({
  name: 'explicit',
  build: (inputShape, config, add) => {
    expectTypeOf(config).toEqualTypeOf<{ initial?: number }>()
    return { gain: add('gain', inputShape) }
  },
  call: (input, w) => {
    expectTypeOf(w.gain).toEqualTypeOf<Tensor | undefined>()
    return input
  },
})
// From the first layer that is not known, so are those behind it.
const mixed = sequential({
  inputShape: [3],
  layers: [layers.dense({ units: 2 }), Explicit(), layers.dense({ units: 1 })],
})
const mixedWeights = mixed.getWeights()
expectTypeOf(mixedWeights[0].bias).toEqualTypeOf<Tensor>()
expectTypeOf(mixedWeights[1]).toEqualTypeOf<LayerWeights | undefined>()

// lists made by code
const hidden = [8, 4].map((units) => layers.dense({ units }))
const listed = sequential({ inputShape: [3], layers: hidden }).getWeights()
expectTypeOf(listed[0]).toEqualTypeOf<LayerWeights | undefined>()
expectTypeOf(listed[0]?.weight).toEqualTypeOf<Tensor | undefined>()
const spread = sequential({ inputShape: [3], layers: [layers.dense({ units: 8 }), ...hidden, Scale()] }).getWeights()
expectTypeOf(spread[0].bias).toEqualTypeOf<Tensor>()
expectTypeOf(spread[1]).toEqualTypeOf<LayerWeights | undefined>()
const loaded = (await loadModel('model.safetensors', { signal: undefined })).getWeights()
expectTypeOf(loaded).toEqualTypeOf<WeightSet>()

// as methods
const Methods = defineLayer({
  name: 'methods',
  build(inputShape, config: { initial: number }, add) {
    return { gain: add('gain', inputShape, { initializer: 'ones', trainable: config.initial > 0 }) }
  },
  call(input, { gain }, { config }) {
    expectTypeOf(gain).toEqualTypeOf<Tensor>()
    return ops.mul(ops.mul(input, gain), config.initial)
  },
})
expectTypeOf(Methods({ initial: 1 }).name).toEqualTypeOf<string | undefined>()
// without options
const Plain = defineLayer({
  name: 'plain',
  build: (inputShape, _config, add) => ({ gain: add('gain', inputShape) }),
  call: (input, w) => ops.mul(input, w.gain),
})
expectTypeOf(sequential({ inputShape: [3], layers: [Plain()] }).getWeights()[0].gain).toEqualTypeOf<Tensor>()
// @ts-expect-error: it has no options
Plain({ initial: 1 })

// names made by code
const Many = defineLayer({
  name: 'many',
  build: (shape, config: { count: number }, add) =>
    Object.fromEntries(Array.from({ length: config.count }, (_, i) => [`gain${i}`, add(`gain${i}`, shape)])),
  call: (input, w) => Object.values(w).reduce((sum, gain) => ops.add(sum, gain), input),
})
const many = sequential({ inputShape: [3], layers: [Many({ count: 2 }), layers.dense({ units: 1 })] }).getWeights()
expectTypeOf(many[0]?.gain0).toEqualTypeOf<Tensor | undefined>()

// names of types without arguments
expectTypeOf(model).toExtend<Model>()
expectTypeOf(weights).toExtend<WeightSet>()
expectTypeOf(weights).toExtend<WeightSetLike>()
const entries: LayerWeights[] = [weights[0], weights[1], weights[2], own[0]]
expectTypeOf(Object.values(weights[0])).toEqualTypeOf(Object.values(entries[0]!))
expectTypeOf(layers.dense({ units: 1 })).toExtend<Layer>()
expectTypeOf(layers.dropout({ rate: 0.5 })).toExtend<Layer>()
expectTypeOf(Scale()).toExtend<Layer>()
const list: Layer[] = [layers.dense({ units: 1 }), Scale(), layers.flatten()]
const options: DenseOptions = { units: 1 }
expectTypeOf(layers.dense(options)).toExtend<Layer>()
const models: Model[] = [model, scaled, sequential({ inputShape: [3], layers: list })]
models.push(model.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] }))
// @ts-expect-error: no option of that name
layers.dense({ unit: 1 })
// @ts-expect-error: no layer
sequential({ inputShape: [3], layers: ['dense'] })
// @ts-expect-error: no option of that name
sequential({ inputShape: [3], layer: [layers.dense({ units: 1 })], layers: [] })

// States have no gradient; their updates go by the keys of build.
const Average = defineLayer({
  name: 'running',
  build: (shape: readonly number[], _config: object, add) => ({
    gain: add('gain', [...shape]),
    mean: add('movingMean', [...shape], { role: 'state' }),
  }),
  call: (input, w) => ({ value: ops.mul(input, w.gain), updates: { mean: w.mean } }),
  gradient: (dy, { w }) => ({ x: dy, weights: { gain: w.gain } }),
})
void Average()
// Several inputs come as a list.
defineLayer({
  name: 'sum',
  inputs: 'any',
  call: (inputs) => {
    expectTypeOf(inputs).toEqualTypeOf<readonly Tensor[]>()
    return inputs[0]!
  },
})
