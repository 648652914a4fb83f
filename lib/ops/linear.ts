/** Products of vectors and matrices, of any mixture. */
import { ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import * as b from '../graph/build'
import { whereOf } from '../graph/label'
import type { Node } from '../graph/node'
import type { Tensor, Value } from '../tensor/tensor'
import { apply, checkValue, shapeOf } from './engine'

/**
 * Product of vectors and matrices: [k]·[k] is a scalar, [m, k]·[k] is [m], [k]·[k, n] is [n], [m, k]·[k, n] is [m, n].
 * A list [5] and a column [5, 1] are different things and never mix.
 */
export function dot(x: Value, y: Value): Tensor {
  const left = shapeOf(checkValue('dot', x))
  const right = shapeOf(checkValue('dot', y))
  const rankOk = (rank: number) => rank === 1 || rank === 2
  if (!rankOk(left.length) || !rankOk(right.length) || left[left.length - 1] !== right[0])
    throw new ShapeError(
      `${whereOf('dot')}: cannot multiply ${shapeText(left)} by ${shapeText(right)}: expected vectors or matrices ` +
        'where the last size of the first equals the first size of the second.',
    )
  return apply('dot', [x, y], '', ([n, m]) => {
    if (left.length === 1 && right.length === 1) return b.sum(b.mul(n, m))
    const row: Node = left.length === 1 ? b.reshape(n, [1, left[0]]) : n
    const column: Node = right.length === 1 ? b.reshape(m, [right[0], 1]) : m
    return b.reshape(b.matmul(row, column), [...left.slice(0, -1), ...right.slice(1)])
  })
}
