/** Bad input to saving, loading and resuming. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { optionRows } from './rows'
import { aborted, any, classifier, describeRows, inFolder, x, y } from './support'

const { AbortError, FormatError, OptionError, StateError, layers, ops, sequential } = my

function unnamed(): my.Model {
  return sequential({
    inputShape: [2],
    layers: [
      layers.dense({
        units: 1,
        activation: (
          () => (t: my.Tensor) =>
            t
        )(),
      }),
    ],
  })
}

function own(): my.Model {
  return sequential({ inputShape: [2], layers: [layers.lambda((t) => ops.mul(t, 3), { name: 'thrice' })] })
}

describeRows({
  files: [
    [
      'a missing folder',
      (s) => s.model.save(join(s.path, 'no', 'model')),
      FormatError,
      ['model', "no' does not exist (ENOENT)", 'the folder', 'Nothing was changed'],
    ],
    ['a folder', (s) => s.model.save(join(s.path, '..')), FormatError, ['folder']],
    ['no path', (s) => s.model.save(any(undefined)), FormatError, ['path', 'undefined']],
    [
      'a full disk',
      (s) => (existsSync('/dev/full') ? s.model.save('/dev/full/x') : s.model.save(any(3))),
      FormatError,
      [],
    ],
    ...optionRows('loadModel', (s, options) => my.loadModel(s.model.toBytes(), any(options))),
    ...optionRows('resume', (s, options) => my.resume(s.path, x, y, any(options))),
    ...optionRows('save', (s, options) => s.model.save(join(s.path, 'model'), any(options))),
    ['an unnamed function', (s) => unnamed().save(join(s.path, 'model')), FormatError, ['unnamed function', 'custom']],
    [
      'a missing file',
      (s) => my.loadModel(join(s.path, 'none')),
      FormatError,
      ['none', 'the file does not exist (ENOENT)'],
    ],
    ['bytes that are none', () => my.loadModel(any(3)), FormatError, ['Uint8Array', '3']],
    ['an empty file', (s) => (writeFileSync(s.path, ''), my.loadModel(s.path)), FormatError, ['empty']],
    ['another kind of file', () => my.loadModel(Buffer.from('{"weights": [1, 2, 3]}')), FormatError, ['safetensors']],
    ['a truncated file', (s) => my.loadModel(s.model.toBytes().subarray(0, -3)), FormatError, ['truncated']],
    ['a truncated header', (s) => my.loadModel(s.model.toBytes().subarray(0, 40)), FormatError, ['truncated', '40']],
    [
      'one altered byte',
      (s) => {
        const bytes = s.model.toBytes()
        bytes[bytes.length - 5] ^= 1
        return my.loadModel(bytes)
      },
      FormatError,
      ['altered'],
    ],
    [
      'a longer file',
      (s) => my.loadModel(Buffer.concat([s.model.toBytes(), Buffer.alloc(8)])),
      FormatError,
      ['behind'],
    ],
    [
      'an unknown option',
      (s) => my.loadModel(s.model.toBytes(), any({ costum: {} })),
      OptionError,
      ['loadModel', "'costum'", "'custom'"],
    ],
    [
      'compile 3',
      (s) => my.loadModel(s.model.toBytes(), any({ compile: 3 })),
      OptionError,
      ['loadModel: compile', '3'],
    ],
    ['compiled 3', (s) => s.model.save(s.path, any({ compiled: 3 })), OptionError, ['save: compiled', '3']],
    ['toBytes: compiled 3', (s) => s.model.toBytes(any({ compiled: 3 })), OptionError, ['toBytes: compiled', '3']],
    [
      'toBytes: an unknown option',
      (s) => s.model.toBytes(any({ compile: true })),
      OptionError,
      ['toBytes', "'compiled'"],
    ],
    ['a missing function', () => my.loadModel(own().toBytes()), FormatError, ["'thrice'", 'custom']],
    [
      'resume from a plain model',
      async (s) => {
        writeFileSync(s.path, s.model.toBytes())
        await my.resume(s.path, x, y)
      },
      StateError,
      ['resume', 'checkpoint'],
    ],
    [
      'resume with other data',
      async (s) => {
        await s.model.fit(x, y, { checkpoint: { path: s.path, every: { epochs: 1 } } })
        await my.resume(s.path, [[9, 9], ...x.slice(1)], y)
      },
      StateError,
      ['resume', 'not the data'],
    ],
    ['resume from nowhere', (s) => my.resume(s.path, x, y), FormatError, ['ENOENT']],
    [
      'a plot elsewhere',
      async (s) => (await s.model.fit(x, y)).plot(join(s.path, 'curve.gif')),
      OptionError,
      ['.svg', '.gif'],
    ],
  ],
})

inFolder((folder) => {
  it('leaves an older file as it was when saving fails', async () => {
    const path = join(folder(), 'model')
    const model = classifier()
    await model.save(path)
    const bytes = readFileSync(path)
    const error = await model.save(path, { signal: aborted() }).catch((caught: unknown) => caught)
    expect(error).to.be.instanceOf(AbortError)
    expect(readFileSync(path).equals(bytes)).to.equal(true)
  })
})
