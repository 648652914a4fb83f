/** Activation functions of the user's own. */
import { ownFunction, type Named } from '../base/custom'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { sameShape, shapeText } from '../base/shape'
import type { Tensor } from '../tensor/tensor'
import { factsOf, type Activation, type ActivationFunction } from './activation'

/** `where` names the option in errors. */
export function ownActivation(where: string, spec: ActivationFunction | Named<ActivationFunction>): Activation {
  const { fn, config } = ownFunction(where, spec)
  return { name: 'custom', config, ...factsOf({}), apply: (z) => applied(where, fn, z) }
}

function applied(where: string, fn: ActivationFunction, z: Tensor): Tensor {
  const a: unknown = fn(z)
  const shape = (a as Tensor | undefined)?.shape
  if (!Array.isArray(shape))
    throw new OptionError(`${where}: the function must return a Tensor, got ${describeValue(a)}.`)
  if (!sameShape(shape, z.shape))
    throw new ShapeError(
      `${where}: the function must keep the shape ${shapeText(z.shape)}, it returned ${shapeText(shape)}.`,
    )
  return a as Tensor
}
