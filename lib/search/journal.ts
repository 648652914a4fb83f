/** The file of a search: a line for what is searched, then one for every finished trial. */
import { appendFile } from 'node:fs/promises'
import { FormatError, OptionError } from '../errors'
import { readFile, writeFileAtomic } from '../files'
import type { Json } from '../layers/layer'

/** A trial that is over, as the file keeps it. */
export interface JournalEntry {
  trial: number
  config: { [key: string]: Json }
  /** null stands for a run that diverged. */
  error: number | null
  failure?: string
}

const encode = (text: string) => new TextEncoder().encode(text)

/**
 * Opens or creates the file. Trials of an earlier, interrupted run are handed back; a line that was cut off by a kill is
 * dropped. OptionError if the file belongs to another search, FormatError if it is none.
 */
export async function openJournal(path: string, header: Json): Promise<JournalEntry[]> {
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
  if (whole !== text) await writeFileAtomic(path, encode(whole))
  try {
    return whole
      .slice(first.length)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as JournalEntry)
  } catch (cause) {
    throw new FormatError(`search: ${path} has a line that cannot be read.`, { cause })
  }
}

/** Adds a finished trial: one write, so that a kill leaves at most one line cut off. */
export async function appendJournal(path: string, entry: JournalEntry): Promise<void> {
  await appendFile(path, `${JSON.stringify(entry)}\n`)
}
