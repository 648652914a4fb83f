import { fromTable, type OptionsOf } from './from-table'

/** Ops of the table that the library itself uses; `ops` in public.ts has all of them. */
export const {
  abs,
  add,
  cos,
  div,
  equal,
  erfc,
  exp,
  expm1,
  floor,
  greater,
  greaterEqual,
  leakyRelu,
  log,
  matmul,
  maximum,
  minimum,
  mul,
  neg,
  power,
  relu,
  select,
  sigmoid,
  sigmoidCrossEntropy,
  sign,
  sin,
  softmaxCrossEntropy,
  softplus,
  sqrt,
  sub,
  sumSquares,
  tanh,
} = fromTable
export { clip, less, lessEqual, notEqual, square, stopGradient, where } from './elementwise'
export { argmax, argmin, logSumExp, max, mean, min, norm, sum, variance } from './reduce'
export {
  broadcastShape,
  broadcastTo,
  concat,
  expandDims,
  pad,
  reshape,
  slice,
  squeeze,
  stack,
  transpose,
} from './movement'
export { dot } from './linear'
export { cast, scatterAdd, take } from './rows'
export { logSoftmax, oneHot, softmax } from './classify'
export { randomNormal, randomUniform } from './random'
export { named } from './named'
export type { ReduceOptions, ArgOptions } from './reduce'
export type { AxisOptions } from './classify'
export type { RandomOptions } from './random'

export type MatmulOptions = OptionsOf<'matmul'>
