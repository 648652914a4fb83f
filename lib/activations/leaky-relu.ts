import { finiteNumber } from '../base/checks'
import * as ops from '../ops'
import type { ActivationKind } from './activation'

/** Slope for z < 0 unless another is given (Maas, Hannun & Ng 2013). */
const defaultSlope = 0.01

/** z for z ≥ 0 and slope·z below; the derivative at 0 is 1. */
export const leakyRelu: ActivationKind<{ slope?: number | undefined }> = {
  options: ['slope'],
  rectifies: true,
  make(where, given) {
    const slope = finiteNumber(`${where}: slope`, given.slope ?? defaultSlope)
    return { options: { slope }, apply: (z) => ops.leakyRelu(z, { slope }) }
  },
}
