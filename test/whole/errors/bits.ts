import { createHash } from 'node:crypto'
import type { Model } from '../../../lib'

/** A digest of everything a file would hold of the model: weights, optimiser state, counters. */
export function bitsOf(model: Model): string {
  return createHash('sha256').update(model.toBytes()).digest('hex')
}
