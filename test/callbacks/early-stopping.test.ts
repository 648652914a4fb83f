import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  AbortError,
  type Callback,
  callbacks,
  type EpochLogs,
  layers,
  memory,
  type Model,
  ops,
  OptionError,
  optimizers,
  resume,
  sequential,
  type Tensor,
} from '../../lib'
import { blobs, rejected } from '../model/support'

describe('earlyStopping', () => {
  it('waits, stops and puts the best weights back bit for bit', async () => {
    const { x, y } = blobs(40)
    const model = small()
    const weights: number[][] = []
    const script = [5, 4, 3, 3.5, 3.2, 3.1]
    const history = await model.fit(x, y, {
      epochs: 20,
      batchSize: 8,
      callbacks: [
        {
          name: 'script',
          onEpoch: (logs) =>
            void ((logs.val_loss = script[logs.epoch - 1]), weights.push([...model.getWeights()[0].weight.data])),
        },
        callbacks.earlyStopping({ patience: 3, restoreBestWeights: true }),
      ],
    })
    expect(history.stopped).to.equal('early')
    expect(history.epochs).to.have.length(6)
    expect([...model.getWeights()[0].weight.data]).to.deep.equal(weights[2])
    expect(weights[5]).to.not.deep.equal(weights[2])
  })

  it('keeps a state for each run, where one object is given to several at once', async () => {
    const { x, y } = blobs(40)
    const costs = [
      [5, 4, 3, 3.5, 3.6, 3.7],
      [1, 9, 8, 7, 6, 5],
    ]
    const shared = callbacks.earlyStopping({ patience: 2, restoreBestWeights: true })
    const models = [small(), small(5)]
    const seen: string[][] = [[], []]
    // Epochs of the two runs take turns.
    let waiting: (() => void)[] = []
    const meet = () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve)
        if (waiting.length < 2) return
        waiting.forEach((open) => open())
        waiting = []
      })
    const histories = await Promise.all(
      models.map((model, k) =>
        model.fit(x, y, {
          epochs: 6,
          callbacks: [
            {
              name: 'script',
              async onEpoch(logs) {
                logs.val_loss = costs[k][logs.epoch - 1]
                seen[k].push(String(model.getWeights()[0].weight.data))
                if (logs.epoch < 4) await meet()
              },
            },
            shared,
          ],
        }),
      ),
    )
    expect(histories.map(({ epochs }) => epochs.length)).to.deep.equal([5, 3])
    expect(String(models[0].getWeights()[0].weight.data)).to.equal(seen[0][2])
    expect(String(models[1].getWeights()[0].weight.data)).to.equal(seen[1][0])
  })

  it('knows a best value of Infinity after a resume', async () => {
    const { x, y } = blobs(20)
    const folder = mkdtempSync(join(tmpdir(), 'myelin-'))
    const path = join(folder, 'run')
    const stopping = () => callbacks.earlyStopping({ monitor: 'score', mode: 'max', patience: 3 })
    const scores: Callback = {
      name: 'scores',
      onEpochBegin: (epoch: number) => (epoch === 3 ? copyFileSync(path, `${path}.interrupted`) : undefined),
      onEpoch: (logs: EpochLogs) => void (logs.score = [Infinity, 1, 2, 3, 4, 5][logs.epoch - 1]),
    }
    const checkpoint = { path, every: { epochs: 1 } }
    const history = await small().fit(x, y, { epochs: 6, checkpoint, callbacks: [scores, stopping()] })
    expect(history.epochs).to.have.length(4)
    const resumed = await resume(`${path}.interrupted`, x, y, {
      callbacks: [{ name: 'scores', onEpoch: scores.onEpoch }, stopping()],
    })
    expect(JSON.stringify(resumed.history)).to.equal(JSON.stringify(history))
    rmSync(folder, { recursive: true })
  })

  it('keeps large weights of one moment, whatever changes the model while they are copied', async () => {
    const units = 3000
    using model = sequential({
      inputShape: [units],
      seed: 1,
      layers: [layers.dense({ units, activation: 'tanh' }), layers.dense({ units: 1 })],
    })
    model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
    const x = { data: new Float32Array(2 * units).map((_, i) => Math.sin(i)), shape: [2, units] }
    let best: Float32Array | undefined
    let changes = 0
    const zeros = { weight: ops.mul(0, model.getWeights()[0].weight), bias: new Float32Array(units) }
    await model.fit(x, [1, 2], {
      epochs: 2,
      callbacks: [
        {
          name: 'meddler',
          onEpoch(logs) {
            logs.val_loss = logs.epoch
            if (logs.epoch !== 1) return
            best = Float32Array.from(model.getWeights()[0].weight.data)
            setImmediate(() => {
              model.setWeights([{ name: 'dense_1', ...zeros }], { partial: true })
              changes++
            })
          },
        },
        callbacks.earlyStopping({ patience: 3, restoreBestWeights: true }),
      ],
    })
    expect(changes).to.equal(1)
    expect(model.getWeights()[0].weight.data).to.deep.equal(best)
  })

  it('ends with the model, where that is disposed while weights are copied', async () => {
    const units = 3000
    const model = sequential({ inputShape: [units], layers: [layers.dense({ units, kernelInitializer: 'ones' })] })
    model.compile({ optimizer: 'gradientDescent', loss: 'meanSquaredError' })
    const before = memory().liveBytes
    const error = await rejected(
      model.fit(
        { data: new Float32Array(units), shape: [1, units] },
        { data: new Float32Array(units), shape: [1, units] },
        {
          onEpoch: () => void setImmediate(() => model.dispose()),
          callbacks: [callbacks.earlyStopping({ monitor: 'loss', restoreBestWeights: true })],
        },
      ),
    )
    expect(error).to.be.instanceOf(AbortError)
    expect(memory().liveBytes).to.be.below(before - 4 * units * units)
  })

  it('asks for the mode of values it does not know', async () => {
    const { x, y } = blobs(20)
    const model = small()
    const metrics = [{ name: 'r2', fn: (_: Tensor, p: Tensor) => ops.mean(p) }]
    model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics })
    const fit = (mode?: 'max') =>
      model.fit(x, y, {
        epochs: 1,
        validationData: [x, y],
        callbacks: [callbacks.earlyStopping({ monitor: 'val_r2', mode })],
      })
    const error = await rejected(fit())
    expect(error).to.be.instanceOf(OptionError)
    expect(error.message).to.include("mode: expected 'min' or 'max' for 'val_r2', got 'auto'")
    expect(model.internals('test').engine.progress.steps).to.equal(0)
    expect((await fit('max')).epochs).to.have.length(1)
  })

  it('says what can be monitored', async () => {
    const { x, y } = blobs(20)
    const error = await rejected(small().fit(x, y, { callbacks: [callbacks.earlyStopping()] }))
    expect(error).to.be.instanceOf(OptionError)
    expect(error.message).to.include("no 'val_loss'").and.include('validationData')
    const made = small()
    made.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['accuracy'] })
    for (const [monitor, name] of [
      ['val_acc', 'val_accuracy'],
      ['val_Loss', 'val_loss'],
      ['acc', 'accuracy'],
    ]) {
      const watched = { validationData: [x, y] as const, callbacks: [callbacks.earlyStopping({ monitor })] }
      const { message } = await rejected(made.fit(x, y, watched))
      expect(message).to.include(`no '${monitor}'. Did you mean '${name}'? Known: `)
      expect(message).not.to.include('validationData')
    }
  })
})

function small(units = 4): Model {
  const model = sequential({
    inputShape: [2],
    seed: 1,
    layers: [layers.dense({ units, activation: 'tanh' }), layers.dense({ units: 1, activation: 'sigmoid' })],
  })
  model.compile({ optimizer: optimizers.adam({ learningRate: 0.02 }), loss: 'binaryCrossentropy' })
  return model
}
