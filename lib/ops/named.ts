import { nonEmptyString } from '../base/checks'
import { setNodeName } from '../graph/names'
import { nodeOf, type Tensor } from '../tensor/tensor'

/** Names an intermediate value for the pictures that `trace` makes, and returns it. */
export function named(name: string, x: Tensor): Tensor {
  nonEmptyString('named', name)
  const node = nodeOf(x)
  if (node) setNodeName(node, name)
  return x
}
