import { finiteNumber } from '../base/checks'
import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'
import { plain, type ActivationKind } from './activation'

/**
 * z for z > 0 and alpha·(e^z − 1) below. The branch that is not taken sees 0 for z: e^z would be infinite far out, and
 * its share of the derivative 0·∞.
 */
function eluOf(z: Tensor, alpha: number): Tensor {
  const positive = ops.greater(z, 0)
  return ops.select(positive, z, ops.mul(alpha, ops.expm1(ops.select(positive, 0, z))))
}

/**
 * z for z > 0 and alpha·(e^z − 1) below, alpha 1 by default (Clevert, Unterthiner & Hochreiter 2016); the derivative at
 * 0 is alpha. `limits` is that of alpha = 1.
 */
export const elu: ActivationKind<{ alpha?: number | undefined }> = {
  options: ['alpha'],
  limits: [-1],
  make(where, given) {
    const alpha = finiteNumber(`${where}: alpha`, given.alpha ?? 1)
    return { options: { alpha }, apply: (z) => eluOf(z, alpha) }
  },
}

// Of the fixed point at mean 0 and variance 1 (Klambauer, Unterthiner, Mayr & Hochreiter 2017, equation 14).
const alpha = 1.6732632423543772
const scale = 1.0507009873554805

/**
 * 1.0507·z for z > 0 and 1.7581·(e^z − 1) below: inputs of mean 0 and variance 1 keep both, layer after layer, with
 * initial weights of variance 1/n_in (Klambauer et al. 2017).
 */
export const selu = plain((z) => ops.mul(scale, eluOf(z, alpha)), { limits: [-scale * alpha] })
