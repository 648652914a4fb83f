import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { callbacks, layers, ops, OptionError, resume, sequential, type Callback, type Tensor } from '../../lib'
import { blobs, rejected } from '../model/support'

const { x, y } = blobs(20)

function made(metrics: { name: string; fn: (a: Tensor, b: Tensor) => Tensor }[] = []) {
  const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics })
  return model
}

describe('plateau', () => {
  it('adds the norm of the gradient of that moment', async () => {
    const model = made()
    const { epochs } = await model.fit(x, y, { callbacks: [callbacks.plateau({ x, y })] })
    const { gradients } = await model.costAndGradients(x, y)
    const numbers = [...gradients[0].weight.data, ...gradients[0].bias.data]
    expect(epochs[0].gradientNorm).to.be.closeTo(Math.hypot(...numbers), 1e-12)
  })

  it('goes on counting after a resume, and gives the same logs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plateau-'))
    const path = join(folder, 'run')
    const warned: string[] = []
    const emit = process.emitWarning
    process.emitWarning = ((message: string) => void warned.push(message)) as never
    try {
      const kept: Buffer[] = []
      const spy: Callback = { name: 'spy', onEpochBegin: () => void kept.push(readFileSync(path)) }
      // Every gradient is below this: the warning comes after the fourth epoch.
      const plateau = () => callbacks.plateau({ x, y, gradientNorm: 1e6, patience: 4 })
      const options = { epochs: 6, batchSize: 8, checkpoint: { path, every: { epochs: 1 } } }
      const whole = await made().fit(x, y, { ...options, callbacks: [plateau(), spy] })
      const check = () => {
        expect(warned).to.have.length(1)
        expect(warned.pop()).to.match(/for 4 epochs \(epoch 4, /)
      }
      check()
      writeFileSync(path, kept[2])
      const { history, model } = await resume(path, x, y, { callbacks: [plateau()] })
      expect(history.epochs).to.deep.equal(whole.epochs)
      check()
      model.dispose()
      // After the warning there is no second one.
      writeFileSync(path, kept[4])
      ;(await resume(path, x, y, { callbacks: [plateau()] })).model.dispose()
      expect(warned).to.deep.equal([])
    } finally {
      process.emitWarning = emit
      rmSync(folder, { recursive: true })
    }
  })

  it('counts anew in the next fit of the same object', async () => {
    const warned: string[] = []
    const emit = process.emitWarning
    process.emitWarning = ((message: string) => void warned.push(message)) as never
    try {
      const plateau = callbacks.plateau({ x, y, gradientNorm: 1e6, patience: 2 })
      const model = made()
      await model.fit(x, y, { epochs: 1, callbacks: [plateau] })
      await model.fit(x, y, { epochs: 1, callbacks: [plateau] })
      expect(warned).to.deep.equal([])
    } finally {
      process.emitWarning = emit
    }
  })

  it('does not write over another value of that name', async () => {
    const plateau = () => callbacks.plateau({ x, y })
    const metric = { name: 'gradientNorm', fn: (_: Tensor, p: Tensor) => ops.mean(p) }
    for (const fit of [
      () => made().fit(x, y, { callbacks: [plateau(), plateau()] }),
      () => made([metric]).fit(x, y, { callbacks: [plateau()] }),
    ]) {
      const error = await rejected(fit())
      expect(error).to.be.instanceOf(OptionError)
      expect(error.message).to.include("callbacks.plateau: expected logs without 'gradientNorm'")
    }
  })
})
