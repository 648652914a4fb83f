import { expect } from 'chai'
import { describeValue } from '../../lib/base/errors'
import * as myelin from '../../lib/index'

const { assertShape, curvatureOf, data, input, layers, ops, plot, sequential, tensor, trace } = {
  ...myelin,
  curvatureOf: myelin.diagnose.curvature,
}

/** A list whose first entries are holes: `every`, `forEach` and `map` pass over them. */
function sparse(...entries: unknown[]): never {
  const list: unknown[] = []
  entries.forEach((entry, i) => {
    if (entry !== undefined) list[i] = entry
  })
  return list as never
}

describe('holes of sparse lists', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ])
  const holes = sparse(undefined, 2)
  const columns = [{ name: 'a', kind: 'number' as const, categories: [] }]
  const refused: [string, () => unknown, RegExp][] = [
    ['input', () => input({ shape: holes }), /^input: shape: expected a shape, .*, got \[undefined, 2\]/],
    ['tensor', () => tensor([1, 2], holes), /^tensor: shape: expected a shape, .*, got \[undefined, 2\]/],
    [
      'sequential',
      () => sequential({ inputShape: holes, layers: [layers.dense({ units: 1 })] }),
      /inputShape: expected a shape/,
    ],
    ['assertShape', () => assertShape(x, holes), /expected a shape such as \[3, null\].*, got \[undefined, 2\]/],
    ['ops.reshape', () => ops.reshape(x, holes), /expected a shape, .*, got \[undefined, 2\]/],
    ['ops.reshape with −1', () => ops.reshape(x, sparse(undefined, -1)), /expected a shape, .*, got \[undefined, -1\]/],
    ['ops.transpose', () => ops.transpose(x, sparse(undefined, 0)), /2 integers, got \[undefined, 0\]/],
    ['ops.pad', () => ops.pad(x, sparse(undefined, [1, 1])), /\[before, after\] pair/],
    ['ops.sum', () => ops.sum(x, { axis: sparse(undefined, 0) }), /expected an integer axis, got undefined/],
    ['ops.concat', () => ops.concat(sparse(undefined, x)), /concat: .*got undefined/],
    ['trace', () => trace((a: never) => a, sparse(undefined, [2])), /shape of argument 0: expected a shape/],
    ['layers.reshape', () => layers.reshape({ shape: sparse(undefined, 2) }), /got \[undefined, 2\]/],
    [
      'layer.apply',
      () => layers.concat().apply(sparse(undefined, input({ shape: [2] }))),
      /apply\[0\]: .*got undefined/,
    ],
    [
      'encodeRows',
      () => data.encodeRows({ columns: sparse(undefined, { name: 'a', kind: 'number', categories: [] }) }, [{ a: 1 }]),
      /columns/,
    ],
    [
      'fromCsv ignore',
      () => data.fromCsv('table.csv', { target: 'b', ignore: sparse(undefined, 'a') }),
      /ignore: expected/,
    ],
    [
      'fromCsv markers',
      () => data.fromCsv('table.csv', { target: 'b', missing: { markers: sparse(undefined, '?') } }),
      /markers: expected a list of texts/,
    ],
    [
      'confusionMatrix',
      () => data.confusionMatrix([0, 1], [0, 1], { labels: sparse(undefined, 'b') }),
      /list of names/,
    ],
    ['rows', () => data.encodeRows({ columns }, sparse(undefined, { a: 1 })), /row 1: expected cells .*got undefined/],
    ['bagOfWords.fit', () => data.bagOfWords.fit(sparse(undefined, 'word')), /got undefined/],
    ['transform', () => data.bagOfWords.fit(['word']).transform(sparse(undefined, 'word')), /got undefined/],
    [
      'transformImages',
      () => data.transformImages([[1, 2, 3, 4]], { shape: [2, 2], translate: sparse(undefined, 1) }),
      /translate: expected two finite numbers/,
    ],
    [
      'plot.curve',
      () => plot.curve((a) => a, { from: 0, to: 1, dots: sparse(undefined, [1, 2]) }),
      /dots: .*undefined at 0/,
    ],
    ['plot.lines', () => plot.lines({ a: sparse(undefined, [1, 2]) }), /'a': .*undefined at 0/],
    ['plot.networkDiagram', () => plot.networkDiagram(sparse(undefined, 3)), /size of a layer: .*undefined/],
    ['curvature', () => curvatureOf((a: never) => a, sparse(undefined, 1)), /expected numbers, got undefined/],
  ]
  for (const [name, call, message] of refused)
    it(`${name} refuses them as the undefined that they hold`, async () => {
      const error = await Promise.resolve()
        .then(call)
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
      expect(error).to.be.instanceOf(myelin.MyelinError).with.property('message').that.matches(message)
    })

  it('errors show them as undefined', () => expect(describeValue(holes)).to.equal('[undefined, 2]'))
})
