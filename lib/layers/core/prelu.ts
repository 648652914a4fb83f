import type { JsonObject } from '../../base/json'
import { ShapeError } from '../../base/errors'
import { initializers, toInitializer, type InitializerSpec } from '../../initializers'
import * as ops from '../../ops'
import { checkRegularizer, type Regularizer } from '../../regularizers'
import type { Tensor } from '../../tensor/tensor'
import { makeLayer, type Layer } from '../layer'
import { commonOptions, onlyInput, type CommonOptions } from '../options'

export interface PreluOptions extends CommonOptions {
  /** Default: 0.25 everywhere. */
  alphaInitializer?: InitializerSpec | undefined
  alphaRegularizer?: Regularizer | undefined
}

/**
 * A leaky ReLU that learns its slope (He et al. 2015): x where x ≥ 0 and alpha·x below, with one alpha for each entry
 * of the last axis, [c], for x [m, …, c]. Its derivative at 0 is 1. Keeps the shape. ShapeError for an input without an
 * axis.
 */
export function prelu(options: PreluOptions = {}): Layer<{ readonly alpha: Tensor }> {
  const where = 'layers.prelu'
  const common = commonOptions(where, options, ['alphaInitializer', 'alphaRegularizer'])
  const initializer = toInitializer(
    `${where}: alphaInitializer`,
    options.alphaInitializer ?? initializers.constant(0.25),
  )
  const regularizer = checkRegularizer(`${where}: alphaRegularizer`, options.alphaRegularizer)
  const config: JsonObject = { alphaInitializer: initializer.config }
  if (regularizer) config.alphaRegularizer = regularizer.config
  return makeLayer({
    kind: 'prelu',
    ...common,
    config,
    build(inputs, layerName) {
      const shape = onlyInput(layerName, inputs)
      const c = shape.at(-1)
      if (c === undefined)
        throw new ShapeError(
          `${layerName}: prelu expects inputs of shape [m, …, c], got [m]. ` +
            'Put layers.reshape({ shape: [1] }) before it.',
        )
      return {
        outputShape: shape,
        weights: [{ name: 'alpha', shape: [c], initializer, regularizer, role: 'weight', trainable: true }],
        activation: 'prelu',
        call([x], w) {
          const alpha = ops.reshape(w.alpha, [...x.shape.slice(1).map(() => 1), c])
          return { z: x, a: ops.select(ops.greaterEqual(x, 0), x, ops.mul(alpha, x)) }
        },
      }
    },
  })
}
