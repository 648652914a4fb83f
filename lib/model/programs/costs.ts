/** What a batch costs: the losses of all outputs, their sum, and the penalties of the weights. */
import { OptionError } from '../../base/errors'
import { withLabel } from '../../graph/label'
import * as ops from '../../ops'
import type { Tensor } from '../../tensor/tensor'
import type { CompiledOutput } from '../structure/compile'
import type { ForwardPass } from '../structure/network'
import type { BatchShape, Parts, Tracer } from './tracer'

/** The loss of one output on a batch. */
export interface OutputCost {
  y: Tensor
  /** What the network gave. */
  a: Tensor
  /** Sum over the batch of the (weighted) losses. */
  sum: Tensor
  /** sum / m. */
  mean: Tensor
}

/**
 * The loss of each output without penalties. Weighted losses divide by m, the number of rows, not by the sum of
 * weights.
 */
export function outputCosts(
  tracer: Tracer,
  pass: ForwardPass,
  outputs: readonly CompiledOutput[],
  { batch, weighted }: BatchShape,
): OutputCost[] {
  return outputs.map(({ output, loss }, i) => {
    const given = pass.outputs[i]
    const y = tracer.input(output.slot, [batch, ...loss.targetShape(output.shape)])
    const rowWeights = weighted[i] ? tracer.input(output.weightSlot, [batch, 1]) : null
    return withLabel('loss', () => {
      if (!loss.perExample) {
        if (rowWeights)
          throw new OptionError(
            'sampleWeight and classWeight need a loss per example; a loss function that returns one scalar cannot be ' +
              'weighted.',
          )
        const mean = loss.custom!(y, given.a)
        return { y, a: given.a, sum: ops.mul(mean, batch), mean }
      }
      const each = loss.perExample(y, { ...given, activation: output.activation })
      const sum = ops.sum(rowWeights ? ops.mul(each, rowWeights) : each)
      return { y, a: given.a, sum, mean: ops.div(sum, batch) }
    })
  })
}

/** Σ weight·value over the outputs. */
export function weightedSum(outputs: readonly CompiledOutput[], values: readonly Tensor[]): Tensor {
  return withLabel('loss', () =>
    values
      .map((value, i) => (outputs[i].lossWeight === 1 ? value : ops.mul(outputs[i].lossWeight, value)))
      .reduce((a, b) => ops.add(a, b)),
  )
}

/** Costs of the outputs that have names, as logs call them. */
export function namedCosts(
  outputs: readonly CompiledOutput[],
  costs: readonly OutputCost[],
): { name: string; value: Tensor }[] {
  return outputs.flatMap(({ prefix }, i) => (prefix ? [{ name: `${prefix}loss`, value: costs[i].mean }] : []))
}

/** Penalties in their two scales: to be divided by m, and absolute. Weights count once, however often they are used. */
export function penalties({ weights }: Parts, tracer: Tracer): { perExample: Tensor | null; absolute: Tensor | null } {
  let perExample: Tensor | null = null
  let absolute: Tensor | null = null
  for (const p of weights.list) {
    if (!p.spec.regularizer) continue
    const penalty = withLabel(p.layer, () => p.spec.regularizer!.penalty(tracer.state(p)))
    if (penalty.perExample) perExample = perExample ? ops.add(perExample, penalty.perExample) : penalty.perExample
    if (penalty.absolute) absolute = absolute ? ops.add(absolute, penalty.absolute) : penalty.absolute
  }
  return { perExample, absolute }
}

export function totalCost(parts: Parts, tracer: Tracer, mean: Tensor, rows: number): Tensor {
  const { perExample, absolute } = penalties(parts, tracer)
  return withLabel('penalty', () => {
    let cost = mean
    if (perExample) cost = ops.add(cost, ops.div(perExample, rows))
    if (absolute) cost = ops.add(cost, absolute)
    return cost
  })
}
