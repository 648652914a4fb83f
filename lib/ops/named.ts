import { nonEmptyString } from '../base/checks'
import { setNodeName } from '../graph/names'
import { nodeOf, type AnyTensor } from '../tensor/tensor'

/** Names an intermediate value for the pictures that `trace` makes, and returns it. */
export function named<T extends AnyTensor>(name: string, x: T): T {
  nonEmptyString('named', name)
  const node = nodeOf(x)
  if (node) setNodeName(node, name)
  return x
}
