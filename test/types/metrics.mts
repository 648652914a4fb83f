/** Names of metrics: known where they were compiled by name, and there alone. */
import { expectTypeOf } from 'expect-type'
import {
  layers,
  loadModel,
  ops,
  optimizers,
  resume,
  sequential,
  type CompileOptions,
  type EpochLogs,
  type Evaluation,
  type History,
  type MetricName,
  type MetricSpec,
  type Model,
  type Tensor,
} from 'myelin'

declare const x: Tensor, y: Tensor, flag: boolean
const bare = sequential({ inputShape: [2], layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
const settings = { optimizer: optimizers.adam(), loss: 'binaryCrossentropy' } as const
const model = bare.compile({ ...settings, metrics: ['accuracy', 'auc'] })

// evaluate and trainOnBatch
const values = await model.evaluate(x, y)
expectTypeOf(values.loss).toEqualTypeOf<number>()
expectTypeOf(values.dataLoss).toEqualTypeOf<number>()
expectTypeOf(values.accuracy).toEqualTypeOf<number>()
expectTypeOf<keyof typeof values>().toEqualTypeOf<'loss' | 'dataLoss' | 'accuracy' | 'auc'>()
// @ts-expect-error: it was not compiled
void values.precision
// @ts-expect-error: a slip
void values.acuracy
expectTypeOf(await model.trainOnBatch(x, y, { signal: undefined })).toEqualTypeOf(values)
const { accuracy, auc } = await model.evaluate(x, y, { batchSize: 4 })
expectTypeOf(accuracy + auc).toEqualTypeOf<number>()

// the logs of fit
const { epochs } = await model.fit(x, y, { epochs: 3 })
for (const logs of epochs) {
  expectTypeOf(logs.epoch).toEqualTypeOf<number>()
  expectTypeOf(logs.loss).toEqualTypeOf<number>()
  expectTypeOf(logs.learningRate).toEqualTypeOf<number>()
  expectTypeOf(logs.accuracy).toEqualTypeOf<number>()
  // Without validation data there is none; callbacks may have added others.
  expectTypeOf(logs.val_accuracy).toEqualTypeOf<number | undefined>()
  expectTypeOf(logs.gradientNorm).toEqualTypeOf<number | undefined>()
}
const validated = await model.fit(x, y, { epochs: 3, validationData: [x, y], signal: undefined })
for (const logs of validated.epochs) {
  expectTypeOf(logs.val_loss).toEqualTypeOf<number>()
  expectTypeOf(logs.val_dataLoss).toEqualTypeOf<number>()
  expectTypeOf(logs.val_accuracy).toEqualTypeOf<number>()
  expectTypeOf(logs.val_auc).toEqualTypeOf<number>()
  expectTypeOf(logs.val_precision).toEqualTypeOf<number | undefined>()
}
const perhaps = await model.fit(x, y, { validationData: flag ? [x, y] : undefined })
for (const logs of perhaps.epochs) {
  expectTypeOf(logs.accuracy).toEqualTypeOf<number>()
  expectTypeOf(logs.val_loss).toEqualTypeOf<number | undefined>()
}
const streamed = await model.fitDataset(() => [{ x, y }], { validationData: [x, y, [1, 2]] })
for (const logs of streamed.epochs) expectTypeOf(logs.accuracy + logs.val_accuracy).toEqualTypeOf<number>()
for (const logs of (await model.fitDataset(() => [{ x, y }], { epochs: 2 })).epochs) {
  expectTypeOf(logs.auc).toEqualTypeOf<number>()
  expectTypeOf(logs.val_auc).toEqualTypeOf<number | undefined>()
}

// own metrics, with their parameters typed
const own = bare.compile({
  ...settings,
  loss: (yTrue, yPred) => ops.mean(ops.square(ops.sub(yTrue, yPred))),
  metrics: ['recall', { name: 'bias', fn: (yTrue, yPred) => ops.mean(ops.sub(yPred, yTrue)) }],
})
const found = await own.evaluate(x, y)
expectTypeOf(found.bias).toEqualTypeOf<number>()
expectTypeOf(found.recall).toEqualTypeOf<number>()
// @ts-expect-error: 'accuracy' was compiled before, and no longer is
void found.accuracy
const lone = bare.compile({
  ...settings,
  metrics: [{ name: 'top', fn: (yTrue, yPred) => ops.mean(ops.mul(yTrue, yPred)) }],
})
expectTypeOf((await lone.evaluate(x, y)).top).toEqualTypeOf<number>()
const spread = bare.compile({ ...settings, metrics: [...(['accuracy'] as const), 'f1'] })
expectTypeOf((await spread.evaluate(x, y)).f1).toEqualTypeOf<number>()

/** Of each model of a list: the names that its evaluations have, `string` for any. */
type Names<Models extends readonly { evaluate(...args: never[]): Promise<object> }[]> = {
  [At in keyof Models]: keyof Awaited<ReturnType<Models[At]['evaluate']>> & string
}

// no metrics
const none = [
  bare.compile(settings),
  bare.compile({ ...settings, metrics: undefined }),
  bare.compile({ ...settings, metrics: [] }),
] as const
type Losses = 'loss' | 'dataLoss'
expectTypeOf<Names<typeof none>>().toEqualTypeOf<readonly [Losses, Losses, Losses]>()
// @ts-expect-error: no metrics were compiled
void (await none[0].evaluate(x, y)).accuracy
for (const logs of (await none[0].fit(x, y, { validationData: [x, y] })).epochs) {
  expectTypeOf(logs.val_loss).toEqualTypeOf<number>()
  expectTypeOf(logs.accuracy).toEqualTypeOf<number | undefined>()
}

// not known: any name may be there or not
declare const names: MetricName[], specs: readonly MetricSpec[], options: CompileOptions, name: string
const unknown = [
  bare,
  bare.compile({ ...settings, metrics: names }),
  bare.compile({ ...settings, metrics: specs }),
  bare.compile({ ...settings, metrics: ['accuracy', ...names] }),
  bare.compile({ ...settings, metrics: flag ? ['accuracy'] : ['meanAbsoluteError'] }),
  bare.compile({ ...settings, metrics: flag ? ['accuracy'] : [] }),
  bare.compile({ ...settings, metrics: [flag ? 'accuracy' : 'auc'] }),
  bare.compile({ ...settings, metrics: [{ name, fn: (yTrue) => yTrue }] }),
  bare.compile(options),
  await loadModel('model.safetensors'),
  (await resume('run.checkpoint', x, y)).model,
] as const
expectTypeOf<Names<typeof unknown>>().toEqualTypeOf<
  readonly [string, string, string, string, string, string, string, string, string, string, string]
>()
const [loose] = unknown
const seen = await loose.evaluate(x, y)
expectTypeOf(seen.loss).toEqualTypeOf<number>()
expectTypeOf(seen.accuracy).toEqualTypeOf<number | undefined>()
for (const logs of (await loose.fit(x, y, { validationData: [x, y] })).epochs) {
  expectTypeOf(logs.loss).toEqualTypeOf<number>()
  expectTypeOf(logs.accuracy).toEqualTypeOf<number | undefined>()
  expectTypeOf(logs.val_loss).toEqualTypeOf<number>()
  expectTypeOf(logs.val_accuracy).toEqualTypeOf<number | undefined>()
}

// refused
// @ts-expect-error: no metric of that name
bare.compile({ ...settings, metrics: ['acuracy'] })
// @ts-expect-error: no option of that name
bare.compile({ ...settings, metric: ['accuracy'] })
// @ts-expect-error: no loss of that name
bare.compile({ ...settings, loss: 'meanSquareError' })
// @ts-expect-error: a metric needs a name
bare.compile({ ...settings, metrics: [{ fn: (yTrue: Tensor) => yTrue }] })
// @ts-expect-error: the optimiser is missing
bare.compile({ loss: 'meanSquaredError' })
// @ts-expect-error: no option of that name
await model.fit(x, y, { epoch: 3 })
// @ts-expect-error: targets are missing
await model.fit(x, y, { validationData: [x] })

// names of types, with and without arguments
expectTypeOf(model).toExtend<Model>()
expectTypeOf(model).toExtend<Model<{ metrics: 'accuracy' }>>()
expectTypeOf(bare).toExtend<Model>()
expectTypeOf(own).not.toExtend<Model<{ metrics: 'accuracy' }>>()
expectTypeOf(bare).not.toExtend<Model<{ metrics: 'accuracy' }>>()
expectTypeOf(await model.evaluate(x, y)).toExtend<Evaluation>()
expectTypeOf(await model.evaluate(x, y)).toExtend<Evaluation<'accuracy'>>()
expectTypeOf(validated).toExtend<History>()
expectTypeOf(validated).toExtend<History<'accuracy' | 'val_accuracy'>>()
expectTypeOf(epochs).toExtend<EpochLogs[]>()
expectTypeOf<Evaluation['accuracy']>().toEqualTypeOf<number>()
expectTypeOf<EpochLogs['val_loss']>().toEqualTypeOf<number>()
const open: Evaluation = { loss: 1, dataLoss: 1, anything: 2 }
const logs: EpochLogs = { epoch: 1, loss: 1, dataLoss: 1, learningRate: 0.1, anything: 2 }
void [open, logs]

async function report(trained: Model<{ metrics: 'accuracy' }>): Promise<number> {
  return (await trained.evaluate(x, y)).accuracy
}
void report(model)
// @ts-expect-error: it has no accuracy
void report(own)

// Facts survive what returns the same model.
const moved = await model.to('cpu')
expectTypeOf((await moved.evaluate(x, y)).accuracy).toEqualTypeOf<number>()
expectTypeOf(moved).toEqualTypeOf(model)
