/** A layer by itself: forward with a cache, backward from it. */
import { checkOptions, dtypeOption, seedOption, shapeOption } from '../../base/checks'
import type { DType } from '../../base/dtype'
import { describeValue, OptionError, ShapeError } from '../../base/errors'
import { shapeText, type Shape } from '../../base/shape'
import { grad } from '../../functions/grad'
import type { Layer } from '../../layers'
import * as ops from '../../ops'
import { tensor, Tensor, type TensorLike } from '../../tensor/tensor'
import { chain } from './describe'
import { Network } from './network'
import { Weights } from './weights'

export interface LayerBlockOptions {
  /** Of one example, without the batch. */
  inputShape: Shape
  /** Of the initial weights. Default 0. */
  seed?: number | bigint | undefined
  /** Default 'float64'. */
  dtype?: DType | undefined
}

/** What `backward` needs of `forward`. */
export interface BlockCache {
  /** A_(l−1). */
  readonly input: Tensor
  readonly weights: Readonly<Record<string, Tensor>>
}

export interface LayerBlock {
  readonly outputShape: Shape
  /** By name; assign other tensors of the same shapes to change them. */
  weights: Record<string, Tensor>
  /** A_l (and Z_l, where the layer has one) for rows A_(l−1) [m, ...inputShape]. */
  forward(input: TensorLike): { a: Tensor; z?: Tensor | undefined; cache: BlockCache }
  /**
   * dA_(l−1) and the gradients of the weights from dA_l. dA is the derivative of the loss summed over
   * the batch, and dW, db are those of the cost J: divided by m.
   */
  backward(dA: TensorLike, cache: BlockCache): { dA: Tensor; gradients: Record<string, Tensor> }
}

/**
 * Builds one layer outside a model, at inference (dropout is the identity). Own layers made with `defineLayer` use
 * their own gradient, where they have one. `normalize` needs its mean and variance as options.
 */
export function layerBlock(layer: Layer, options: LayerBlockOptions): LayerBlock {
  const where = 'layerBlock'
  checkOptions(where, options, ['inputShape', 'seed', 'dtype'])
  const inputShape = shapeOption(`${where}: inputShape`, options?.inputShape)
  const dtype = dtypeOption(where, options.dtype ?? 'float64')
  const network = new Network(chain(inputShape, [layer]), where)
  const [{ name, built }] = network.layers
  if (built.needsAdapt)
    throw new OptionError(`${where}: '${name}' has no mean and variance yet. Give them: { mean, variance }.`)
  const cells = new Weights(network, dtype, seedOption(`${where}: seed`, options.seed ?? 0), 'cpu')
  const initial: Record<string, Tensor> = {}
  for (const p of cells.list) initial[p.key] = tensor(cells.read(p), p.shape, { dtype })
  cells.dispose()
  const names = Object.keys(initial)
  const trainable = names.filter((key) => built.weights.find((spec) => spec.name === key)?.trainable)
  const context = { training: false, trainable: true, stream: 0 }
  const call = (x: Tensor, w: Record<string, Tensor>) => {
    const { z, a } = built.call([x], w, context)
    return { z, a }
  }
  const take = (what: string, value: TensorLike, shape: readonly (number | null)[]) => {
    const given = tensor(value, { dtype })
    if (given.rank !== shape.length || shape.some((d, i) => d !== null && d !== given.shape[i]))
      throw new ShapeError(
        `${where}: ${name}: ${what}: expected shape ${shapeText(shape)}, got ${shapeText(given.shape)}.`,
      )
    return given
  }
  return {
    outputShape: built.outputShape,
    weights: { ...initial },
    forward(input) {
      const x = take('input', input, [null, ...inputShape])
      const weights = Object.fromEntries(
        names.map((key) => [key, take(key, this.weights[key] ?? initial[key], initial[key].shape)]),
      )
      return { ...call(x, weights), cache: { input: x, weights } }
    },
    backward(dA, cache) {
      if (!(cache?.input instanceof Tensor))
        throw new OptionError(`${where}: backward: expected the cache that forward gave, got ${describeValue(cache)}.`)
      const { input, weights } = cache
      const m = input.shape[0]
      const upstream = take('dA', dA, [m, ...built.outputShape])
      const total = (x: Tensor, ...values: Tensor[]) => {
        const w = { ...weights, ...Object.fromEntries(trainable.map((key, i) => [key, values[i]])) }
        return ops.sum(ops.mul(upstream, call(x, w).a))
      }
      const [dX, ...found] = grad(total)(input, ...trainable.map((key) => weights[key]))
      const gradients = Object.fromEntries(trainable.map((key, i) => [key, ops.div(found[i], m)]))
      return { dA: dX, gradients }
    },
  }
}
