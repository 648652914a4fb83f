import { finiteNumber } from '../base/checks'
import { elementwise } from '../graph/primitives/elementwise'
import * as ops from '../ops'
import type { ActivationKind } from './activation'

const defaultSlope = elementwise.leakyRelu.options.slope.fallback

/** z for z ≥ 0 and slope·z below (Maas, Hannun & Ng 2013); the derivative at 0 is 1. */
export const leakyRelu: ActivationKind<{ slope?: number | undefined }> = {
  options: ['slope'],
  rectifies: true,
  make(where, given) {
    const slope = finiteNumber(`${where}: slope`, given.slope ?? defaultSlope)
    return { options: { slope }, apply: (z) => ops.leakyRelu(z, { slope }) }
  },
}
