import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { layers, memory, optimizers, sequential, type Model } from '../../lib'

/** What earlier tests left behind must not be freed while this one counts. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let i = 0; i < 5; i++) {
    collect()
    await setImmediate()
  }
}

describe('memory', function () {
  this.timeout(120_000)

  it('1,000 models trained one step and dropped without dispose are freed by the garbage collector', () => {
    const script = resolve(__dirname, 'children/thousand-models.ts')
    const run = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', script], {
      encoding: 'utf8',
      timeout: 110_000,
    })
    expect(run.status, run.stderr).to.equal(0)
    const { before, after } = JSON.parse(run.stdout)
    expect((after.resident - before.resident) / 2 ** 20, 'growth of resident memory in MB').to.be.below(50)
    // A model holds 4 arrays of weights and 8 of Adam: 1,000 kept ones would be 12,000 buffers.
    expect(after.liveBuffers - before.liveBuffers, 'buffers alive').to.be.below(200)
  })

  it('dispose frees everything at once', async () => {
    const x = Array.from({ length: 16 }, (_, i) => new Array<number>(20).fill(i / 16))
    const y = x.map(([value]) => value)
    const trained = async (): Promise<Model> => {
      const hidden = layers.dense({ units: 30, activation: 'relu' })
      const model = sequential({ inputShape: [20], seed: 1, layers: [hidden, layers.dense({ units: 1 })] })
      model.compile({ optimizer: optimizers.adam(), loss: 'meanSquaredError' })
      await model.fit(x, y, { epochs: 2, batchSize: 5 })
      return model
    }
    // The first run fills what the process keeps for good: working memory and the plans of the initialisers.
    ;(await trained()).dispose()
    await collectGarbage()
    const before = memory()
    const model = await trained()
    expect(memory().liveBytes).to.be.above(before.liveBytes)
    model.dispose()
    expect(memory().liveBytes).to.equal(before.liveBytes)
    expect(memory().liveBuffers).to.equal(before.liveBuffers)
  })
})
