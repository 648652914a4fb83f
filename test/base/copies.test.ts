/** Two copies of the package in one process, as duplicates in node_modules or a reset module registry make them. */
import { join, sep } from 'node:path'
import { expect } from 'chai'
import * as my from '../../lib'
import { describeValue } from '../../lib/base/errors'
import { rejected, thrown } from '../model/support'

/** Loaded as if for the first time. */
function secondCopy(): typeof my {
  const { cache } = require
  const lib = join(__dirname, '../../lib') + sep
  const first = Object.entries(cache).filter(([file]) => file.startsWith(lib))
  for (const [file] of first) delete cache[file]
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would give the first copy again
    return require('../../lib') as typeof my
  } finally {
    for (const [file, module] of first) cache[file] = module
  }
}

describe('what another copy of the package made', () => {
  const other = secondCopy()
  const model = (of: typeof my) => of.sequential({ inputShape: [1], seed: 1, layers: [of.layers.dense({ units: 1 })] })

  it('is called so, and what to look at', async () => {
    expect(other.Tensor).not.to.equal(my.Tensor)
    const rows: [call: () => unknown, what: string][] = [
      [() => my.ops.add(other.tensor([1]) as never, 1), 'Tensor'],
      [() => my.diagnose.sparsity(model(other) as never), 'Model'],
      [() => my.layers.dense({ units: 1 }).apply(other.input({ shape: [1] }) as never), 'SymbolicTensor'],
    ]
    for (const [call, what] of rows)
      expect(thrown(call).message).to.include(`got a ${what} of another copy of Myelin: two are loaded (see npm ls`)
    const foreign = other.input({ shape: [1] })
    for (const inputs of [foreign, { x: foreign }])
      expect(thrown(() => my.model({ inputs: inputs as never, outputs: inputs as never })).message).to.match(
        /model: inputs: .*got a SymbolicTensor of another copy/,
      )
    // Some layers look at what they get, others compute with it at once.
    for (const list of [[other.layers.dropout({ rate: 0.5 })], [other.layers.dense({ units: 1 })]]) {
      const mixed = my.sequential({
        inputShape: [1],
        layers: [my.layers.dense({ units: 2, activation: 'tanh' }), ...list] as never,
      })
      mixed.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
      expect(
        (
          await rejected(
            mixed.fit(
              [[1]],
              [[1, 1]].map((row) => row.slice(0, mixed.outputShape[0])),
            ),
          )
        ).message,
      ).to.match(/expected a tensor.*got a Tensor of another copy of Myelin/)
    }
    for (const [value, what] of [
      [other.data.augment({ flip: 0.5 }), 'Augmenter'],
      [other.data.confusionMatrix([0, 1], [0, 1]), 'ConfusionMatrix'],
      [other.trace((a) => other.ops.square(a), [[]]), 'Graph'],
    ] as const)
      expect(describeValue(value)).to.match(new RegExp(`^an? ${what} of another copy`))
  })

  it('is what it is in its own copy', () => {
    expect(describeValue(my.tensor([1]))).to.equal('a Tensor')
    expect(describeValue(model(my))).to.equal('a Model')
    expect(thrown(() => other.ops.add(my.tensor([1]) as never, 1)).message).to.include('of another copy')
  })

  it('can be data all the same: numbers with a shape', async () => {
    const mine = model(my)
    const x = [[1], [2]]
    const answer = await mine.predict(other.tensor(x) as never)
    expect([...answer.data]).to.deep.equal([...mine.predictSync(x).data])
  })
})
