/** Rows that several entry points share: bad x and y, bad options. */
import * as my from '../../../lib'
import { aborted, disposed, plain, x, y, type Row, type Subject } from './support'

const { AbortError, DTypeError, DisposedError, NonFiniteError, OptionError, ShapeError, StateError, tensor } = my

/** The same bad x and y for every function that takes both. */
export function dataRows(name: string, call: (model: my.Model, x: unknown, y: unknown) => unknown): Row[] {
  const onModel = (bx: unknown, by: unknown) => (s: Subject) => call(s.model, bx, by)
  return [
    [`${name}: too few columns`, onModel([[1], [2]], [0, 1]), ShapeError, [name, 'x', '[any, 2]', '[2, 1]']],
    [
      `${name}: one example without rows`,
      onModel([1, 2], [0]),
      ShapeError,
      [name, 'x', '[any, 2]', '[2]', '[example]'],
    ],
    [
      `${name}: numbers without rows`,
      onModel([1, 2, 3, 4], [0]),
      ShapeError,
      [name, 'x', '[4]', 'A flat array needs its shape: tensor(x, [2, 2])'],
    ],
    [
      `${name}: a flat typed array`,
      onModel(new Float32Array(6), [0]),
      ShapeError,
      [name, 'x', '[6]', 'A flat typed array needs its shape: tensor(data, [3, 2])'],
    ],
    [
      `${name}: a flat tensor of another size`,
      onModel(tensor([1, 2, 3]), [0]),
      ShapeError,
      [name, 'x', '[3]', 'ops.reshape(x, [m, 2])'],
    ],
    [
      `${name}: rows that are objects`,
      onModel(
        [
          { a: 1, b: 2 },
          { a: 3, b: 4 },
        ],
        [0, 1],
      ),
      DTypeError,
      [`${name}`, 'x: expected numbers, got an object at index [0].'],
    ],
    [
      `${name}: an array of nothing`,
      onModel(new Array(60), [0]),
      DTypeError,
      [name, 'x: expected numbers, got undefined at index [0].'],
    ],
    [
      `${name}: a column of words`,
      onModel([['a'], ['b']], [0, 1]),
      DTypeError,
      [name, 'x: expected numbers, got "a" at index [0][0].'],
    ],
    [`${name}: ragged x`, onModel([[1, 2], [3]], [0, 1]), ShapeError, [name, 'x', 'ragged', '2 elements', '[1]', '1.']],
    [`${name}: empty x`, onModel([], []), ShapeError, [name, 'x', 'at least one', 'empty']],
    [`${name}: empty rows`, onModel([[], []], [0, 1]), ShapeError, [name, 'x', 'at least one', 'empty']],
    [
      `${name}: NaN in x`,
      onModel(
        [
          [1, 2],
          [NaN, 4],
        ],
        [0, 1],
      ),
      NonFiniteError,
      [name, 'x[1][0]', 'NaN', 'finite'],
    ],
    [`${name}: Infinity in x`, onModel([[1, Infinity]], [0]), NonFiniteError, [name, 'x[0][1]', 'Infinity', 'finite']],
    [
      `${name}: −Infinity in a typed x`,
      onModel({ data: new Float32Array([1, -Infinity]), shape: [1, 2] }, [0]),
      NonFiniteError,
      [name, 'x[0][1]', '-Infinity'],
    ],
    [`${name}: NaN in a Tensor`, onModel(tensor([[1, NaN]]), [0]), NonFiniteError, [name, 'x[0][1]', 'NaN']],
    [
      `${name}: a float64 number beyond float32`,
      onModel([[1, 1e300]], [0]),
      NonFiniteError,
      [name, 'x[0][1]', 'float32'],
    ],
    [
      `${name}: a shape that does not fit the array`,
      onModel({ data: new Float32Array(3), shape: [1, 2] }, [0]),
      ShapeError,
      [name, 'x', '[1, 2]', '3'],
    ],
    [`${name}: strings`, onModel([['1', '2']], [0]), DTypeError, [name, 'x', 'numbers', '"1"']],
    [`${name}: holes`, onModel([[1, undefined]], [0]), DTypeError, [name, 'x', 'numbers', 'undefined']],
    [`${name}: BigInt`, onModel(new BigInt64Array(2), [0]), DTypeError, [name, 'x', 'BigInt', 'BigInt64Array(2)']],
    [`${name}: no x`, onModel(undefined, [0]), OptionError, [name, 'x', 'Tensor', 'undefined']],
    [`${name}: no y`, onModel(x, undefined), OptionError, [name, 'y', 'Tensor', 'undefined']],
    [`${name}: a disposed x`, onModel(disposed(), [0]), DisposedError, [name, 'x: a disposed tensor', '[2]']],
    [`${name}: a disposed y`, onModel(x, disposed()), DisposedError, [name, 'y: a disposed tensor', '[2]']],
    [`${name}: fewer rows in y`, onModel(x, [0]), ShapeError, [name, '4 rows', '1']],
    [
      `${name}: one-hot rows for class numbers`,
      onModel(x, [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [0, 1, 0],
      ]),
      ShapeError,
      [name, 'y', '[4]', '[4, 3]', 'one-hot'],
    ],
    [`${name}: NaN in y`, onModel(x, [0, NaN, 1, 2]), NonFiniteError, [name, 'y', '1', 'NaN']],
    [`${name}: a class too many`, onModel(x, [0, 1, 3, 2]), OptionError, [name, 'y', '0 to 2', '3', 'row 2']],
    [`${name}: a negative class`, onModel(x, [0, -1, 1, 2]), OptionError, [name, 'y', '0 to 2', '-1', 'row 1']],
    [`${name}: half a class`, onModel(x, [0, 0.5, 1, 2]), OptionError, [name, 'y', 'integers', '0.5', 'row 1']],
    [
      `${name}: labels above 1`,
      (s) => call(s.binary, x, [0, 1, 1.5, 0]),
      OptionError,
      [name, 'y', '[0, 1]', '1.5', 'row 2'],
    ],
    [`${name}: labels below 0`, (s) => call(s.binary, x, [0, -0.1, 1, 0]), OptionError, [name, 'y', '[0, 1]', 'row 1']],
    [`${name}: a model that is not compiled`, () => call(plain(), x, y), StateError, [name, 'compile']],
    [`${name}: a disposed model`, (s) => (s.model.dispose(), call(s.model, x, y)), DisposedError, ['disposed']],
  ]
}

/** The same bad x for functions that take x alone. */
export function inputRows(name: string, call: (model: my.Model, x: unknown) => unknown): Row[] {
  return dataRows(name, (model, bx) => call(model, bx)).filter(
    ([what]) => !/ y|rows in y|one-hot|class|labels|compiled/.test(what.slice(name.length)),
  )
}

/** Functions that take options: unknown ones, wrong values, aborted signals. */
export function optionRows(name: string, call: (s: Subject, options: unknown) => unknown): Row[] {
  return [
    [`${name}: an unknown option`, (s) => call(s, { signl: 1 }), OptionError, [name, "'signl'", "'signal'"]],
    [`${name}: options that are no object`, (s) => call(s, 3), OptionError, [name, 'options object', '3']],
    [
      `${name}: a signal that is none`,
      (s) => call(s, { signal: 'stop' }),
      OptionError,
      [name, 'AbortSignal', '"stop"'],
    ],
    [`${name}: an aborted signal`, (s) => call(s, { signal: aborted() }), AbortError, [name, 'aborted']],
  ]
}
