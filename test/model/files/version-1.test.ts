/**
 * Files that Myelin 0.1.0 wrote (version-1/write.js), in this version: they load, predict and go on as they did there,
 * to the same bits on the instruction sets of x86-64, and closely on others. Later versions may write down more of an
 * epoch.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { rejected } from '../support'

/** Predictions, weights and batches are the bytes of numbers in base64; the last three are of a fit. */
interface Outcome {
  dtype: my.DType
  predictions: string
  weights: Record<string, string>
  epochs?: Record<string, number>[]
  batches?: string
  stopped?: string
}

/** A file as it was saved (null: no predictions yet) and after it went on. */
interface Replayed {
  saved: Outcome | null
  after?: Outcome
}

/** Of version-1/shared.js. */
interface Shared {
  customOf(library: typeof my): my.Custom
  digest(value: unknown): string
  models: Record<string, { x: my.TensorData; unadapted?: boolean }>
  interruptedOf(library: typeof my): Record<string, object>
  replayModel(library: typeof my, name: string, source: string | Uint8Array): Promise<Replayed>
  replayCheckpoint(library: typeof my, name: string, path: string): Promise<Replayed>
}

interface Expected {
  /** By instruction set, then by file. */
  digests: Record<string, Record<string, string>>
  models: Record<string, Replayed>
  checkpoints: Record<string, Replayed>
}

const folder = join(__dirname, 'version-1')
// eslint-disable-next-line @typescript-eslint/no-require-imports -- the old version reads it too, as plain JavaScript
const shared = require('./version-1/shared') as Shared
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected
const fileOf = (group: 'models' | 'checkpoints', name: string) => join(folder, group, `${name}.safetensors`)
const instructionSet = my.devices().find(({ name }) => name === 'cpu')!.description

function numbers(text: string, dtype: my.DType): number[] {
  const { buffer } = Uint8Array.from(Buffer.from(text, 'base64'))
  return [...(dtype === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer))]
}

/** What `wanted` asks for, in its order: the digest of this is that of `wanted` if all bits are. */
function asked<T extends object>(actual: T, wanted: T): T {
  const picked = Object.entries(wanted).map(([key, value]) => {
    const found = (actual as Record<string, unknown>)[key]
    return [key, value && typeof value === 'object' && found ? asked(found as object, value) : found]
  })
  return (Array.isArray(wanted) ? picked.map(([, value]) => value) : Object.fromEntries(picked)) as T
}

/** Two instruction sets differ in the last digits of sums, here of a few hundred steps with numbers around 1. */
function expectClose(actual: readonly number[], wanted: readonly number[], dtype: my.DType, what: string): void {
  expect(actual.length, what).to.equal(wanted.length)
  wanted.forEach((value, i) => expect(actual[i], what).to.be.closeTo(value, dtype === 'float32' ? 1e-5 : 1e-12))
}

function expectOutcome(actual: Outcome, wanted: Outcome, what: string): void {
  const { dtype } = wanted
  expect([actual.dtype, actual.stopped], what).to.deep.equal([dtype, wanted.stopped])
  const close = (got: string, value: string, where: string) =>
    expectClose(numbers(got, dtype), numbers(value, dtype), dtype, `${what}: ${where}`)
  close(actual.predictions, wanted.predictions, 'predictions')
  expect(Object.keys(actual.weights), what).to.have.members(Object.keys(wanted.weights))
  for (const [name, values] of Object.entries(wanted.weights)) close(actual.weights[name], values, name)
  if (!wanted.epochs) return
  expect(actual.epochs, what).to.have.length(wanted.epochs.length)
  wanted.epochs.forEach((logs, i) => {
    const got = Object.keys(logs).map((key) => actual.epochs![i][key])
    expectClose(got, Object.values(logs), dtype, `${what}: epoch ${i + 1}`)
  })
  const batches = [actual.batches!, wanted.batches!].map((text) => numbers(text, 'float64'))
  expectClose(batches[0], batches[1], dtype, `${what}: batches`)
}

function expectReplayed(actual: Replayed, wanted: Replayed, name: string): void {
  if (wanted.saved) expectOutcome(actual.saved!, wanted.saved, 'as saved')
  if (wanted.after) expectOutcome(actual.after!, wanted.after, 'after it went on')
  const bits = expected.digests[instructionSet]?.[name]
  if (bits) expect(shared.digest(asked(actual, wanted)), `bits on ${instructionSet}`).to.equal(bits)
}

describe('files of version 1', () => {
  it('are all tried', () => {
    for (const group of ['models', 'checkpoints'] as const) {
      const tried = group === 'models' ? shared.models : shared.interruptedOf(my)
      const files = readdirSync(join(folder, group)).map((file) => file.replace('.safetensors', ''))
      expect(files).to.have.members(Object.keys(tried))
      expect(files).to.have.members(Object.keys(expected[group]))
    }
  })

  describe('models', () => {
    for (const [name, { x, unadapted }] of Object.entries(shared.models))
      it(name, async () => {
        const path = fileOf('models', name)
        expectReplayed(await shared.replayModel(my, name, path), expected.models[name], name)
        using model = await my.loadModel(path, { custom: shared.customOf(my), device: 'cpu' })
        if (unadapted) expect(await rejected(model.predict(x))).to.be.instanceOf(my.StateError)
        // Written anew, in today's version.
        expectReplayed(await shared.replayModel(my, name, model.toBytes()), expected.models[name], name)
      })
  })

  describe('checkpoints', () => {
    // A resumed run writes its next checkpoint where the interrupted one did: 'checkpoint', in the working folder.
    const home = process.cwd()
    let place = ''
    beforeEach(() => process.chdir((place = mkdtempSync(join(tmpdir(), 'myelin-version-1-')))))
    afterEach(() => {
      process.chdir(home)
      rmSync(place, { recursive: true })
    })

    for (const name of Object.keys(shared.interruptedOf(my)))
      it(name, async () => {
        const path = fileOf('checkpoints', name)
        expectReplayed(await shared.replayCheckpoint(my, name, path), expected.checkpoints[name], name)
      })
  })
})
