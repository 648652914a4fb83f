/** `data`: preparing examples and looking at predictions. */
export {
  augment,
  transformImages,
  type Augmenter,
  type AugmentOptions,
  type AugmentSettings,
  type TransformOptions,
} from './augment'
export {
  batches,
  recommendedBatchSize,
  type Batches,
  type BatchesOptions,
  type RecommendedBatchSizeOptions,
} from './batches'
export {
  compareDistributions,
  type CompareDistributionsOptions,
  type DistributionComparison,
  type FeatureComparison,
} from './compare-distributions'
export { confusionMatrix, type ConfusionMatrix, type ConfusionMatrixOptions } from './confusion-matrix'
export { fromCsv, type FromCsvLikeOptions, type FromCsvOptions, type Table } from './csv'
export { ewa, type Ewa, type EwaOptions } from './ewa'
export { flattenImage, type FlattenImageOptions, type ImageData } from './flatten-image'
export type { ChannelOrder, ImageFormatOptions, ImageShape } from './image-format'
export { fromImages, type FromImagesOptions, type ImageFolder } from './image-folder'
export { readImage, type Image, type ReadImageOptions } from './images'
export { oneHot } from './labels'
export type { ColumnMissing, MissingOptions } from './missing'
export { normalizer, type Normalizer, type NormalizerOptions } from './normalizer'
export type { Pixels } from './pixels'
export type { DataLike, ShapedArray } from './rows'
export {
  recommendedSplit,
  split,
  splitAsync,
  type Part,
  type Split,
  type SplitAsyncOptions,
  type SplitData,
  type SplitOptions,
} from './split'
export { encodeRows, type Column, type ColumnKind, type TableRow } from './table'
export { bagOfWords, type BagOfWords, type BagOfWordsOptions } from './text'
export { readWav, type ReadWavOptions, type Sound } from './wav'
