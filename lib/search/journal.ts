/** The file of a search: a line for what is searched, then one for every finished trial. */
import { appendFile } from 'node:fs/promises'
import { isDeepStrictEqual, TextDecoder, TextEncoder } from 'node:util'
import { readFile, writeFileAtomic } from '../base/disk'
import { FormatError, OptionError } from '../base/errors'
import type { Json, JsonObject } from '../base/json'

/** A trial that is over, as the file keeps it. */
export interface JournalEntry {
  trial: number
  config: JsonObject
  /** null stands for a run that diverged. */
  error: number | null
  failure?: string
}

const encode = (text: string) => new TextEncoder().encode(text)

/** A line of the file as a trial; what is wrong with it as a string. */
function entryOf(line: string, configOf: (trial: number) => JournalEntry['config'] | undefined): JournalEntry | string {
  let entry: Partial<JournalEntry> | null
  try {
    entry = JSON.parse(line) as Partial<JournalEntry> | null
  } catch {
    return 'is no JSON'
  }
  const { trial, config, error, failure } = entry ?? {}
  if (!Number.isSafeInteger(trial) || trial! < 0) return 'has no trial number'
  if (error !== null && !Number.isFinite(error)) return 'has no error that is a number'
  if (failure !== undefined && typeof failure !== 'string') return 'has a failure that is no text'
  const wanted = configOf(trial!)
  const text = JSON.stringify(wanted)
  if (wanted === undefined || !isDeepStrictEqual(config, JSON.parse(text)))
    return `says that trial ${trial} had ${JSON.stringify(config)}; this search tries ${text ?? 'no such trial'}`
  return { ...(entry as JournalEntry), config: wanted }
}

/**
 * Opens or creates the file. Trials of an earlier, interrupted run are handed back; a line that was cut off by a kill
 * is dropped. `configOf` says what a trial of this search tries. OptionError if the file belongs to another search,
 * FormatError if it is none, or has a line that this search cannot have written.
 */
export async function openJournal(
  path: string,
  header: Json,
  configOf: (trial: number) => JournalEntry['config'] | undefined,
): Promise<JournalEntry[]> {
  const first = `${JSON.stringify({ myelinSearch: 1, search: header })}\n`
  let text: string
  try {
    text = new TextDecoder().decode(await readFile(path))
  } catch (error) {
    const cause = (error as { cause?: NodeJS.ErrnoException }).cause ?? (error as NodeJS.ErrnoException)
    if (cause.code !== 'ENOENT') throw error
    await writeFileAtomic(path, encode(first))
    return []
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (!whole.startsWith('{"myelinSearch":1,'))
    throw new FormatError(`search: ${path} is not the file of a search. Name another file, or delete it.`)
  if (!whole.startsWith(first))
    throw new OptionError(
      `search: ${path} belongs to a search with another space, strategy, seed or number of grid points. ` +
        'Go on with the same options, or name another file.',
    )
  const entries = new Map<number, JournalEntry>()
  const lines = whole.split('\n').slice(0, -1)
  lines.slice(1).forEach((line, i) => {
    const entry = entryOf(line, configOf)
    const wrong = typeof entry !== 'string' ? entries.has(entry.trial) && `repeats trial ${entry.trial}` : entry
    if (wrong !== false)
      throw new FormatError(`search: ${path}, line ${i + 2} ${wrong}. Delete the line, and its trial runs again.`)
    entries.set((entry as JournalEntry).trial, entry as JournalEntry)
  })
  if (whole !== text) await writeFileAtomic(path, encode(whole))
  return [...entries.values()]
}

/** Adds a finished trial: one write, so that a kill leaves at most one line cut off. */
export async function appendJournal(path: string, entry: JournalEntry): Promise<void> {
  try {
    await appendFile(path, `${JSON.stringify(entry)}\n`)
  } catch (cause) {
    throw new FormatError(
      `search: cannot add trial ${entry.trial} to ${path}: ${(cause as Error).message}. The trials before it are kept.`,
      { cause },
    )
  }
}
