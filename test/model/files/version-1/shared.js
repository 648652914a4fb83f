'use strict'
// What write.js and the test both need: functions that a file only names, data, and what is done with the files. All
// numbers are small fractions of powers of two and all betas have few digits in binary, so that nothing here depends on
// how JavaScript rounds a sine or a power. `my` is the library.

const { Buffer } = require('node:buffer')
const { createHash } = require('node:crypto')

/** Integers below 64, the same everywhere. */
function* integers(seed) {
  let state = seed
  for (;;) {
    state = (state * 1664525 + 1013904223) % 2 ** 32
    yield Math.floor(state / 2 ** 26)
  }
}

/** m rows of numbers in [−2, 2), each of a shape. */
function numbers(seed, m, shape) {
  const drawn = integers(seed)
  const nested = ([first, ...rest]) =>
    first === undefined ? drawn.next().value / 16 - 2 : Array.from({ length: first }, () => nested(rest))
  return nested([m, ...shape])
}

/** Class numbers; `oneHot` makes rows of them. */
function classes(seed, m, count) {
  const drawn = integers(seed)
  return Array.from({ length: m }, () => drawn.next().value % count)
}
const oneHot = (labels, count) => labels.map((k) => Array.from({ length: count }, (_, i) => (i === k ? 1 : 0)))

/** x and y by what a model takes and gives. */
const m = 20
const targets = {
  values: numbers(2, m, [2]),
  labels: classes(3, m, 2),
  severalLabels: numbers(4, m, [2]).map((row) => row.map((v) => Number(v > 0))),
  classNumbers: classes(5, m, 3),
  oneHot: oneHot(classes(6, m, 3), 3),
}
const rows = numbers(1, m, [4])
const tables = numbers(7, m, [2, 3])
const images = numbers(8, m, [4, 4]).map((image) => image.map((line) => line.map((v) => (v + 2) / 4)))
const sampleWeight = classes(9, m, 4).map((k) => 0.5 + k / 4)

/** Own layers and functions by the names under which the files have them. */
function customOf(my) {
  const { ops } = my
  const scale = my.defineLayer({
    name: 'scale',
    build: (inputShape, config, add) => ({
      gain: add('gain', inputShape, {
        initializer: my.initializers.constant(config.initial ?? 1),
        regularizer: my.regularizers.l2({ l2: 1 / 64 }),
      }),
      still: add('still', inputShape, { initializer: 'smallNormal', trainable: false }),
    }),
    call: (x, w) => ops.add(ops.mul(x, w.gain), w.still),
    gradient: (dy, { x, w }) => ({
      x: ops.mul(dy, w.gain),
      weights: { gain: ops.sum(ops.mul(dy, x), { axis: 0 }), still: ops.sum(dy, { axis: 0 }) },
    }),
  })
  function swirl(x) {
    return ops.mul(x, ops.tanh(x))
  }
  function halves(x) {
    return ops.mul(x, 0.5)
  }
  function huber(yTrue, yPred) {
    const distance = ops.abs(ops.sub(yPred, yTrue))
    return ops.mean(ops.select(ops.lessEqual(distance, 1), ops.mul(0.5, ops.square(distance)), ops.sub(distance, 0.5)))
  }
  function bias(yTrue, yPred) {
    return ops.mean(ops.sub(yPred, yTrue))
  }
  function slower({ epoch }) {
    return epoch > 2 ? 1 / 64 : 1 / 16
  }
  // `halved` is the name that a lambda layer was given.
  return { scale, swirl, halves, halved: halves, huber, bias, slower }
}

/** The models by the names of their files: x, y, and whether `predict` must wait for a `fit`. */
const models = {
  'dense-options': { x: rows, y: targets.oneHot },
  'dense-float64': { x: rows, y: targets.labels },
  dropout: { x: rows, y: targets.values },
  'normalize-learnt': { x: rows, y: targets.classNumbers },
  'normalize-given': { x: rows, y: targets.values },
  'normalize-unadapted': { x: rows, y: targets.severalLabels, unadapted: true },
  flatten: { x: tables, y: targets.classNumbers },
  activation: { x: rows, y: targets.labels },
  lambda: { x: rows, y: targets.values },
  own: { x: rows, y: targets.values },
  together: { x: tables, y: targets.classNumbers },
  'not-compiled': { x: rows },
}

/** How every compiled model goes on after it is loaded. */
const onwards = { epochs: 2, batchSize: 6 }

/** The interrupted fits by the names of their checkpoints: x, y, callbacks. */
function interruptedOf(my) {
  const { earlyStopping } = my.callbacks
  return {
    'early-stopping': {
      x: rows,
      y: targets.labels,
      callbacks: () => [earlyStopping({ monitor: 'val_loss', patience: 2, restoreBestWeights: true })],
    },
    'in-an-epoch': { x: rows, y: targets.labels, callbacks: () => [] },
    augmented: {
      x: images,
      y: targets.classNumbers,
      callbacks: () => [earlyStopping({ monitor: 'accuracy', patience: 9 })],
    },
    finished: { x: rows, y: targets.values, callbacks: () => [] },
  }
}

/** The bits of numbers, as text. */
const bits = ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength).toString('base64')

/** What a model predicts and holds, and what a fit wrote down. */
async function outcome(model, x, history) {
  const weights = model
    .getWeights()
    .flatMap(({ name, ...values }) => Object.entries(values).map(([key, { data }]) => [`${name}.${key}`, bits(data)]))
  return {
    dtype: model.dtype,
    predictions: bits((await model.predict(x)).data),
    weights: Object.fromEntries(weights),
    ...(history ? { epochs: history.epochs, batches: bits(history.batches), stopped: history.stopped } : {}),
  }
}

/** A model file: what it gives (`saved`), and what comes of it by a fit (`after`). */
async function replayModel(my, name, source) {
  const { x, y, unadapted } = models[name]
  const model = await my.loadModel(source, { custom: customOf(my), device: 'cpu' })
  const saved = unadapted ? null : await outcome(model, x)
  return y ? { saved, after: await outcome(model, x, await model.fit(x, y, onwards)) } : { saved }
}

/** The checkpoint of a fit: the model in it, and what comes of it by `resume`, which writes into the working folder. */
async function replayCheckpoint(my, name, path) {
  const { x, y, callbacks } = interruptedOf(my)[name]
  const options = { custom: customOf(my), device: 'cpu' }
  const saved = await outcome(await my.loadModel(path, options), x)
  const { model, history } = await my.resume(path, x, y, { ...options, callbacks: callbacks() })
  return { saved, after: await outcome(model, x, history) }
}

/** A short name for all bits of an outcome. */
const digest = (value) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)

module.exports = {
  customOf,
  digest,
  interruptedOf,
  models,
  outcome,
  replayCheckpoint,
  replayModel,
  rows,
  sampleWeight,
  targets,
}
