import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { OptionError } from '../../lib/base/errors'
import { getThreads, setThreads } from '../../lib/native/runtime'

const root = resolve(__dirname, '../..')

describe('runtime', () => {
  it('setThreads takes 1…256', () => {
    const before = getThreads()
    setThreads(3)
    expect(getThreads()).to.equal(3)
    setThreads(before)
    for (const bad of [0, 257, 1.5, NaN, '2' as never]) expect(() => setThreads(bad)).to.throw(OptionError, /1 to 256/)
  })

  describe('environment variables', () => {
    /** Name, message and number of threads of a process of its own. */
    const load = (env: Record<string, string>) => {
      const script = `try { const my = require('./lib'); console.log(my.getThreads(), my.devices()[0].description) }
        catch (error) { console.log(error.name + ': ' + error.message) }`
      const options = { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } } as const
      return spawnSync(process.execPath, ['--import', 'tsx', '-e', script], options).stdout.trim()
    }

    it('with values that nothing can be done with are named when the library is loaded', () => {
      for (const [name, bad, expected] of [
        ['MYELIN_THREADS', 'abc', 'an integer from 1 to 256'],
        ['MYELIN_THREADS', '0', 'an integer from 1 to 256'],
        ['MYELIN_THREADS', '2.5', 'an integer from 1 to 256'],
        ['MYELIN_PLAN', 'fast', "'fused' or 'plain'"],
        ['MYELIN_DEVICE', 'gpu', "'cpu', 'auto', 'cuda' or 'cuda:<number>'"],
        ['MYELIN_ISA', 'avx9', 'one that this processor can run'],
      ]) {
        const output = load({ [name]: bad })
        expect(output).to.include(`OptionError: ${name}: expected ${expected}`)
        expect(output).to.include(`got '${bad}'. Change the environment variable`)
      }
    }).timeout(60_000)

    it('that are empty are none', () => {
      expect(load({ MYELIN_THREADS: '3', MYELIN_PLAN: '', MYELIN_DEVICE: '', MYELIN_ISA: 'reference' })).to.equal(
        '3 reference',
      )
    }).timeout(20_000)
  })

  it('at the limit of threads, what there is does the work', function () {
    const isLimited = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0
    if (!isLimited) this.skip()
    const run = (mode: string) => {
      const child = join(__dirname, 'children/few-threads.ts')
      const env = { ...process.env, MYELIN_THREADS: '4' }
      const options = { cwd: root, encoding: 'utf8', env } as const
      const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', child, mode], options)
      expect(stderr).to.equal('')
      return JSON.parse(stdout) as { first: number[][]; second: number[][]; refused: boolean[] }
    }
    const late = run('late')
    expect(late.refused).to.deep.equal([false, true])
    expect(late.second).to.deep.equal(late.first)
    const early = run('early') // not a single thread
    expect(early.refused).to.deep.equal([true, true])
    expect([early.first, early.second]).to.deep.equal([late.first, late.first])
  }).timeout(60_000)
})
