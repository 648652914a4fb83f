/** Activations without corners and without options, of a few ops each. */
import * as ops from '../ops'
import { plain } from './activation'

/** z·sigmoid(z) (Elfwing, Uchibe & Doya 2018), also called swish (Ramachandran, Zoph & Le 2017). */
export const silu = plain((z) => ops.mul(z, ops.sigmoid(z)), { rectifies: true })

/** z·tanh(softplus(z)) (Misra 2019). */
export const mish = plain((z) => ops.mul(z, ops.tanh(ops.softplus(z))), { rectifies: true })

/** z/(1 + |z|), in (−1, 1) (Bergstra et al. 2009). */
export const softsign = plain((z) => ops.div(z, ops.add(1, ops.abs(z))), { limits: [-1, 1] })
