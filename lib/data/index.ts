/** `data`: preparing examples and looking at predictions. */
export {
  batches,
  recommendedBatchSize,
  type Batches,
  type BatchesOptions,
  type RecommendedBatchSizeOptions,
} from './batches'
export { confusionMatrix, type ConfusionMatrix, type ConfusionMatrixOptions } from './confusion-matrix'
export { oneHot } from './labels'
export { normalizer, type Normalizer } from './normalizer'
export type { DataLike, ShapedArray } from './rows'
export { recommendedSplit, split, type Part, type Split, type SplitOptions } from './split'
