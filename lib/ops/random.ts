/** Random tensors: Philox, the same numbers on every machine and for any number of threads. */
import { randomBytes } from 'node:crypto'
import {
  checkOptions,
  dtypeOption,
  finiteNumber,
  nonNegativeInteger,
  nonNegativeNumber,
  seedOption,
  shapeOption,
} from '../base/checks'
import type { DType } from '../base/dtype'
import { OptionError } from '../base/errors'
import type { Shape } from '../base/shape'
import * as b from '../graph/build'
import type { Tensor } from '../tensor/tensor'
import { runRecipe } from './engine'

export interface RandomOptions {
  /** Integer ≥ 0 (or BigInt below 2^64). Same seed → same numbers. Drawn afresh by default. */
  seed?: number | bigint | undefined
  /** Independent sequences of one seed, 0…2^31−1. Default 0. */
  stream?: number | undefined
  /** Default 'float32'. The numbers are the same in both, rounded. */
  dtype?: DType | undefined
}

function common(op: string, shape: Shape, options: RandomOptions | undefined, more: string[]) {
  checkOptions(op, options, ['seed', 'stream', 'dtype', ...more])
  const stream = nonNegativeInteger(`${op}: stream`, options?.stream ?? 0)
  if (stream >= 2 ** 31) throw new OptionError(`${op}: stream: expected an integer below 2^31, got ${stream}.`)
  return {
    to: shapeOption(op, shape),
    seed: options?.seed === undefined ? randomBytes(8).readBigUInt64LE() : seedOption(`${op}: seed`, options.seed),
    stream,
    dtype: dtypeOption(op, options?.dtype ?? 'float32'),
  }
}

/** Uniform numbers in [min, max), by default [0, 1), with 24 random bits each. */
export function randomUniform(
  shape: Shape,
  options?: RandomOptions & { min?: number | undefined; max?: number | undefined },
): Tensor {
  const { to, seed, stream, dtype } = common('randomUniform', shape, options, ['min', 'max'])
  const min = finiteNumber('randomUniform: min', options?.min ?? 0)
  const max = finiteNumber('randomUniform: max', options?.max ?? 1)
  if (!(min < max)) throw new OptionError(`randomUniform: expected min < max, got ${min} and ${max}.`)
  return runRecipe(
    'randomUniform',
    [min, max - min],
    `${to} ${stream}`,
    ([low, width]) => b.add(low, b.mul(width, b.randomUniform(to, 2 * stream))),
    {
      dtype,
      seed,
    },
  )
}

/** Normally distributed numbers, by default with mean 0 and standard deviation `std` 1 (Box–Muller). */
export function randomNormal(
  shape: Shape,
  options?: RandomOptions & { mean?: number | undefined; std?: number | undefined },
): Tensor {
  const { to, seed, stream, dtype } = common('randomNormal', shape, options, ['mean', 'std'])
  const mean = finiteNumber('randomNormal: mean', options?.mean ?? 0)
  const std = nonNegativeNumber('randomNormal: std', options?.std ?? 1)
  return runRecipe(
    'randomNormal',
    [mean, std],
    `${to} ${stream}`,
    ([center, scale]) => {
      // 1 − u lies in (0, 1], so that its logarithm is finite.
      const radius = b.sqrt(b.mul(-2, b.log(b.sub(1, b.randomUniform(to, 2 * stream)))))
      const angle = b.mul(2 * Math.PI, b.randomUniform(to, 2 * stream + 1))
      return b.add(center, b.mul(scale, b.mul(radius, b.cos(angle))))
    },
    { dtype, seed },
  )
}
