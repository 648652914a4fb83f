import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { source } from '../../../lib/base/clock'
import { blobs, thrown } from '../support'

const { layers, sequential } = my

const { x } = blobs(23)
const y = x.map((_, i) => i % 4)

describe('progressBar', () => {
  const run = async (stream: my.ProgressStream) => {
    const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 4, activation: 'softmax' })] })
    model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
    await model.fit(x, y, {
      epochs: 2,
      batchSize: 4,
      validationData: [x, y],
      callbacks: [my.callbacks.progressBar({ stream })],
    })
  }

  it('writes one plain line per epoch when not on a terminal', async () => {
    let text = ''
    await run({ write: (part) => (text += part) })
    const lines = text.split('\n')
    expect(lines).to.have.length(3)
    const [epoch, cost, accuracy, devCost, devAccuracy, pace, left] = lines[0].split(' · ')
    expect(epoch).to.equal('epoch 1/2')
    expect(cost).to.match(/^cost \d\.\d{4}$/)
    expect(accuracy).to.match(/^accuracy [\d.]+ %$/)
    expect(devCost).to.match(/^dev cost \d\.\d{4}$/)
    expect(devAccuracy).to.match(/^dev accuracy [\d.]+ %$/)
    expect(pace).to.match(/^[\d,]+ examples\/s$/)
    expect(left).to.match(/left$/)
    expect(lines[1])
      .to.match(/^epoch 2\/2/)
      .and.not.include('left')
    expect(text).to.not.include('\r')
  })

  it('redraws one line on a terminal', async () => {
    let text = ''
    await run({ write: (part) => (text += part), isTTY: true, columns: 100 })
    expect(text).to.include('\r').and.include('░')
  })

  it('does not mind a terminal without a width, or a stream that fails', async () => {
    let text = ''
    await run({ write: (part) => (text += part), isTTY: true, columns: 0 })
    expect(text).to.include('░')
    let calls = 0
    const failing = () => {
      calls++
      throw new Error('gone')
    }
    await run({ write: failing, isTTY: true })
    expect(calls).to.equal(1)
  })

  it('on a stderr that nobody reads lets training go on', () => {
    const script = `const my = require('./lib')
      const model = my.sequential({ inputShape: [1], layers: [my.layers.dense({ units: 1 })] })
      model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
      const late = async () => { for (let i = 0; i < 3; i++) await new Promise((r) => setTimeout(r, 20)) }
      model.fit([[1]], [1], { epochs: 20, verbose: 1, callbacks: [{ onEpoch: late }] })
        .then(({ epochs }) => console.log(epochs.length))`
    // The shell's pipe is closed as soon as `true` has ended.
    const line = 'exec 3>&1; "$0" --import tsx -e "$1" 2>&1 >&3 | true; wait'
    if (process.platform === 'win32') return
    const { stdout } = spawnSync('bash', ['-c', line, process.execPath, script], { encoding: 'utf8' })
    expect(stdout.trim()).to.equal('20')
  }).timeout(30_000)

  it('measures its pace from the first report, behind the compiling, also where training goes on', () => {
    const real = source.now
    let clock = 0
    source.now = () => clock
    try {
      for (const first of [1, 4]) {
        let text = ''
        const stream = { write: (part: string) => (text = part), isTTY: true }
        const bar = my.callbacks.progressBar({ stream })
        const training = { epochs: first + 3, examples: 1000, batches: 10 } as my.TrainingRun
        /** The line after this many seconds. */
        const at = (seconds: number, work: () => unknown) => {
          clock = seconds * 1000
          work()
          return text
        }
        const step = (seconds: number, epoch: number, batch: number) =>
          at(seconds, () => bar.onProgress!({ epoch, batch, examples: 100 * batch, loss: 1 }, training))
        at(0, () => bar.onTrainBegin!(training))
        at(0, () => bar.onEpochBegin!(first, training))
        // Ten seconds of compiling, then one step a second.
        expect(step(10, first, 1)).to.not.match(/examples|left/)
        expect(step(14, first, 5)).to.match(/ 100 examples\/s · 35 s left$/)
        const logs = { epoch: first, loss: 1 } as my.EpochLogs
        expect(at(19, () => bar.onEpoch!(logs, training))).to.match(/ 100 examples\/s · 30 s left\n$/)
        at(19, () => bar.onEpochBegin!(first + 1, training))
        expect(step(24, first + 1, 10)).to.match(/ 200 examples\/s · 15 s left$/)
      }
    } finally {
      source.now = real
    }
  })

  it('leaves out what ran of an epoch before a resume within it', () => {
    const real = source.now
    let clock = 100_000
    source.now = () => clock
    try {
      for (const reports of [1, 2]) {
        clock = 100_000
        let text = ''
        const bar = my.callbacks.progressBar({ stream: { write: (part: string) => (text = part) } })
        const begun = { epoch: 2, batch: 6, examples: 600 }
        const training = { epochs: 3, examples: 1000, batches: 10, begun } as my.TrainingRun
        bar.onTrainBegin!(training)
        // The four batches that are left of it take a second each.
        if (reports === 2) {
          clock += 2000
          bar.onProgress!({ epoch: 2, batch: 8, examples: 800, loss: 1 }, training)
        }
        clock = 104_000
        bar.onProgress!({ epoch: 2, batch: 10, examples: 1000, loss: 1 }, training)
        bar.onEpoch!({ epoch: 2, loss: 1 } as my.EpochLogs, training)
        expect(text).to.match(/ 100 examples\/s · 10 s left\n$/)
      }
    } finally {
      source.now = real
    }
  })

  it('tells callbacks of a resume what had run of the epoch', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'begun-'))
    const path = join(folder, 'run')
    try {
      const model = sequential({ inputShape: [2], layers: [layers.dense({ units: 4, activation: 'softmax' })] })
      model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' })
      const begun: unknown[] = []
      const kept: Buffer[] = []
      const watch = { name: 'watch', onTrainBegin: (run: my.TrainingRun) => void begun.push(run.begun) }
      const keep = { name: 'keep', onProgress: () => void kept.push(readFileSync(path)) }
      const checkpoint = { path, every: { steps: 4 } }
      await model.fit(x, y, { epochs: 2, batchSize: 4, checkpoint, callbacks: [watch, keep] })
      // The last one that was written: six steps an epoch, so the second step of epoch 2.
      writeFileSync(path, kept[kept.length - 1])
      ;(await my.resume(path, x, y, { callbacks: [watch] })).model.dispose()
      expect(begun).to.deep.equal([undefined, { epoch: 2, batch: 2, examples: 8 }])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('refuses bad options', () => {
    expect(thrown(() => my.callbacks.progressBar({ widht: 3 } as never))).to.be.instanceOf(my.OptionError)
    expect(thrown(() => my.callbacks.earlyStopping({ patience: -1 }))).to.be.instanceOf(my.OptionError)
  })
})
