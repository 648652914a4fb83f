/** Reading and writing whole files so that a crash, a full disk or a kill never leaves half a model behind. */
import { randomBytes } from 'node:crypto'
import { constants, promises as fs, type Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import * as path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { requireUnchanged } from './checks'
import { describeValue, FormatError } from './errors'

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
  ELOOP: 'its symbolic links lead in a circle',
  ENXIO: 'no program reads from this pipe or device',
  EPIPE: 'the program that read from this pipe has ended',
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

/** The path as it stands now, whatever folder the process moves to later. FormatError for what is no path. */
export function absolutePath(doing: string, file: unknown): string {
  checkPath(doing, file)
  return path.resolve(file)
}

function errorOf(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code })
}

/** As many as Linux follows. */
const mostLinks = 40

/** Where symbolic links lead, so that the rename replaces the file and not the link, even a file that is not there. */
async function realTarget(file: string): Promise<string> {
  const found = await fs.realpath(file).catch(() => null)
  if (found !== null) return found
  let target = path.resolve(file)
  for (let links = 0; links < mostLinks; links++) {
    const link = await fs.readlink(target).catch(() => null)
    if (link === null) return target
    const folder = path.dirname(target)
    target = path.resolve(await fs.realpath(folder).catch(() => folder), link)
  }
  throw errorOf('ELOOP')
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

type Parts = readonly Uint8Array[]

/** Between two tries to write to a pipe that is full. */
const fullPipeMs = 5

async function writeParts(handle: FileHandle, parts: Parts, check: () => void): Promise<void> {
  for (const part of parts)
    for (let at = 0; at < part.length;) {
      checked(check)
      try {
        at += (await handle.write(part, at, Math.min(writtenBytes, part.length - at))).bytesWritten
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
        await setTimeout(fullPipeMs)
      }
    }
}

/** How systems say that they cannot flush this at all: file systems of networks, Node.js 26 with `--permission`. */
const cannotFlush = ['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'ERR_ACCESS_DENIED']

/** Down to the disk, where the system can do that. */
async function flush(handle: FileHandle): Promise<void> {
  try {
    await handle.sync()
  } catch (error) {
    if (!cannotFlush.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

/**
 * To a device or a pipe, which is not to be replaced by a file. A pipe that nobody reads is an error (ENXIO), since
 * waiting for a reader would hold a thread of the process.
 */
async function writeThrough(file: string, parts: Parts, check: () => void): Promise<void> {
  const handle = await fs.open(file, constants.O_WRONLY | (constants.O_NONBLOCK ?? 0))
  try {
    await writeParts(handle, parts, check)
    await flush(handle)
  } finally {
    await handle.close()
  }
}

/** Gives a new file the owner and the mode of the old one. False where this process may not. */
async function inherit(handle: FileHandle, old: Stats): Promise<boolean> {
  const made = await handle.stat()
  try {
    if (made.uid !== old.uid || made.gid !== old.gid) await handle.chown(old.uid, old.gid)
    // The mask of the process may have taken some bits.
    if ((made.mode & 0o777) !== (old.mode & 0o777)) await handle.chmod(old.mode & 0o777)
    return true
  } catch {
    return false
  }
}

/** Into the old file itself, over what it holds. */
async function overwrite(target: string, parts: Parts): Promise<void> {
  const handle = await fs.open(target, 'r+')
  try {
    await writeParts(handle, parts, () => undefined)
    await handle.truncate(parts.reduce((sum, part) => sum + part.length, 0))
    await flush(handle)
  } finally {
    await handle.close()
  }
}

/** Puts the temporary file in the place of the old one. False where the system does not let it: a mounted file. */
async function renamed(temporary: string, target: string, old: Stats | null): Promise<boolean> {
  try {
    await fs.rename(temporary, target)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (!old || (code !== 'EBUSY' && code !== 'EXDEV')) throw error
    return false
  }
}

/**
 * Writes `bytes` (or pieces, one after the other) to `file` all or nothing: a temporary file in the same folder,
 * flushed to the disk, then renamed over the old one, whose owner and mode it takes. On any failure the old file
 * stands as it was, the temporary file is removed and a FormatError (with `cause`) says why.
 *
 * An old file that cannot be replaced (it is mounted by itself, or belongs to somebody else and this process may not
 * give files away) is written over, while the temporary file stands by; should that fail, the error names it. Devices
 * and pipes are written to as they are. `check` is called now and then before the new file takes its place; what it
 * throws ends the writing and is thrown as it is.
 */
export async function writeFileAtomic(
  file: string,
  bytes: Uint8Array | Parts,
  check: () => void = () => undefined,
): Promise<void> {
  checkPath('write', file)
  const parts = ArrayBuffer.isView(bytes) ? [bytes] : bytes
  let outcome = ' Nothing was changed.'
  let temporary: string | null = null
  try {
    const old = await fs.stat(file).catch(() => null)
    if (old?.isDirectory()) throw errorOf('EISDIR')
    if (old && !old.isFile()) {
      outcome = ''
      return await writeThrough(file, parts, check)
    }
    const target = await realTarget(file)
    const name = temporaryName(target)
    const handle = await fs.open(name, 'wx', old ? old.mode & 0o777 : 0o666)
    temporary = name
    let replaces = true
    let at: number
    try {
      await writeParts(handle, parts, check)
      if (old) replaces = await inherit(handle, old)
      await flush(handle)
      at = (await handle.stat()).mtimeMs
      checked(check)
    } finally {
      await handle.close()
    }
    if (!(replaces && (await renamed(temporary, target, old)))) {
      const standby = temporary
      temporary = null
      outcome = ` The new file is whole in '${standby}'; the old one may be damaged.`
      await overwrite(target, parts)
      await fs.rm(standby, { force: true })
    }
    await flushFolder(path.dirname(target))
    await removeAbandoned(target, at)
  } catch (error) {
    if (temporary !== null) await fs.rm(temporary, { force: true }).catch(() => undefined)
    if (error instanceof Stopped) throw error.reason
    throw diskError('write', file, error, outcome)
  }
}

/** The beginning of the file's name: with all of it, the name of the temporary file may have more bytes than it may. */
function temporaryPrefix(target: string): string {
  const name = Buffer.from(path.basename(target)).subarray(0, 100).toString()
  // A letter that was cut in two.
  return `.${name.replace(/\uFFFD+$/, '')}.`
}

function temporaryName(target: string): string {
  const unique = `${process.pid}.${randomBytes(6).toString('hex')}.tmp`
  return path.join(path.dirname(target), temporaryPrefix(target) + unique)
}

/** Who writes a file that large touches it more often. */
const abandonedMs = 3_600_000

/**
 * Removes temporary files of `target` that killed processes left behind: not touched for an hour before `now` (by the
 * clock of the file system, which may be another machine's), nor of another process that is alive here.
 */
async function removeAbandoned(target: string, now: number): Promise<void> {
  const folder = path.dirname(target)
  const prefix = temporaryPrefix(target)
  for (const name of await fs.readdir(folder).catch(() => [] as string[])) {
    const rest = name.startsWith(prefix) && /^(\d+)\.[0-9a-f]{12}\.tmp$/.exec(name.slice(prefix.length))
    if (!rest || isOtherProcess(Number(rest[1]))) continue
    const found = path.join(folder, name)
    const stat = await fs.stat(found).catch(() => null)
    if (stat?.isFile() && now - stat.mtimeMs > abandonedMs) await fs.rm(found, { force: true }).catch(() => undefined)
  }
}

function isOtherProcess(id: number): boolean {
  if (id === process.pid) return false
  try {
    return process.kill(id, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
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

/**
 * The bytes of a file, found from the folder that the process is in at the call. A missing or unreadable one is a
 * FormatError with `cause`.
 */
export async function readFile(file: string): Promise<Uint8Array> {
  checkPath('read', file)
  try {
    return await fs.readFile(path.resolve(file))
  } catch (error) {
    throw diskError('read', file, error, '')
  }
}

/** Bytes that are read piece by piece, such as those of a file that is larger than one array can be. */
export interface ByteSource {
  readonly length: number
  /** Fills `into` with the bytes that begin at `at`; a promise where that takes time. */
  read(into: Uint8Array, at: number): Promise<void> | undefined
}

/** Bytes that a user gives or that are there. StateError, which `name` opens, if they change while they are read. */
export function sourceOf(bytes: Uint8Array, name: string): ByteSource {
  const { length } = bytes
  const read = (into: Uint8Array, at: number): undefined => {
    requireUnchanged(name, length, bytes.length)
    into.set(bytes.subarray(at, at + into.length))
  }
  return { length, read }
}

/** Hands the file to `use`, open for reading. Path and errors as those of `readFile`. */
export async function withFile<T>(file: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  checkPath('read', file)
  const wrong = (error: unknown) => diskError('read', file, error, '')
  let handle: FileHandle
  let size: number | null
  try {
    handle = await fs.open(path.resolve(file), 'r')
  } catch (error) {
    throw wrong(error)
  }
  try {
    try {
      const stat = await handle.stat()
      if (stat.isDirectory()) throw errorOf('EISDIR')
      size = stat.isFile() ? stat.size : null
    } catch (error) {
      throw wrong(error)
    }
    // A pipe cannot be asked for its length.
    if (size === null) return await use(sourceOf(await handle.readFile(), file))
    const read = async (into: Uint8Array, at: number): Promise<void> => {
      for (let done = 0; done < into.length;) {
        const { bytesRead } = await handle.read(into, done, into.length - done, at + done).catch((error: unknown) => {
          throw wrong(error)
        })
        if (bytesRead === 0) throw new FormatError(`Cannot read '${file}': it became shorter while it was read.`)
        done += bytesRead
      }
    }
    return await use({ length: size, read })
  } finally {
    await handle.close()
  }
}
