/** What is too large to be made, found out by arithmetic before anything is. */
import { totalmem } from 'node:os'
import type { DType } from './dtype'
import { ShapeError } from './errors'
import { shapeText, sizeOf, type Shape } from './shape'

/** Smaller tensors are left to the allocator: asking the system for its memory would cost more than an op does. */
const largeBytes = 2 ** 30

function bytesText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${Number((bytes / 1000 ** unit).toPrecision(3))} ${units[unit]}`
}

/** Bytes that the process may have: the machine's, or those of its container if they are fewer (0: no container). */
function memoryLimit(): number {
  const container = process.constrainedMemory()
  return container > 0 ? Math.min(container, totalmem()) : totalmem()
}

/**
 * ShapeError where a tensor of this shape, with `working` bytes beside it while it is computed, takes more than the
 * machine has memory. Systems that promise memory which they do not have would otherwise work for minutes and then kill
 * the process.
 */
export function checkCapacity(where: string, shape: Shape, dtype: DType, working = 0): void {
  const bytes = sizeOf(shape) * (dtype === 'float32' ? 4 : 8)
  if (bytes + working < largeBytes) return
  const memory = memoryLimit()
  if (bytes + working <= memory) return
  const more = working > 0 ? ` and ${working} more while it is computed` : ''
  throw new ShapeError(
    `${where}: a ${dtype} tensor of shape ${shapeText(shape)} takes ${bytes} bytes (${bytesText(bytes)})${more}; ` +
      `this machine has ${bytesText(memory)} of memory. Make it smaller, or compute it in parts.`,
  )
}
