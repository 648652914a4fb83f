/** What the tests of losses share: outputs of a last layer, and what a loss makes of them. */
import type { Loss, LossInput } from '../../lib/losses'
import * as ops from '../../lib/ops'
import type { Tensor } from '../../lib/tensor/tensor'

export const behindSigmoid = (z: Tensor): LossInput => ({ z, a: ops.sigmoid(z), activation: 'sigmoid' })
export const behindSoftmax = (z: Tensor): LossInput => ({ z, a: ops.softmax(z), activation: 'softmax' })
export const linear = (a: Tensor): LossInput => ({ a, activation: 'linear' })

/** The cost of each example. */
export const costs = (loss: Loss, y: Tensor, output: LossInput): Tensor => loss.perExample!(y, output)
