/** Activations of straight pieces. At a corner the derivative is that of the middle piece. */
import * as ops from '../ops'
import type { Tensor } from '../tensor/tensor'
import { plain } from './activation'

/** A choice rather than `ops.minimum`: where two numbers tie, that gives each half of the derivative. */
const clipped = (z: Tensor): Tensor => ops.select(ops.greater(z, 6), 6, ops.relu(z))

/** z/6 + ½, clipped to [0, 1]. In this form it keeps its digits next to −3. */
const rising = (z: Tensor): Tensor => ops.div(clipped(ops.add(z, 3)), 6)

/** min(max(0, z), 6) (Krizhevsky 2010); the derivative at 0 and at 6 is 1. */
export const relu6 = plain(clipped, { rectifies: true, limits: [6] })

/** z/6 + ½, clipped to [0, 1]: straight pieces instead of sigmoid. The derivative at ±3 is 1/6. */
export const hardSigmoid = plain(rising, { limits: [0, 1] })

/** z·hardSigmoid(z): straight pieces and a parabola instead of silu (Howard et al. 2019). */
export const hardSwish = plain((z) => ops.mul(z, rising(z)), { rectifies: true })
