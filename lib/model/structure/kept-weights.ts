/** Weights kept aside and put back in slices: those of a large model are too many for one turn of the event loop. */
import { ShapeError } from '../../base/errors'
import { shapeText, sizeOf } from '../../base/shape'
import { slices, type Sliced } from '../../base/slices'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import { guarded } from '../../native/runtime'
import { bufferOf, Tensor } from '../../tensor/tensor'
import type { StateCell, Weights } from './weights'

/** Copies of weights and states by their names in files, `dense_1.weight`. */
export type KeptWeights = ReadonlyMap<string, Tensor>

/** A copy of an array on another device or the same. */
function* copied(from: NativeBuffer, { name, shape }: StateCell, { dtype }: Weights, device: string) {
  const size = sizeOf(shape)
  const buffer = guarded(name, () => native.bufferReserve(dtype, size, device))
  try {
    for (const [begin, end] of slices(size)) {
      guarded(name, () => native.bufferWrite(buffer, native.bufferRead(from, begin, end - begin), begin))
      yield
    }
  } catch (error) {
    native.bufferDispose(buffer)
    throw error
  }
  return buffer
}

/** Copies of all weights and states, in the CPU's memory. Nothing may change them meanwhile. */
export function* keptWeights(weights: Weights): Sliced<KeptWeights> {
  const kept = new Map<string, Tensor>()
  try {
    for (const p of weights.visible)
      kept.set(p.name, Tensor.fromBuffer(yield* copied(p.buffer, p, weights, 'cpu'), p.shape, weights.dtype))
  } catch (error) {
    releaseKept(kept)
    throw error
  }
  return kept
}

/** Puts them back: all of them in the end, or none. ShapeError where they are those of another model. */
export function* putBack(where: string, weights: Weights, kept: KeptWeights): Sliced<void> {
  const ready: { cell: StateCell; buffer: NativeBuffer }[] = []
  try {
    for (const p of weights.visible) {
      const value = kept.get(p.name)
      if (value?.shape.join() !== p.shape.join())
        throw new ShapeError(
          `${where}: ${p.name}: expected an array of shape ${shapeText(p.shape)}, got ` +
            `${value ? shapeText(value.shape) : 'none'}.`,
        )
      ready.push({ cell: p, buffer: yield* copied(bufferOf(value!), p, weights, weights.device) })
    }
  } catch (error) {
    for (const { buffer } of ready) native.bufferDispose(buffer)
    throw error
  }
  for (const { cell, buffer } of ready) weights.replace(cell, buffer)
}

export function releaseKept(kept: KeptWeights): void {
  for (const value of kept.values()) value.dispose()
}
