/** Searching hyperparameters: at random (Bergstra & Bengio 2012) or on a grid, ranked on the dev set. */
import { availableParallelism } from 'node:os'
import { deserialize, serialize } from 'node:v8'
import {
  checkOptions,
  checkSignal,
  functionOption,
  nonEmptyString,
  oneOf,
  positiveInteger,
  seedOption,
  throwIfAborted,
} from '../base/checks'
import { absolutePath } from '../base/disk'
import { AbortError, describeValue, NonFiniteError, OptionError } from '../base/errors'
import type { JsonObject } from '../base/json'
import { Random } from '../data/random'
import { appendJournal, openJournal, type JournalEntry } from './journal'
import type { Range } from './range'
import { Ranking } from './ranking'
import type { Hyperparameters, SearchOptions, SearchResult, SearchSpace, Trial, TrialContext } from './trial'

/** Configs of a grid, the last name changing fastest. */
function gridOf(space: SearchSpace): JsonObject[] {
  const size = Object.values(space).reduce((n, { grid }) => n * grid.length, 1)
  if (size > 100_000) throw new OptionError(`search: the grid has ${size} combinations, expected at most 100000.`)
  return Object.entries(space).reduce<JsonObject[]>(
    (configs, [name, { grid }]) => configs.flatMap((config) => grid.map((value) => ({ ...config, [name]: value }))),
    [{}],
  )
}

function drawn(space: SearchSpace, seed: bigint, trial: number): JsonObject {
  const random = new Random(seed, trial + 1)
  return Object.fromEntries(Object.entries(space).map(([name, range]) => [name, range.draw(random)]))
}

function checkSpace(space: SearchSpace): void {
  const where = 'search'
  if (typeof space !== 'object' || space === null || Object.keys(space).length === 0)
    throw new OptionError(
      `${where}: expected a space such as { lambda: range.log(1e-3, 10) }, got ${describeValue(space)}.`,
    )
  for (const [name, range] of Object.entries(space))
    if (typeof (range as Range | null)?.draw !== 'function')
      throw new OptionError(
        `${where}: '${name}': expected range.log, .linear, .integer or .choice, got ${describeValue(range)}.`,
      )
}

/**
 * Calls `train` with hyperparameters from `space` and ranks what it returns: the error on the dev set, smaller is
 * better. A trial whose training diverges (NonFiniteError, or NaN) ranks last; any other exception ends the search and
 * is thrown.
 *
 *     const { best } = await search({ lambda: range.log(1e-3, 100), units: range.integer(4, 64) }, async (h) => …)
 *
 * `train` may be asynchronous; several trials then run at once. With `file` the search can be killed at any time and
 * started again.
 */
export async function search<const Space extends SearchSpace>(
  space: Space,
  train: (config: Hyperparameters<Space>, context: TrialContext) => number | Promise<number>,
  options: SearchOptions = {},
): Promise<SearchResult<Hyperparameters<Space>>> {
  const where = 'search'
  checkSpace(space)
  functionOption(`${where}: train`, train)
  checkOptions(where, options, ['strategy', 'trials', 'seed', 'concurrency', 'file', 'signal'])
  checkSignal(where, options.signal)
  const strategy = oneOf(`${where}: strategy`, options.strategy ?? 'random', ['random', 'grid'])
  if (strategy === 'grid' && options.trials !== undefined)
    throw new OptionError(`${where}: trials belongs to the random strategy; a grid tries every combination.`)
  const seed = seedOption(`${where}: seed`, options.seed ?? 0)
  const grid = strategy === 'grid' ? gridOf(space) : null
  const count = grid?.length ?? positiveInteger(`${where}: trials`, options.trials ?? 20)
  const lanes = positiveInteger(`${where}: concurrency`, options.concurrency ?? availableParallelism())
  const given = options.file === undefined ? null : nonEmptyString(`${where}: file`, options.file)
  const file = given && absolutePath('write', given)
  throwIfAborted(where, options.signal)
  const ranges = Object.fromEntries(Object.entries(space).map(([name, range]) => [name, range.config]))
  const header = { space: ranges, strategy, seed: String(seed) }
  const done = new Map<number, JournalEntry>()
  const configOf = (trial: number) => (grid ? grid[trial] : drawn(space, seed, trial))
  if (file !== null) for (const entry of await openJournal(file, header, configOf)) done.set(entry.trial, entry)

  const abort = new AbortController()
  const stop = () => abort.abort(options.signal?.reason)
  options.signal?.addEventListener('abort', stop, { once: true })
  let next = 0
  let writing = Promise.resolve()
  const lane = async (): Promise<void> => {
    while (next < count && !abort.signal.aborted) {
      const trial = next++
      if (done.has(trial)) continue
      const config = configOf(trial)
      const entry = await runTrial(train as TrainAny, { trial, config }, abort.signal)
      done.set(trial, entry)
      if (file !== null) await (writing = writing.then(() => appendJournal(file, entry)))
    }
  }
  try {
    const all = await Promise.allSettled(
      Array.from({ length: Math.min(lanes, count) }, () =>
        lane().catch((error: unknown) => {
          abort.abort(error)
          throw error
        }),
      ),
    )
    if (options.signal?.aborted) throw new AbortError(`${where}: aborted.`, { cause: options.signal.reason })
    const failed = all.find((result) => result.status === 'rejected')
    if (failed) throw abort.signal.reason
  } finally {
    options.signal?.removeEventListener('abort', stop)
  }
  return ranked([...done.values()].filter(({ trial }) => trial < count))
}

type TrainAny = (config: never, context: TrialContext) => number | Promise<number>

async function runTrial(
  train: TrainAny,
  { trial, config }: { trial: number; config: JsonObject },
  signal: AbortSignal,
): Promise<JournalEntry> {
  try {
    const error: unknown = await train(deserialize(serialize(config)) as never, { trial, signal })
    if (typeof error !== 'number')
      throw new OptionError(
        `search: train must return the error on the dev set, a number; got ${describeValue(error)}.`,
      )
    if (Number.isFinite(error)) return { trial, config, error }
    return { trial, config, error: null, failure: `train returned ${error}` }
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error
    return { trial, config, error: null, failure: error.message }
  }
}

function ranked<Config>(entries: readonly JournalEntry[]): SearchResult<Config> {
  const trials = entries
    .map(({ error, ...rest }) => ({ ...rest, error: error ?? Infinity }) as unknown as Trial<Config>)
    .sort((a, b) => (a.error === b.error ? a.trial - b.trial : a.error - b.error))
  return new Ranking(trials[0], trials)
}
