'use strict'
// Wrote the files of this folder, with Myelin 0.1.0 at commit 523083d, the last whose files have version 1 only:
//
//   git worktree add /some/folder 523083d && cd /some/folder && npm ci && npm run build
//   node test/model/files/version-1/write.js /some/folder
//
// `models` has one model for every kind of layer; every optimiser, schedule, loss, metric, initialiser and regulariser
// is in one of them. `checkpoints` has fits as they were when they were interrupted. `expected.json` says what that
// version made of each, as it was saved and after it went on: predictions, weights and history on the processor that
// wrote the files, and digests of their bits on every instruction set of x86-64.
const assert = require('node:assert')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const {
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
} = require('./shared')

const my = require(path.join(path.resolve(process.argv[2]), 'dist'))
const { data, initializers, layers, losses, optimizers, regularizers, schedules, sequential } = my
const custom = customOf(my)
const { dense } = layers
const instructionSets = ['x86-64-v2', 'x86-64-v3', 'x86-64-v4', 'reference']
const fileOf = (group, name) => path.join(__dirname, group, `${name}.safetensors`)
const betas = { beta1: 0.5, beta2: 0.75 }

/** What `sequential` and `compile` get, by the names in `models`. */
const descriptions = {
  'dense-options': {
    network: {
      inputShape: [4],
      name: 'every option',
      labels: ['low', 'middle', 'high'],
      layers: [
        dense({
          units: 5,
          name: 'first',
          activation: { name: 'leakyRelu', slope: 0.25 },
          kernelInitializer: initializers.normal({ variance: 0.5, mean: 0.1 }),
          biasInitializer: initializers.constant(0.125),
          kernelRegularizer: regularizers.l1l2({ lambda1: 0.25, lambda2: 0.5 }),
          biasRegularizer: regularizers.l2({ l2: 0.125 }),
        }),
        dense({
          units: 4,
          activation: custom.swirl,
          kernelInitializer: initializers.uniform({ min: -1, max: 1 }),
          biasInitializer: 'smallNormal',
          kernelRegularizer: regularizers.l1({ l1: 0.03125 }),
          biasRegularizer: regularizers.l1({ lambda: 0.25 }),
        }),
        dense({ units: 4, activation: 'relu', kernelInitializer: 'he', useBias: false, trainable: false }),
        dense({ units: 3, activation: 'softmax', kernelInitializer: 'glorot', biasInitializer: 'ones' }),
      ],
    },
    training: {
      optimizer: optimizers.adamw({
        ...betas,
        weightDecay: 0.125,
        learningRate: schedules.warmup(schedules.exponential({ initial: 0.125, beta: 0.5 }), { steps: 6 }),
      }),
      loss: 'categoricalCrossentropy',
      metrics: ['accuracy', 'precision', 'recall', 'f1'],
      gradientClip: { norm: 0.5 },
    },
  },
  'dense-float64': {
    network: {
      inputShape: [4],
      dtype: 'float64',
      layers: [
        dense({
          units: 4,
          activation: 'tanh',
          kernelInitializer: 'lecun',
          kernelRegularizer: regularizers.l2({ lambda: 0.5 }),
          biasRegularizer: regularizers.l1l2({ l1: 0.0625, l2: 0.125 }),
        }),
        dense({ units: 1, activation: 'sigmoid', kernelInitializer: 'xavier' }),
      ],
    },
    training: {
      optimizer: optimizers.momentum({
        beta: 0.75,
        form: 'sum',
        learningRate: schedules.inverseTime({ initial: 0.125, decayRate: 0.5 }),
      }),
      loss: 'binaryCrossentropy',
      metrics: ['auc', 'accuracy'],
      gradientClip: { value: 0.25 },
    },
  },
  dropout: {
    network: {
      inputShape: [4],
      layers: [
        layers.dropout({ rate: 0.25 }),
        dense({ units: 6, activation: 'sigmoid' }),
        layers.dropout({ keepProb: 0.5, name: 'half' }),
        dense({ units: 2 }),
      ],
    },
    training: {
      optimizer: optimizers.gradientDescent({ learningRate: 0.125 }),
      loss: 'meanSquaredError',
      metrics: ['meanAbsoluteError', 'meanSquaredError'],
    },
  },
  'normalize-learnt': {
    network: { inputShape: [4], layers: [layers.normalize(), dense({ units: 3, activation: 'softmax' })] },
    training: {
      optimizer: optimizers.rmsprop({
        beta2: 0.75,
        learningRate: schedules.inverseSqrt({ initial: 0.0625, k: 1, per: 'step' }),
      }),
      loss: 'sparseCategoricalCrossentropy',
    },
  },
  'normalize-given': {
    network: {
      inputShape: [4],
      layers: [
        layers.normalize({ mean: [0, 0.5, -0.5, 1], variance: [1, 2, 0.5, 4], name: 'given' }),
        dense({ units: 2, kernelInitializer: 'zeros' }),
      ],
    },
    training: {
      optimizer: optimizers.adam({
        ...betas,
        epsilon: 0.0001,
        epsilonRoot: 0.00001,
        learningRate: schedules.staircase({ initial: 0.0625, factor: 0.5, every: 2, per: 'step' }),
      }),
      loss: 'meanSquaredError',
    },
  },
  'normalize-unadapted': {
    network: { inputShape: [4], layers: [layers.normalize(), dense({ units: 2, activation: 'sigmoid' })] },
    training: { optimizer: optimizers.adam({ ...betas, learningRate: 0.0625 }), loss: 'binaryCrossentropy' },
    steps: 0,
  },
  flatten: {
    network: { inputShape: [2, 3], layers: [layers.flatten(), dense({ units: 3 })] },
    training: {
      optimizer: optimizers.momentum({ beta: 0.75, learningRate: 0.125 }),
      loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    },
  },
  activation: {
    network: {
      inputShape: [4],
      layers: [
        dense({ units: 4 }),
        layers.activation('relu'),
        dense({ units: 4 }),
        layers.activation({ name: 'leakyRelu', slope: 0.125 }, { name: 'leaky' }),
        layers.activation('tanh'),
        layers.activation(custom.swirl),
        layers.activation('softmax'),
        dense({ units: 1 }),
        layers.activation('linear'),
      ],
    },
    training: {
      optimizer: optimizers.rmsprop({ beta2: 0.75, epsilon: 0, epsilonRoot: 0.0001, learningRate: 0.0625 }),
      loss: losses.binaryCrossentropy({ fromLogits: true }),
      metrics: ['accuracy'],
    },
  },
  lambda: {
    network: {
      inputShape: [4],
      layers: [layers.lambda(custom.halves, { name: 'halved' }), dense({ units: 2, activation: 'relu' })],
    },
    training: {
      optimizer: optimizers.gradientDescent({ learningRate: custom.slower }),
      loss: custom.huber,
      metrics: [{ name: 'bias', fn: custom.bias }],
    },
  },
  own: {
    network: {
      inputShape: [4],
      dtype: 'float64',
      layers: [custom.scale({ initial: 2 }), dense({ units: 2 }), custom.scale({ name: 'last' })],
    },
    training: { optimizer: optimizers.adam({ ...betas, learningRate: 0.0625 }), loss: 'meanSquaredError' },
    rate: schedules.inverseTime({ initial: 0.0625, decayRate: 1, per: 'step' }),
  },
  together: {
    network: {
      inputShape: [2, 3],
      precision: 'tf32',
      labels: ['a', 'b', 'c'],
      layers: [
        layers.normalize(),
        layers.flatten(),
        custom.scale(),
        dense({ units: 5, activation: 'relu', kernelRegularizer: regularizers.l2({ lambda: 1 }) }),
        layers.dropout({ keepProb: 0.75 }),
        layers.lambda(custom.halves),
        dense({ units: 3 }),
        layers.activation('softmax'),
      ],
    },
    training: {
      optimizer: optimizers.adamw({ ...betas, learningRate: 0.0625 }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy', 'f1'],
      gradientClip: { norm: 1 },
    },
  },
  'not-compiled': {
    network: { inputShape: [4], layers: [dense({ units: 2, activation: 'tanh' })] },
  },
}

/** Model and options of the fits in `interruptedOf`. The checkpoint is kept when epoch `until` begins. */
const fits = {
  'early-stopping': {
    // The best epoch was the tenth, and one has been waited for: the best weights are in the file and come back.
    until: 12,
    network: {
      inputShape: [4],
      seed: 18,
      layers: [dense({ units: 8, activation: 'relu' }), dense({ units: 1, activation: 'sigmoid' })],
    },
    training: { optimizer: optimizers.adam({ ...betas, learningRate: 0.03125 }), loss: 'binaryCrossentropy' },
    options: {
      epochs: 20,
      batchSize: 6,
      validationData: [
        rows.slice(0, 7),
        [1 - targets.labels[0], ...targets.labels.slice(1, 7)],
        sampleWeight.slice(0, 7),
      ],
      every: { epochs: 1 },
    },
  },
  'in-an-epoch': {
    until: 3,
    network: {
      inputShape: [4],
      dtype: 'float64',
      layers: [
        layers.normalize(),
        custom.scale(),
        dense({ units: 4, activation: 'tanh' }),
        layers.dropout({ keepProb: 0.75 }),
        dense({ units: 1, activation: 'sigmoid' }),
      ],
    },
    training: {
      optimizer: optimizers.adamw({ ...betas, learningRate: schedules.warmup(0.125, { steps: 9 }) }),
      loss: 'binaryCrossentropy',
      metrics: ['accuracy', 'f1'],
      gradientClip: { norm: 0.5 },
    },
    options: { epochs: 4, batchSize: 6, sampleWeight, classWeight: { 1: 2 }, every: { steps: 3 } },
  },
  augmented: {
    until: 3,
    network: { inputShape: [4, 4], layers: [layers.flatten(), dense({ units: 3, activation: 'softmax' })] },
    training: {
      optimizer: optimizers.momentum({ beta: 0.75, learningRate: 0.125 }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    },
    options: {
      epochs: 4,
      batchSize: 8,
      dropLast: true,
      augment: data.augment({ flip: true, translate: 1, rotate: 15, distort: { strength: 1 }, seed: 3 }),
      stopWhen: { tolerance: 0.0000001 },
      every: { epochs: 1 },
    },
  },
  finished: {
    until: null,
    network: { inputShape: [4], layers: [dense({ units: 2 })] },
    training: { optimizer: optimizers.gradientDescent({ learningRate: 0.125 }), loss: 'meanSquaredError' },
    options: { epochs: 2, batchSize: 'all', shuffle: false, every: { epochs: 2 } },
  },
}

function modelOf({ network, training }) {
  const model = sequential({ seed: 17, device: 'cpu', ...network })
  if (training) model.compile(training)
  return model
}

/** Trains a little and saves. */
async function writeModel(name) {
  const { x, y, unadapted } = models[name]
  const model = modelOf(descriptions[name])
  if (y && !unadapted) await model.fit(x, y, { epochs: 2, batchSize: 8 })
  if (descriptions[name].rate) model.setLearningRate(descriptions[name].rate)
  await model.save(fileOf('models', name))
}

/** Fits without interruption, keeps a checkpoint on the way, and sees that it leads to the same end. */
async function writeCheckpoint(name) {
  const { x, y, callbacks: observers } = interruptedOf(my)[name]
  const { until, options } = fits[name]
  const { every, ...others } = options
  const model = modelOf(fits[name])
  const file = fileOf('checkpoints', name)
  const keeper = { name: 'keeper', onEpochBegin: (epoch) => epoch === until && fs.copyFileSync('checkpoint', file) }
  const checkpoint = { path: 'checkpoint', every }
  const history = await model.fit(x, y, { ...others, checkpoint, callbacks: [...observers(), keeper] })
  if (until === null) fs.copyFileSync('checkpoint', file)
  const { after } = await replayCheckpoint(my, name, file)
  assert.deepStrictEqual(after, await outcome(model, x, history))
}

/** What comes of all files on the instruction set of this process. */
async function outcomes() {
  const found = { models: {}, checkpoints: {} }
  for (const name of Object.keys(models)) found.models[name] = await replayModel(my, name, fileOf('models', name))
  for (const name of Object.keys(fits))
    found.checkpoints[name] = await replayCheckpoint(my, name, fileOf('checkpoints', name))
  return found
}

/** Digests of the same on another instruction set, by a process of its own. */
function digestsOn(isa) {
  const env = { ...process.env, MYELIN_ISA: isa }
  const { stdout } = spawnSync(process.execPath, [__filename, process.argv[2], 'outcomes'], { env, encoding: 'utf8' })
  return digestsOf(JSON.parse(stdout))
}

const digestsOf = (found) =>
  Object.fromEntries(Object.values(found).flatMap((group) => Object.entries(group).map(([k, v]) => [k, digest(v)])))

async function main() {
  process.chdir(fs.mkdtempSync(path.join(os.tmpdir(), 'version-1-')))
  if (process.argv[3] === 'outcomes') return console.log(JSON.stringify(await outcomes()))
  for (const folder of ['models', 'checkpoints']) fs.mkdirSync(path.join(__dirname, folder), { recursive: true })
  for (const name of Object.keys(models)) await writeModel(name)
  for (const name of Object.keys(fits)) await writeCheckpoint(name)
  const digests = Object.fromEntries(instructionSets.map((isa) => [isa, digestsOn(isa)]))
  const text = JSON.stringify({ digests, ...(await outcomes()) }, null, 1)
  fs.writeFileSync(path.join(__dirname, 'expected.json'), `${text}\n`)
}

main()
