import { booleanOption } from '../base/checks'
import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'
import type { ActivationKind } from './activation'

/** z·Φ(z) by Φ(z) = ½·erfc(−z/√2), which is exact in the lower tail too, where ½·(1 + erf(z/√2)) has no digits left. */
const exact = (z: Tensor): Tensor => ops.mul(z, ops.mul(0.5, ops.erfc(ops.mul(-Math.SQRT1_2, z))))

/** ½·z·(1 + tanh(u)) is z·sigmoid(2u), which does not cancel in the lower tail. 2u = √(8/π)·(z + 0.044715·z³). */
function approximated(z: Tensor): Tensor {
  const scale = Math.sqrt(8 / Math.PI)
  const u2 = ops.mul(z, ops.add(scale, ops.mul(0.044715 * scale, ops.mul(z, z))))
  return ops.mul(z, ops.sigmoid(u2))
}

/**
 * z·Φ(z), with Φ the distribution function of the normal distribution (Hendrycks & Gimpel 2016). `approximate: true`
 * takes their ½·z·(1 + tanh(√(2/π)·(z + 0.044715·z³))) instead, which is at most 0.0005 off.
 */
export const gelu: ActivationKind<{ approximate?: boolean | undefined }> = {
  options: ['approximate'],
  rectifies: true,
  make(where, given) {
    const approximate = booleanOption(`${where}: approximate`, given.approximate ?? false)
    return { options: { approximate }, apply: approximate ? approximated : exact }
  },
}
