/** Hyperparameter search. */
export { range, type Range } from './range'
export { search } from './search'
export type { Hyperparameters, SearchOptions, SearchResult, SearchSpace, Trial, TrialContext } from './trial'
