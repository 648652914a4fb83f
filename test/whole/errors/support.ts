/** What every table of bad input works on, and the test that each of its rows becomes. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { bitsOf } from './bits'

const { layers, sequential, tensor } = my

/** What the rows work on: fresh for each. */
export interface Subject {
  /** 2-3-3 softmax with class numbers, compiled. */
  model: my.Model
  /** 2-1 sigmoid, compiled. */
  binary: my.Model
  /** A path in an empty folder. */
  path: string
}

/** What is wrong, the call, the class of its error, and what the message says. */
export type Row = [
  what: string,
  call: (subject: Subject) => unknown,
  type: new (...args: never[]) => Error,
  says: string[],
]

/** The classes of error that the rows have met so far. */
export const seen = new Set<unknown>()

export const any = (value: unknown) => value as never
export const x = [
  [1, 2],
  [3, 4],
  [-1, 0],
  [0.5, -2],
]
export const y = [0, 1, 2, 1]
export const labels = [0, 1, 1, 0]

export function classifier(): my.Model {
  const model = sequential({
    inputShape: [2],
    seed: 1,
    layers: [layers.dense({ units: 3, activation: 'tanh' }), layers.dense({ units: 3, activation: 'softmax' })],
  })
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

export function logistic(): my.Model {
  const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' })
  return model
}

export const plain = () => sequential({ inputShape: [2], layers: [layers.dense({ units: 1 })] })
export const disposed = () => {
  const t = tensor([1, 2])
  t.dispose()
  return t
}
export const aborted = () => AbortSignal.abort('no more')

/** Tests under "bad input" that have an empty folder each. */
export function inFolder(tests: (folder: () => string) => void): void {
  describe('bad input', () => {
    let folder = ''
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'myelin-bad-'))))
    afterEach(() => rmSync(folder, { recursive: true, force: true }))
    tests(() => folder)
  })
}

/**
 * A test for each row of each group: the error is the one expected, and the models are the same afterwards, to the bit,
 * and work.
 */
export function describeRows(groups: Record<string, Row[]>): void {
  inFolder((folder) => {
    for (const [group, rows] of Object.entries(groups))
      describe(group, () => {
        for (const [what, call, type, says] of rows)
          it(what, async () => {
            const subject: Subject = { model: classifier(), binary: logistic(), path: join(folder(), 'file') }
            const models = [subject.model, subject.binary]
            const before = models.map(bitsOf)
            let error: unknown
            try {
              await call(subject)
            } catch (caught) {
              error = caught
            }
            expect(error, 'the error').to.be.instanceOf(type)
            const { name, message } = error as Error
            expect(name).to.equal(type.name)
            for (const part of says) expect(message).to.include(part)
            expect(message, 'the message is a sentence').to.match(/\.$/)
            seen.add(type)
            const trains = /^(resume with|a plot)/.test(what)
            models.forEach((model, i) => {
              if (model.disposed || trains) return
              expect(bitsOf(model), 'weights, optimiser state and counters').to.equal(before[i])
            })
            expect(readdirSync(folder()).filter((file) => file.endsWith('.tmp'))).to.deep.equal([])
            for (const model of models) {
              if (model.disposed) continue
              await model.fit(x, model === subject.model ? y : labels)
              expect(model.predictSync(x).data.every(Number.isFinite)).to.equal(true)
              model.dispose()
            }
          })
      })
  })
}
