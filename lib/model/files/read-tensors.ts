/** The tensors of any safetensors file, whoever wrote it. */
import { checkOptions, checkSignal, isListOf, isString, throwIfAborted } from '../../base/checks'
import type { ByteSource } from '../../base/disk'
import { describeValue, OptionError } from '../../base/errors'
import { inTurns, type Reading } from '../../base/slices'
import { sorted } from '../../base/sorted'
import { didYouMean } from '../../base/suggest'
import type { FileDType } from './formats'
import { byPlace, entriesAtOnce, failing, readHeader, type TensorRange } from './header'
import { withBytes } from './source'
import { readValues, type FileValues } from './values'

/**
 * A tensor of a safetensors file. `data`: the typed array of the dtype's numbers. F16, BF16 and the F8 dtypes come as
 * float32, which holds their values exactly; I64 and U64 as BigInts; BOOL as 0 and 1 in a Uint8Array; C64 as real and
 * imaginary parts in turn; F4 and F6 as the packed bytes that they are.
 */
export type FileTensor = { [D in FileDType]: FileValues<D> }[FileDType]

/** What a safetensors file holds. */
export interface TensorFile {
  /** By name. */
  tensors: Record<string, FileTensor>
  /** The strings of `__metadata__`; none: {}. */
  metadata: Record<string, string>
}

export interface ReadTensorsOptions {
  /** Reads these tensors alone. Default: all. */
  names?: readonly string[] | undefined
  signal?: AbortSignal | undefined
}

/**
 * Reads the tensors of a safetensors file, or of the bytes of one, whichever program wrote it. FormatError for what is
 * no whole safetensors file, before room is made for any tensor; OptionError for names that it does not hold.
 */
export async function readTensors(source: string | Uint8Array, options: ReadTensorsOptions = {}): Promise<TensorFile> {
  const where = 'readTensors'
  checkOptions(where, options, ['names', 'signal'])
  checkSignal(where, options.signal)
  const names = options.names === undefined ? undefined : checkNames(`${where}: names`, options.names)
  const pause = () => throwIfAborted(where, options.signal)
  pause()
  return withBytes(where, source, 'file', (bytes, name) => inTurns(tensorsOf(bytes, name, names), pause))
}

function* tensorsOf(source: ByteSource, name: string, names: readonly string[] | undefined): Reading<TensorFile> {
  const header = yield* readHeader(source, name)
  const { metadata, ranges } = header
  const wanted = names ? chosen(ranges, name, names) : ranges
  const read = new Map<TensorRange, FileValues>()
  const fail = failing(name)
  for (const range of yield* sorted(wanted, byPlace)) read.set(range, yield* readValues(source, header, range, fail))
  // In the order of the header or of `names`. No name is special here: '__proto__' is one like any other.
  const tensors: Record<string, FileTensor> = {}
  for (const [i, range] of wanted.entries()) {
    const value = read.get(range) as FileTensor
    Object.defineProperty(tensors, range.name, { value, writable: true, enumerable: true, configurable: true })
    if (i % entriesAtOnce === 0) yield
  }
  return { tensors, metadata }
}

function chosen(ranges: readonly TensorRange[], file: string, names: readonly string[]): TensorRange[] {
  const byName = new Map(ranges.map((range) => [range.name, range]))
  const known = [...byName.keys()]
  return [...new Set(names)].map((name) => {
    const range = byName.get(name)
    if (range) return range
    throw new OptionError(
      `readTensors: names: '${file}' has ${known.length} tensors, none of them '${name}'.${didYouMean(name, known)}`,
    )
  })
}

function checkNames(where: string, names: unknown): readonly string[] {
  if (isListOf(names, isString)) return names
  throw new OptionError(`${where}: expected a list of names, got ${describeValue(names)}.`)
}
