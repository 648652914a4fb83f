/** The numbers of tensors in files, read in slices. */
import type { Hash } from 'node:crypto'
import type { ByteSource } from '../../base/disk'
import { slices, type Reading } from '../../base/slices'
import { bytesOfElements, formatOf, isBigEndian, swapBytes, type FileArray, type FileDType } from './formats'
import type { Fail, Header, TensorRange } from './header'

/** Read between two turns of the event loop: a millisecond or two. */
export const readBytes = 1 << 20

/** A tensor of a file. */
export interface FileValues<D extends FileDType = FileDType> {
  dtype: D
  shape: number[]
  data: FileArray<D>
}

/** A copy of one tensor, aligned, as JavaScript has its values. Its bytes go into `hash` too. */
export function* readValues(
  source: ByteSource,
  { dataStart }: Pick<Header, 'dataStart'>,
  { name, dtype, shape, begin, end }: TensorRange,
  fail: Fail,
  hash?: Hash,
): Reading<FileValues> {
  const { array, bits, numbers, widen } = formatOf(dtype)
  const count = numbers === null ? end - begin : ((end - begin) * 8 * numbers) / bits
  const data = room(name, () => new array(count) as FileArray, fail)
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const scratch = widen && new Uint8Array(Math.min(readBytes, end - begin))
  for (const [from, to] of slices(end - begin, readBytes)) {
    const piece = scratch ? scratch.subarray(0, to - from) : bytes.subarray(from, to)
    yield source.read(piece, dataStart + begin + from)
    hash?.update(piece)
    if (widen) widen(piece, data as Float32Array, from / bytesOfElements(dtype, 1))
    else if (isBigEndian) swapBytes(piece, array.BYTES_PER_ELEMENT)
    if (dtype === 'BOOL') for (let i = 0; i < piece.length; i++) piece[i] = piece[i] ? 1 : 0
    yield
  }
  return { dtype, shape: [...shape], data }
}

function room<T>(name: string, make: () => T, fail: Fail): T {
  try {
    return make()
  } catch (error) {
    return fail(`tensor '${name}': there is no room for it: ${(error as Error).message}.`, error)
  }
}
