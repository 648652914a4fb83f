/** Options and callbacks: what a program does not have it may hand on as undefined. */
import { expectTypeOf } from 'expect-type'
import {
  callbacks,
  data,
  gradientCheck,
  initializers,
  layers,
  loadModel,
  losses,
  ops,
  optimizers,
  resume,
  schedules,
  search,
  sequential,
  range,
  tensor,
  type BatchLogs,
  type Callback,
  type EpochLogs,
  type FitOptions,
  type Model,
  type Tensor,
  type TrainingProgress,
  type TrainingRun,
} from 'myelin'
import * as plot from 'myelin/plot'

declare const x: Tensor, y: Tensor, flag: boolean, signal: AbortSignal | undefined

const model = sequential({
  inputShape: [2],
  layers: [
    layers.dense({
      units: 1,
      activation: undefined,
      useBias: undefined,
      kernelInitializer: undefined,
      biasInitializer: undefined,
      kernelRegularizer: undefined,
      biasRegularizer: undefined,
      trainable: undefined,
      name: undefined,
    }),
    layers.normalize({ mean: undefined, variance: undefined, name: undefined }),
    layers.dropout({ rate: 0.5, keepProb: undefined, name: undefined }),
    layers.activation({ name: 'leakyRelu', slope: undefined }, { name: undefined }),
    layers.activation({ name: 'elu', alpha: undefined }),
    layers.activation({ name: 'gelu', approximate: undefined }),
  ],
  seed: undefined,
  labels: undefined,
  dtype: undefined,
  device: undefined,
  precision: undefined,
  name: undefined,
})
model.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: undefined, gradientClip: undefined })
await model.evaluate(x, y, { batchSize: undefined, sampleWeight: undefined, signal })
await model.trainOnBatch(x, y, { sampleWeight: undefined, classWeight: undefined, signal })
await model.costAndGradients(x, y, { sampleWeight: undefined, classWeight: undefined, training: undefined, signal })
await model.predict(x, { batchSize: undefined, signal })
await model.activations(x, { training: undefined, signal })
await model.adapt(x, { signal })
await model.save('m.safetensors', { signal })
await loadModel('m.safetensors', { custom: undefined, device: undefined, signal })
await resume('c', x, y, { custom: undefined, callbacks: undefined, onEpoch: undefined, verbose: undefined, signal })
await gradientCheck(model, x, y, { epsilon: undefined, sample: undefined, gradients: undefined, signal })
await search({ rate: range.log(1e-4, 1e-1, { points: undefined }) }, async () => 1, {
  trials: undefined,
  file: undefined,
  signal,
})
await model.fitDataset(() => [{ x, y, sampleWeight: undefined }], {
  stepsPerEpoch: undefined,
  onBatch: undefined,
  signal,
})
optimizers.adam({ learningRate: undefined, beta1: undefined, epsilon: undefined })
optimizers.momentum({
  learningRate: schedules.inverseSqrt({ k: 1, initial: undefined, per: undefined }),
  form: undefined,
})
losses.binaryCrossentropy({ fromLogits: undefined })
initializers.normal({ variance: 1, mean: undefined })
ops.sum(x, { axis: undefined, keepDims: undefined })
ops.matmul(x, y, { transposeA: undefined })
tensor([1], [1], { dtype: undefined })
data.split({ x, y }, { train: 0.8, dev: undefined, test: 0.2, seed: undefined, stratify: undefined })
data.batches({ x, y }, { batchSize: undefined, shuffle: undefined })
data.augment({ shape: undefined, flip: undefined, distort: undefined })
plot.lines({ a: [[0, 1]] }, { title: undefined, logX: undefined })
// @ts-expect-error: null is not undefined
await model.predict(x, { signal: null })

// callbacks
const own: Callback = {
  name: 'own',
  onTrainBegin: undefined,
  onProgress(progress, run) {
    expectTypeOf(progress).toEqualTypeOf<TrainingProgress>()
    expectTypeOf(run.epochs).toEqualTypeOf<number>()
  },
  onBatch(batch) {
    expectTypeOf(batch).toEqualTypeOf<BatchLogs>()
  },
  async onEpoch(logs, run) {
    expectTypeOf(run).toEqualTypeOf<TrainingRun>()
    expectTypeOf(run.model).toEqualTypeOf<Model>()
    expectTypeOf(logs.loss).toEqualTypeOf<number>()
    expectTypeOf(logs.accuracy).toEqualTypeOf<number | undefined>()
    logs.own = 1
    if ((logs.accuracy ?? 0) > 0.9) run.stop()
    expectTypeOf((await run.model.evaluate(x, y)).accuracy).toEqualTypeOf<number | undefined>()
  },
}
class Counter implements Callback {
  readonly name = 'counter'
  epochs = 0
  onEpoch(logs: EpochLogs, run: TrainingRun): void {
    this.epochs = logs.epoch
    run.model.getWeights()
  }
}
// Like any method, that of a callback may ask for more than it is sure to get.
const demanding: Callback = {
  name: 'demanding',
  onEpoch: (logs: EpochLogs<'accuracy'>) => logs.accuracy.toFixed(3),
}
void demanding
await model.fit(x, y, {
  epochs: 3,
  batchSize: undefined,
  validationData: undefined,
  callbacks: [
    own,
    new Counter(),
    callbacks.progressBar({ width: undefined }),
    callbacks.earlyStopping({ patience: undefined }),
  ],
  onBatch: undefined,
  onEpoch: flag ? (logs, run) => (expectTypeOf(logs).toEqualTypeOf<EpochLogs>(), run.stop()) : undefined,
  augment: undefined,
  checkpoint: undefined,
  stopWhen: undefined,
  signal,
})
const settings: FitOptions = { epochs: 3, signal }
await model.fit(x, y, settings)
await model.fit(x, y, {
  ...settings,
  validationData: [x, y],
  onEpoch: (logs) => expectTypeOf(logs).toEqualTypeOf<EpochLogs>(),
})
// @ts-expect-error: no method of that name
const slip: Callback = { name: 'slip', onEpochs: () => {} }
// @ts-expect-error: callbacks have names
const nameless: Callback = { onEpoch: () => {} }
void [slip, nameless]

// Functions with a name for files.
layers.dense({ units: 1, activation: { name: 'swish', fn: (z) => ops.mul(z, ops.sigmoid(z)) } })
optimizers.adam({ learningRate: { name: 'slower', fn: ({ step }) => 0.1 / step } })
// @ts-expect-error an activation by a name that Myelin does not know needs its function
layers.dense({ units: 1, activation: { name: 'swish' } })

expectTypeOf(model.dispose()).toEqualTypeOf<void>()
expectTypeOf(model.dispose({ after: 'jobs' })).toEqualTypeOf<Promise<void>>()
