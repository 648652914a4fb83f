/** What is read: a file, or the bytes of one. */
import { sourceOf, withFile, type ByteSource } from '../../base/disk'
import { arrayName } from '../../base/dtype'
import { describeValue, FormatError } from '../../base/errors'

/**
 * Hands what `source` names to `use`, with the name that errors open with: the path, or 'model bytes'. FormatError for
 * a file that cannot be read, for an empty one and for what is neither a path nor a Uint8Array.
 */
export async function withBytes<T>(
  where: string,
  source: string | Uint8Array,
  what: 'model' | 'file',
  use: (bytes: ByteSource, name: string) => Promise<T>,
): Promise<T> {
  const name = typeof source === 'string' ? source : `${what} bytes`
  const filled = (bytes: ByteSource): Promise<T> => {
    if (bytes.length === 0) throw new FormatError(`${where}: '${name}' is empty.`)
    return use(bytes, name)
  }
  if (typeof source === 'string') return withFile(source, async (bytes) => filled(bytes))
  if (arrayName(source) !== 'Uint8Array') {
    const remedy =
      Object.prototype.toString.call(source) === '[object URL]' ? ' Its path: fileURLToPath(url) of node:url.' : ''
    throw new FormatError(
      `${where}: expected the path of a ${what}, or its bytes as a Uint8Array, got ${describeValue(source)}.${remedy}`,
    )
  }
  return filled(sourceOf(source, `${where}: ${name}`))
}
