export {
  abs,
  add,
  clip,
  cos,
  div,
  equal,
  exp,
  floor,
  greater,
  greaterEqual,
  leakyRelu,
  less,
  lessEqual,
  log,
  maximum,
  minimum,
  mul,
  neg,
  notEqual,
  power,
  relu,
  select,
  sigmoid,
  sigmoidCrossEntropy,
  sign,
  sin,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  tanh,
  where,
} from './elementwise'
export { argmax, argmin, logSumExp, max, mean, min, norm, sum, sumSquares, variance } from './reduce'
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
export { dot, matmul } from './linear'
export { logSoftmax, oneHot, softmax, softmaxCrossEntropy } from './classify'
export { randomNormal, randomUniform } from './random'
export { named } from './named'
export type { ReduceOptions, ArgOptions } from './reduce'
export type { MatmulOptions } from './linear'
export type { AxisOptions } from './classify'
export type { RandomOptions } from './random'
