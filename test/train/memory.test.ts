import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { layers, memory, optimizers, sequential } from '../../lib'

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
    const before = memory()
    const model = sequential({
      inputShape: [20],
      seed: 1,
      layers: [layers.dense({ units: 30, activation: 'relu' }), layers.dense({ units: 1 })],
    })
    model.compile({ optimizer: optimizers.adam(), loss: 'meanSquaredError' })
    const x = Array.from({ length: 16 }, (_, i) => new Array<number>(20).fill(i / 16))
    await model.fit(
      x,
      x.map(([v]) => v),
      { epochs: 2, batchSize: 5 },
    )
    expect(memory().liveBytes).to.be.above(before.liveBytes)
    model.dispose()
    expect(memory().liveBytes).to.equal(before.liveBytes)
    expect(memory().liveBuffers).to.equal(before.liveBuffers)
  })
})
