import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect } from 'chai'

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

  it('dispose frees everything at once: live bytes return to zero', () => {
    const script = resolve(__dirname, 'children/nothing-left.ts')
    const run = spawnSync(process.execPath, ['--import', 'tsx', script], { encoding: 'utf8', timeout: 60_000 })
    expect(run.status, run.stderr).to.equal(0)
    const { during, after } = JSON.parse(run.stdout)
    expect(during.liveBytes).to.be.above(0)
    expect(after.liveBytes).to.equal(0)
    expect(after.liveBuffers).to.equal(0)
  })
})
