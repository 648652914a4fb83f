import { expect } from 'chai'
import * as my from '../../../lib'
import { sourceOf } from '../../../lib/base/disk'
import { atOnce, type Sliced } from '../../../lib/base/slices'
import { decodedSnapshot, encodeSnapshot } from '../../../lib/model/files/snapshot-file'
import type { ModelSnapshot } from '../../../lib/model/files/snapshot'
import { rejected } from '../support'

const { input, layers, model } = my

/** Values: a 0, i 1, embedding 2, flatten 3, dense of a 4, dense of ids 5, add 6, dense 7. */
function bytesOfNet(): Uint8Array {
  const [a, i] = [input({ shape: [2] }), input({ shape: [1] })]
  const shared = layers.dense({ units: 2, name: 'shared' })
  const ids = layers.flatten().apply(layers.embedding({ vocabulary: 4, units: 2, name: 'ids' }).apply(i))
  const sum = layers.add().apply([shared.apply(a), shared.apply(ids)])
  const made = model({
    inputs: { a, i },
    outputs: { p: layers.dense({ units: 1, name: 'head' }).apply(sum), q: sum },
  })
  made.compile({ optimizer: 'adam', loss: { p: 'meanSquaredError', q: 'meanSquaredError' } })
  return made.toBytes()
}

type Change = (snapshot: ModelSnapshot) => void

/** A file with a valid checksum that says something else than a model would. */
function changed(bytes: Uint8Array, change: Change): Uint8Array {
  // Of bytes in memory there is nothing to wait for.
  const snapshot = atOnce(decodedSnapshot(sourceOf(bytes, 'whole'), 'whole') as Sliced<ModelSnapshot>)
  change(snapshot)
  return encodeSnapshot(snapshot)
}

const layerOf = ({ architecture }: ModelSnapshot, name: string) => architecture.layers.find((l) => l.name === name)!

describe('files that mislead', () => {
  const bytes = bytesOfNet()
  const rows: [what: string, change: Change, message: RegExp][] = [
    ['a use that reads itself', (s) => (s.architecture.uses[0].from = [2]), /uses\[0\] reads value 2/],
    ['a use that reads nothing', (s) => (s.architecture.uses[0].from = []), /uses\[0\] reads nothing/],
    ['a use of no layer', (s) => (s.architecture.uses[0].layer = 9), /is of layer 9; there are 5/],
    ['a layer without uses', (s) => (s.architecture.uses = []), /layers\[0\] is never used/],
    ['an output of no value', (s) => (s.architecture.outputs[0].value = 8), /output 'p' is value 8/],
    ['two bare inputs', (s) => (s.architecture.namedInputs = false), /2 inputs without names/],
    ['two inputs of one name', (s) => (s.architecture.inputs[0].name = 'i'), /two inputs are named 'i'/],
    ['two outputs of one name', (s) => (s.architecture.outputs[1].name = 'p'), /two outputs are named 'p'/],
    ['a name with a dot', (s) => (s.architecture.outputs[1].name = 'q.r'), /outputs\[1\]: "q\.r" cannot be a name/],
    ['an empty name', (s) => (s.architecture.inputs[1].name = ''), /inputs\[1\]: "" cannot be a name/],
    ['too many inputs', (s) => (s.architecture.uses[0].from = [0, 0]), /ids: expected one input, got 2/],
    ['layers in another order', (s) => s.architecture.layers.reverse(), /add expected two or more inputs/],
    ['two layers of one name', (s) => (layerOf(s, 'head').name = 'ids'), /a name of its own.*'ids'.*already taken/],
    ['another width', (s) => (s.architecture.inputs[0].shape = [3]), /shared: all its uses share/],
    ['an option of another kind', (s) => (layerOf(s, 'ids').config.vocabulary = 'x'), /vocabulary.*got "x"/],
    ['an unknown loss', (s) => (s.compiled!.outputs[0].loss = 'toString'), /loss: unknown name 'toString'/],
    ['a rate of another kind', (s) => (s.compiled!.optimizer.config.learningRate = []), /learningRate/],
    [
      'a table of another size',
      (s) => (layerOf(s, 'ids').config.vocabulary = 5),
      /ids\.weight': expected shape \[5, 2\]/,
    ],
  ]
  for (const [what, change, message] of rows)
    it(`${what} is a FormatError that names the source`, async () => {
      const error = await rejected(my.loadModel(changed(bytes, change)))
      expect(error).to.be.instanceOf(my.FormatError)
      expect(error.message).to.match(/^model bytes: (?!model bytes)/)
      expect(error.message).to.match(message)
    })

  it('loads what is not changed', async () => {
    const loaded = await my.loadModel(changed(bytes, () => undefined))
    expect(loaded.toBytes()).to.deep.equal(bytes)
  })
})
