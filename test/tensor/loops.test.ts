import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect } from 'chai'

describe('loops that give the event loop no turn keep no dead tensors', function () {
  this.timeout(60_000)

  // In a process of their own: V8 collects later where other tests have left it a large heap. Each loop makes 600 MB
  // or more.
  it('of ops, of predictSync with awaits that are no turns, of training', () => {
    const script = resolve(__dirname, 'children/loops.ts')
    const run = spawnSync(process.execPath, ['--import', 'tsx', script], { encoding: 'utf8', timeout: 55_000 })
    expect(run.status, run.stderr).to.equal(0)
    const most = JSON.parse(run.stdout) as Record<string, number>
    expect(Object.keys(most)).to.deep.equal(['ops', 'predictSync', 'training'])
    for (const [name, bytes] of Object.entries(most)) expect(bytes, name).to.be.lessThan(200e6)
  })
})
