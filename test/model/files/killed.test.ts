/** kill -9 while files are written: the old one or the new one stands, whole. */
import { fork } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { layers, loadModel, sequential } from '../../../lib'

/** Starts the saving process and kills it so many ms after its first checkpoint. */
async function killAfter(ms: number, folder: string): Promise<NodeJS.Signals | null> {
  const child = fork(resolve(__dirname, 'children/saving.ts'), [folder], { execArgv: ['--import', 'tsx'] })
  child.on('message', () => setTimeout(() => child.kill('SIGKILL'), ms))
  return new Promise((done) => child.on('exit', (_, signal) => done(signal)))
}

describe('a process that is killed while it writes', function () {
  this.timeout(120_000)

  it('leaves a whole model and a whole checkpoint, whenever it dies', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'killed-'))
    try {
      const wanted = [1, 2].map((seed) => {
        const model = sequential({ inputShape: [600], seed, layers: [layers.dense({ units: 600 })] })
        model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
        return Buffer.from(model.toBytes())
      })
      let left = 0
      // Files are written all the time: most of these moments are in the middle of one.
      for (const ms of [0, 7, 31, 64]) {
        expect(await killAfter(ms, folder)).to.equal('SIGKILL')
        const saved = await loadModel(join(folder, 'model'))
        const bytes = Buffer.from(saved.toBytes())
        expect(
          wanted.some((other) => other.equals(bytes)),
          `after ${ms} ms`,
        ).to.equal(true)
        const { steps } = (await loadModel(join(folder, 'run'))).progress
        expect(steps).to.be.a('number')
        left = readdirSync(folder).filter((name) => name.endsWith('.tmp')).length
      }
      // What was not whole stands beside, under another name.
      expect(left).to.be.above(0)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
