import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { layers, MyelinError, optimizers, resume, sequential, type History, type Model } from '../../../lib'
import { settings, trainingData } from './children/checkpointed-setting'

function bits(model: Model, history: History): string {
  const arrays = [...model.getWeights().flatMap((layer) => [layer.weight.data, layer.bias.data]), history.batches]
  return JSON.stringify([
    arrays.map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength).toString('base64')),
    history.epochs,
  ])
}

/** Starts the training process and kills it once it reports this epoch. */
async function killAfter(epoch: number, path: string, unit: string): Promise<NodeJS.Signals | null> {
  const child = fork(resolve(__dirname, 'children/checkpointed.ts'), [path, unit], { execArgv: ['--import', 'tsx'] })
  child.on('message', (reported) => {
    if (reported === epoch) child.kill('SIGKILL')
  })
  return new Promise((done) => child.on('exit', (_, signal) => done(signal)))
}

describe('resume', function () {
  this.timeout(60_000)
  let folder: string
  let uninterrupted: string
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'myelin-resume-'))
    const model = sequential({ inputShape: [6], seed: 5, layers: settings.layers(layers) })
    model.compile({ optimizer: optimizers.adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
    const { x, y } = trainingData()
    const history = await model.fit(x, y, { epochs: settings.epochs, batchSize: settings.batchSize })
    uninterrupted = bits(model, history)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const [unit, epoch] of [
    ['epochs', 11],
    ['steps', 17],
  ] as const)
    it(`after kill -9, with a checkpoint every few ${unit}, gives the bits of an uninterrupted run`, async () => {
      const path = join(folder, `${unit}.safetensors`)
      expect(await killAfter(epoch, path, unit)).to.equal('SIGKILL')
      const { x, y } = trainingData()
      const { model, history } = await resume(path, x, y)
      expect(history.epochs.length).to.equal(settings.epochs)
      expect(bits(model, history) === uninterrupted).to.equal(true)
    })

  it('refuses other data than the run was started with', async () => {
    const path = join(folder, 'other.safetensors')
    await killAfter(3, path, 'epochs')
    const { x, y } = trainingData()
    x[7][2] += 0.5
    const error = await resume(path, x, y).then(
      () => null,
      (reason: Error) => reason,
    )
    expect(error).to.be.instanceOf(MyelinError)
    expect(error!.message).to.match(/data/)
  })
})
