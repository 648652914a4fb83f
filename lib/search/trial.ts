/** What a search takes and gives. */
import type { Range } from './range'

/** Hyperparameters by name. */
export type SearchSpace = Readonly<Record<string, Range>>
/** One value for each: typed and serialisable. */
export type Hyperparameters<Space extends SearchSpace> = {
  [Name in keyof Space]: Space[Name] extends Range<infer T> ? T : never
}

export interface SearchOptions {
  /** 'random' (default) tries any values; 'grid' all combinations of the ranges' grids. */
  strategy?: 'random' | 'grid' | undefined
  /** Number of trials of a random search. Default 20. */
  trials?: number | undefined
  /** Default 0. Trial number i has the same values in every search with this seed. */
  seed?: number | bigint | undefined
  /** Trials that run at the same time, each with a model of its own. Default: the number of processors. */
  concurrency?: number | undefined
  /** Finished trials are kept here; a search that was interrupted goes on where it stopped. */
  file?: string | undefined
  signal?: AbortSignal | undefined
}

export interface Trial<Config> {
  /** From 0. */
  trial: number
  config: Config
  /** What `train` returned; Infinity for a run that diverged. */
  error: number
  /** Why the run diverged. */
  failure?: string
}

export interface SearchResult<Config> {
  /** Smallest error. */
  best: Trial<Config>
  /** The best first. */
  trials: Trial<Config>[]
  /** A table of the ten best trials: number, error, hyperparameters. `console.log` shows it. */
  toString(): string
}

/** What `train` knows beside its hyperparameters. */
export interface TrialContext {
  trial: number
  /** Aborted when the search is, or when another trial has thrown: hand it to `fit`. */
  signal: AbortSignal
}
