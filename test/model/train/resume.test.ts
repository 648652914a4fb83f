/** Interrupted at every checkpoint and resumed, in every form: the same bits as without interruption. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { bitsOf } from '../../whole/errors/bits'
import { blobs } from '../support'
import { collectGarbage } from '../../garbage'

const { callbacks, layers, optimizers, schedules, sequential } = my

const rules: Record<string, () => my.Optimizer> = {
  gradientDescent: () =>
    optimizers.gradientDescent({ learningRate: schedules.inverseTime({ initial: 0.1, decayRate: 1 }) }),
  'momentum, average': () =>
    optimizers.momentum({ learningRate: schedules.inverseSqrt({ initial: 0.1, k: 1, per: 'step' }) }),
  'momentum, sum': () =>
    optimizers.momentum({ form: 'sum', learningRate: schedules.exponential({ initial: 0.1, beta: 0.9 }) }),
  rmsprop: () => optimizers.rmsprop({ learningRate: schedules.staircase({ initial: 0.01, factor: 0.5, every: 2 }) }),
  'rmsprop, ε inside': () => optimizers.rmsprop({ epsilon: 0, epsilonRoot: 1e-8 }),
  adam: () =>
    optimizers.adam({
      learningRate: schedules.warmup(schedules.inverseTime({ initial: 0.05, decayRate: 0.1, per: 'step' }), {
        steps: 7,
      }),
    }),
  'adam, ε inside': () => optimizers.adam({ epsilon: 0, epsilonRoot: 1e-8 }),
  adamw: () => optimizers.adamw({ weightDecay: 0.1 }),
}

describe('resume', () => {
  const { x, y } = blobs(46)
  const sampleWeight = y.map((_, i) => 0.5 + (i % 3))
  let folder = ''
  before(() => (folder = mkdtempSync(join(tmpdir(), 'myelin-resume-'))))
  after(() => rmSync(folder, { recursive: true, force: true }))

  const observers = () => [
    callbacks.earlyStopping({ monitor: 'val_loss', patience: 2, minDelta: 0.02, restoreBestWeights: true }),
  ]

  for (const [name, rule] of Object.entries(rules))
    for (const every of [{ epochs: 1 }, { steps: 4 }])
      it(`${name}, every ${JSON.stringify(every)}`, async () => {
        const path = join(folder, 'run')
        const model = sequential({
          inputShape: [2],
          seed: 5,
          layers: [
            layers.normalize(),
            layers.dense({ units: 6, activation: 'tanh' }),
            layers.dropout({ keepProb: 0.8 }),
            layers.dense({ units: 1, activation: 'sigmoid' }),
          ],
        })
        model.compile({
          optimizer: rule(),
          loss: 'binaryCrossentropy',
          metrics: ['accuracy', 'auc'],
          gradientClip: { norm: 0.5 },
        })
        // Copies of the checkpoints that an interruption would have left behind.
        const left: string[] = []
        const keep = (): void => {
          left.push(`${path}.${left.length}`)
          copyFileSync(path, left[left.length - 1])
        }
        const history = await model.fit(x, y, {
          epochs: 5,
          batchSize: 8,
          sampleWeight,
          classWeight: { 1: 2 },
          validationData: [x.slice(0, 11), y.slice(0, 11), sampleWeight.slice(0, 11)],
          checkpoint: { path, every },
          callbacks: [{ name: 'keeper', onEpochBegin: keep }, ...observers()],
        })
        keep()
        for (const checkpoint of left) {
          const again = await my.resume(checkpoint, x, y, { callbacks: [{ name: 'keeper' }, ...observers()] })
          expect(bitsOf(again.model)).to.equal(bitsOf(model))
          expect(JSON.stringify(again.history)).to.equal(JSON.stringify(history))
          again.model.dispose()
        }
        expect(left.length).to.be.at.least(3)
        model.dispose()
      })

  it('waits for callbacks that save and restore late', async () => {
    const path = join(folder, 'late')
    let restored: my.CallbackState | null = null
    const own: my.Callback = {
      name: 'own',
      save: async () => ({ values: { seen: 3 } }),
      restore: async (state) => {
        await new Promise((done) => setTimeout(done, 10))
        restored = state
      },
    }
    const model = sequential({ inputShape: [2], seed: 5, layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
    model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
    const interrupted = path + '.interrupted'
    const checkpoint = { path, every: { epochs: 1 } }
    const keep = (epoch: number) => (epoch === 2 ? copyFileSync(path, interrupted) : undefined)
    await model.fit(x, y, { epochs: 3, checkpoint, callbacks: [own, { name: 'keeper', onEpochBegin: keep }] })
    await my.resume(interrupted, x, y, { callbacks: [own, { name: 'keeper' }] })
    expect(restored!.values).to.deep.equal({ seen: 3 })
    const fails = { ...own, restore: () => Promise.reject(new Error('mine')) }
    const again = my.resume(interrupted, x, y, { callbacks: [fails, { name: 'keeper' }] })
    expect(await again.catch((error: Error) => error.message)).to.equal('mine')
  })

  it('holds its tensors: the owner may dispose them at once, bare or by name', async () => {
    const named = () => {
      const a = my.input({ shape: [2] })
      return my.model({ inputs: { a }, outputs: { b: layers.dense({ units: 1, activation: 'sigmoid' }).apply(a) } })
    }
    const bare = () =>
      sequential({ inputShape: [2], layers: [layers.dense({ units: 1, activation: 'sigmoid' })] }) as my.AnyModel
    for (const [i, make] of [bare, named].entries()) {
      const path = join(folder, `held${i}`)
      const model: my.AnyModel = make()
      model.compile({ optimizer: 'adam', loss: i ? { b: 'binaryCrossentropy' } : 'binaryCrossentropy' })
      const given = (rows: my.DataLike, name: string) => (i ? { [name]: rows } : rows)
      const interrupted = path + '.interrupted'
      const keep = (epoch: number) => (epoch === 2 ? copyFileSync(path, interrupted) : undefined)
      await model.fit(given(x, 'a'), given(y, 'b'), {
        epochs: 3,
        checkpoint: { path, every: { epochs: 1 } },
        callbacks: [{ name: 'keeper', onEpochBegin: keep }],
      })
      const tensors = [my.tensor(x), my.tensor(y)]
      const [a, b] = tensors
      const again = my.resume(interrupted, given(a, 'a'), given(b, 'b'), { callbacks: [{ name: 'keeper' }] })
      for (const t of tensors) t.dispose()
      const { model: after } = await again
      expect(bitsOf(after)).to.equal(bitsOf(model))
      after.dispose()
      const lost = [my.tensor(x), my.tensor(y)]
      await collectGarbage()
      const before = my.memory().liveBuffers
      const failing = my.resume(join(folder, 'none'), lost[0], lost[1])
      expect(await failing.catch((error: Error) => error)).to.be.instanceOf(Error)
      for (const t of lost) t.dispose()
      expect(my.memory().liveBuffers).to.be.at.most(before - 2)
    }
  })
})
