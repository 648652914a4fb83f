/** Reading and writing whole files so that a crash, a full disk or a kill never leaves half a model behind. */
import { randomBytes } from 'node:crypto'
import { promises as fs } from 'node:fs'
import * as path from 'node:path'
import { describeValue, FormatError } from './errors'
import { slices } from './slices'

/** What the system's error codes mean to somebody who saves a model. */
const advice: Record<string, string> = {
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'the path is a folder; give the name of a file in it',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the system allows',
  ENAMETOOLONG: 'the name is too long',
}

function diskError(doing: string, file: string, cause: unknown, outcome: string): FormatError {
  const { code, message } = cause as NodeJS.ErrnoException
  const missing = doing === 'read' ? 'the file does not exist' : `the folder '${path.dirname(file)}' does not exist`
  const reason = code === 'ENOENT' ? missing : ((code && advice[code]) ?? message)
  return new FormatError(`Cannot ${doing} '${file}': ${reason}${code ? ` (${code})` : ''}.${outcome}`, { cause })
}

function checkPath(doing: string, file: unknown): asserts file is string {
  if (typeof file !== 'string' || file === '' || file.includes('\0'))
    throw new FormatError(
      `Cannot ${doing} a file: expected a path as a string that is not empty, got ${describeValue(file)}.`,
    )
}

/** Where a symbolic link leads, so that the rename replaces the file and not the link; `file` if there is none yet. */
async function realTarget(file: string): Promise<string> {
  try {
    return await fs.realpath(file)
  } catch {
    return path.resolve(file)
  }
}

/** Written between two calls of `check`. */
const writtenBytes = 1 << 24

/** What `check` threw, told apart from the errors of the disk. */
class Stopped extends Error {
  constructor(readonly reason: unknown) {
    super('stopped')
  }
}

function checked(check: () => void): void {
  try {
    check()
  } catch (reason) {
    throw new Stopped(reason)
  }
}

/**
 * Writes `bytes` (or pieces, one after the other) to `file` all or nothing: a temporary file in the same folder,
 * flushed to the disk, then renamed over the old one. On any failure the old file stands as it was, the temporary file
 * is removed and a FormatError (with `cause`) says why. `check` is called now and then before the new file takes its
 * place; what it throws ends the writing and is thrown as it is.
 */
export async function writeFileAtomic(
  file: string,
  bytes: Uint8Array | readonly Uint8Array[],
  check: () => void = () => undefined,
): Promise<void> {
  checkPath('write', file)
  const target = await realTarget(file)
  const folder = path.dirname(target)
  const temporary = path.join(
    folder,
    `.${path.basename(target).slice(0, 100)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`,
  )
  let created = false
  try {
    const old = await fs.stat(target).catch(() => null)
    if (old?.isDirectory()) throw Object.assign(new Error('the path is a folder'), { code: 'EISDIR' })
    const handle = await fs.open(temporary, 'wx', old ? old.mode & 0o777 : 0o666)
    created = true
    try {
      for (const part of ArrayBuffer.isView(bytes) ? [bytes] : bytes)
        for (const [from, to] of slices(part.length, writtenBytes)) {
          checked(check)
          await handle.writeFile(part.subarray(from, to))
        }
      await handle.sync()
      checked(check)
    } finally {
      await handle.close()
    }
    await fs.rename(temporary, target)
  } catch (error) {
    if (created) await fs.rm(temporary, { force: true }).catch(() => undefined)
    if (error instanceof Stopped) throw error.reason
    throw diskError('write', file, error, ' Nothing was changed.')
  }
  await flushFolder(folder)
}

/** Makes the rename itself durable. Some systems cannot open or flush folders; the file is in place all the same. */
async function flushFolder(folder: string): Promise<void> {
  try {
    const handle = await fs.open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch {
    return
  }
}

/** The bytes of a file. A missing or unreadable one is a FormatError with `cause`. */
export async function readFile(file: string): Promise<Uint8Array> {
  checkPath('read', file)
  try {
    return await fs.readFile(file)
  } catch (error) {
    throw diskError('read', file, error, '')
  }
}
