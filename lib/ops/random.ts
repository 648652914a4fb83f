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
import { whereOf } from '../graph/label'
import type { Node } from '../graph/node'
import { currentStreams, type RandomStreams } from '../graph/random-streams'
import { Tensor } from '../tensor/tensor'
import { runRecipe } from './engine'

export interface RandomOptions {
  /**
   * Integer ≥ 0 (or BigInt below 2^64). Same seed → same numbers. By default one is drawn afresh. In the layers and the
   * loss of a model, where nothing is computed yet, numbers without a seed are new in each step, from the model's seed.
   */
  seed?: number | bigint | undefined
  /** Independent sequences of one seed, 0…2^31−1. Default 0. */
  stream?: number | undefined
  /** Default 'float32'; in a model, the model's. The numbers are the same in both, rounded. */
  dtype?: DType | undefined
}

/** What makes random numbers: the nodes of `numbers`, and the streams from `stream` on, as many as it takes. */
interface Distribution {
  numbers: number[]
  streams: number
  build: (numbers: Node[], shape: Shape, stream: number) => Node
}

/** Of each stream that users name: the uniform numbers behind it. */
const streamsOfOne = 2

function draw(
  op: string,
  shape: Shape,
  options: RandomOptions | undefined,
  { numbers, streams, build }: Distribution,
): Tensor {
  const to = shapeOption(op, shape)
  const program = options?.seed === undefined ? currentStreams() : undefined
  if (program) {
    agree(op, options, program)
    return Tensor.fromNode(
      build(
        numbers.map((x) => b.constant(x)),
        to,
        program.take(streams),
      ),
      program.context,
    )
  }
  const stream = nonNegativeInteger(`${op}: stream`, options?.stream ?? 0)
  if (stream >= 2 ** 31) throw new OptionError(`${op}: stream: expected an integer below 2^31, got ${stream}.`)
  const seed = options?.seed === undefined ? randomBytes(8).readBigUInt64LE() : seedOption(`${op}: seed`, options.seed)
  const dtype = dtypeOption(op, options?.dtype ?? 'float32')
  const recipe = (nodes: Node[]) => build(nodes, to, streamsOfOne * stream)
  return runRecipe(op, numbers, `${to} ${stream}`, recipe, { dtype, seed })
}

/** Options of numbers that belong to a program: its dtype, and no stream, for the program has its own. */
function agree(op: string, options: RandomOptions | undefined, program: RandomStreams): void {
  if (options?.stream !== undefined)
    throw new OptionError(
      `${whereOf(op)}: stream: expected a seed beside it. Without a seed the numbers belong to the model, where each ` +
        'call has a stream of its own.',
    )
  if (options?.dtype !== undefined) program.context.meetTensor(whereOf(op), dtypeOption(op, options.dtype))
}

const names = ['seed', 'stream', 'dtype']

/**
 * Uniform numbers in [min, max), by default [0, 1), with 24 random bits each. In the layers and the loss of a model:
 * new ones in each step, unless there is a seed.
 */
export function randomUniform(
  shape: Shape,
  options?: RandomOptions & { min?: number | undefined; max?: number | undefined },
): Tensor {
  checkOptions('randomUniform', options, [...names, 'min', 'max'])
  const min = finiteNumber('randomUniform: min', options?.min ?? 0)
  const max = finiteNumber('randomUniform: max', options?.max ?? 1)
  if (!(min < max)) throw new OptionError(`randomUniform: expected min < max, got ${min} and ${max}.`)
  return draw('randomUniform', shape, options, {
    numbers: [min, max - min],
    streams: 1,
    build: ([low, width], to, stream) => b.add(low, b.mul(width, b.randomUniform(to, stream))),
  })
}

/**
 * Normally distributed numbers, by default with mean 0 and standard deviation `std` 1 (Box–Muller). In the layers and
 * the loss of a model: new ones in each step, unless there is a seed.
 */
export function randomNormal(
  shape: Shape,
  options?: RandomOptions & { mean?: number | undefined; std?: number | undefined },
): Tensor {
  checkOptions('randomNormal', options, [...names, 'mean', 'std'])
  const mean = finiteNumber('randomNormal: mean', options?.mean ?? 0)
  const std = nonNegativeNumber('randomNormal: std', options?.std ?? 1)
  return draw('randomNormal', shape, options, {
    numbers: [mean, std],
    streams: 2,
    build([center, scale], to, stream) {
      // 1 − u lies in (0, 1], so that its logarithm is finite.
      const radius = b.sqrt(b.mul(-2, b.log(b.sub(1, b.randomUniform(to, stream)))))
      const angle = b.mul(2 * Math.PI, b.randomUniform(to, stream + 1))
      return b.add(center, b.mul(scale, b.mul(radius, b.cos(angle))))
    },
  })
}
