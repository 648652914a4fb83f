/** The programs of a model: what one step of training, evaluation, prediction … computes, for one batch shape. */
import type { DType, Precision } from '../../base/dtype'
import { OptionError } from '../../base/errors'
import type { Shape } from '../../base/shape'
import { TraceContext } from '../../graph/context'
import { gradients } from '../../graph/grad'
import { withLabel } from '../../graph/label'
import { hyperNode, inputNode, stateNode } from '../../graph/leaves'
import type { Node, Program } from '../../graph/node'
import type { Loss } from '../../losses'
import type { Metric } from '../../metrics'
import * as ops from '../../ops'
import type { Optimizer } from '../../optimizers/optimizer'
import { nodeOf, Tensor } from '../../tensor/tensor'
import type { Compiled, GradientClip } from '../structure/compile'
import type { ForwardPass, Network } from '../structure/network'
import type { Parameter, SlotTable, StateCell, Weights } from '../structure/weights'

/** A program with what its slots stand for. */
export interface BuiltProgram {
  program: Program
  /** By state slot. */
  cells: StateCell[]
  /** By declared input slot: 'x', 'y', 'weights' or the name of a gradient. */
  inputNames: string[]
  /** By accumulator: its shape. */
  accumulatorShapes: Shape[]
  /** By fetch: layer and value, or weight. */
  fetchNames: string[]
  fetchShapes: Shape[]
  /** By cost. */
  costNames: string[]
  /** Statistics of each metric, in order: they are the last accumulators. */
  statisticCounts: number[]
}

/** The parts of a model that programs are made of. */
export interface Parts {
  network: Network
  weights: Weights
  dtype: DType
  /** Of matrix products. */
  precision: Precision
}

/** What stays the same for all steps of a kind. */
export interface BatchShape {
  /** Rows of a step. */
  batch: number
  /** Whether each row has a weight. */
  weighted: boolean
}

/** Collects the sources of a program while it is traced. */
class Tracer {
  readonly context: TraceContext
  readonly inputs: Node[] = []
  readonly inputNames: string[] = []
  readonly cells: StateCell[] = []
  readonly states: Node[] = []
  readonly hypers: Node[] = []
  readonly #stateOf = new Map<StateCell, Tensor>()

  readonly dtype: DType
  readonly precision: Precision

  constructor({ dtype, precision }: Parts) {
    this.dtype = dtype
    this.precision = precision
    this.context = new TraceContext(dtype, { convertCaptures: true })
  }

  tensor(node: Node): Tensor {
    return Tensor.fromNode(node, this.context)
  }

  input(name: string, shape: Shape): Tensor {
    const node = inputNode(shape, name === 'x' ? 'input' : name)
    this.inputs.push(node)
    this.inputNames.push(name)
    return this.tensor(node)
  }

  state(cell: StateCell): Tensor {
    let value = this.#stateOf.get(cell)
    if (!value) {
      const node = stateNode(cell.shape, cell.name)
      this.cells.push(cell)
      this.states.push(node)
      this.#stateOf.set(cell, (value = this.tensor(node)))
    }
    return value
  }

  hyper(name: string): Tensor {
    const node = hyperNode(name)
    this.hypers.push(node)
    return this.tensor(node)
  }

  finish(rest: {
    fetches?: { name: string; value: Tensor }[]
    updates?: Program['updates']
    guards?: Tensor[]
    costs?: { name: string; value: Tensor }[]
    accumulators?: Tensor[]
    statisticCounts?: number[]
  }): BuiltProgram {
    const nodes = (list: readonly Tensor[] | undefined) => (list ?? []).map(mustNode)
    const fetches = rest.fetches ?? []
    const costs = rest.costs ?? []
    return {
      program: {
        dtype: this.dtype,
        precision: this.precision,
        inputs: this.inputs,
        states: this.states,
        hypers: this.hypers,
        fetches: fetches.map((f) => mustNode(f.value)),
        updates: rest.updates ?? [],
        guards: nodes(rest.guards),
        costs: costs.map((c) => mustNode(c.value)),
        accumulators: nodes(rest.accumulators),
      },
      cells: this.cells,
      inputNames: this.inputNames,
      accumulatorShapes: (rest.accumulators ?? []).map((t) => t.shape),
      fetchNames: fetches.map((f) => f.name),
      fetchShapes: fetches.map((f) => f.value.shape),
      costNames: costs.map((c) => c.name),
      statisticCounts: rest.statisticCounts ?? [],
    }
  }
}

function mustNode(value: Tensor): Node {
  const node = nodeOf(value)
  if (!node)
    throw new OptionError(
      'A layer, loss or metric returned a tensor that does not depend on its arguments. Compute it from them with ' +
        'ops.*.',
    )
  return node
}

function trace(parts: Parts, batch: number, training: boolean): { tracer: Tracer; pass: ForwardPass } {
  const tracer = new Tracer(parts)
  const x = tracer.input('x', [batch, ...parts.network.inputShape])
  return { tracer, pass: forward(parts, tracer, x, training) }
}

function forward({ network, weights }: Parts, tracer: Tracer, x: Tensor, training: boolean): ForwardPass {
  return network.forward(
    x,
    (place) =>
      Object.fromEntries(weights.list.filter((p) => p.layer === place.name).map((p) => [p.key, tracer.state(p)])),
    training,
  )
}

interface DataCost {
  y: Tensor
  /** Sum over the batch of the (weighted) losses. */
  sum: Tensor
  /** sum / m. */
  mean: Tensor
}

/**
 * The loss of a batch without penalties. Weighted losses divide by m, the number of rows, not by the sum of weights.
 */
function dataCost(
  { network }: Parts,
  tracer: Tracer,
  pass: ForwardPass,
  loss: Loss,
  { batch, weighted }: BatchShape,
): DataCost {
  const y = tracer.input('y', [batch, ...loss.targetShape(network.outputShape)])
  const rowWeights = weighted ? tracer.input('weights', [batch, 1]) : null
  return withLabel('loss', () => {
    if (!loss.perExample) {
      if (rowWeights)
        throw new OptionError(
          'sampleWeight and classWeight need a loss per example; a loss function that returns one scalar cannot be ' +
            'weighted.',
        )
      const mean = loss.custom!(y, pass.output.a)
      return { y, sum: ops.mul(mean, batch), mean }
    }
    const each = loss.perExample(y, { ...pass.output, activation: network.activation })
    const sum = ops.sum(rowWeights ? ops.mul(each, rowWeights) : each)
    return { y, sum, mean: ops.div(sum, batch) }
  })
}

/** Penalties in their two scales: to be divided by m, and absolute. */
function penalties({ weights }: Parts, tracer: Tracer): { perExample: Tensor | null; absolute: Tensor | null } {
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

function totalCost(parts: Parts, tracer: Tracer, mean: Tensor, rows: number): Tensor {
  const { perExample, absolute } = penalties(parts, tracer)
  return withLabel('penalty', () => {
    let cost = mean
    if (perExample) cost = ops.add(cost, ops.div(perExample, rows))
    if (absolute) cost = ops.add(cost, absolute)
    return cost
  })
}

function derivatives(tracer: Tracer, cost: Tensor, wrt: readonly Parameter[]): Tensor[] {
  const nodes = gradients(
    mustNode(cost),
    wrt.map((p) => mustNode(tracer.state(p))),
  )
  return nodes.map((node) => tracer.tensor(node))
}

/** The statistics of all metrics, and how many each has. */
function metricStatistics(
  metrics: readonly Metric[],
  y: Tensor,
  a: Tensor,
): { statistics: Tensor[]; statisticCounts: number[] } {
  const groups = metrics.map((metric) => withLabel(`metric ${metric.name}`, () => metric.statistics(y, a)))
  return { statistics: groups.flat(), statisticCounts: groups.map((group) => group.length) }
}

/** Clipped gradients, and the values beside them that must be finite. */
function clip(list: Tensor[], rule: GradientClip | null): { clipped: Tensor[]; guards: Tensor[] } {
  if (!rule || !list.length) return { clipped: list, guards: [] }
  return withLabel('gradientClip', () => {
    if ('value' in rule)
      return { clipped: list.map((g) => ops.minimum(ops.maximum(g, -rule.value), rule.value)), guards: [] }
    const norm = ops.sqrt(list.map((g) => ops.sumSquares(g)).reduce((a, b) => ops.add(a, b)))
    const scale = ops.div(rule.norm, ops.maximum(norm, rule.norm))
    return { clipped: list.map((g) => ops.mul(g, scale)), guards: [norm] }
  })
}

function updates(
  tracer: Tracer,
  optimizer: Optimizer,
  slots: SlotTable,
  trainable: readonly Parameter[],
  gradient: readonly Tensor[],
): Program['updates'] {
  const hyper: Record<string, Tensor> = {}
  for (const name of ['learningRate', ...optimizer.hypers]) hyper[name] = tracer.hyper(name)
  return trainable.flatMap((p, i) =>
    withLabel(p.name, () => {
      const cells = slots.get(p)!
      const next = optimizer.update(
        tracer.state(p),
        gradient[i],
        cells.map((c) => tracer.state(c)),
        hyper,
      )
      const pairs: [StateCell, Tensor][] = [
        [p, next.weight],
        ...cells.map((c, k): [StateCell, Tensor] => [c, next.slots[k]]),
      ]
      return pairs.map(([cell, value]) => ({ state: mustNode(tracer.state(cell)), value: mustNode(value) }))
    }),
  )
}

/**
 * Forward, backward, penalties, guards and updates. Costs: [J, J without penalties]. Accumulators: the metrics'
 * statistics.
 */
export function trainProgram(parts: Parts, compiled: Compiled, shape: BatchShape): BuiltProgram {
  const { tracer, pass } = trace(parts, shape.batch, true)
  const { y, mean } = dataCost(parts, tracer, pass, compiled.loss, shape)
  const cost = totalCost(parts, tracer, mean, shape.batch)
  const { trainable, slots } = parts.weights
  const raw = derivatives(tracer, cost, trainable)
  const { clipped, guards } = clip(raw, compiled.gradientClip)
  const { statistics, statisticCounts } = metricStatistics(compiled.metrics, y, pass.output.a)
  return tracer.finish({
    updates: updates(tracer, compiled.optimizer, slots, trainable, clipped),
    guards: [cost, ...raw, ...guards],
    costs: [
      { name: 'cost', value: cost },
      { name: 'dataLoss', value: mean },
    ],
    accumulators: statistics,
    statisticCounts,
  })
}

/**
 * Accumulators: [sum of the losses, …metrics' statistics]. Costs: the penalties 'perExample' (to be divided by m) and
 * 'absolute', where there are any. Fetches the predictions if asked.
 */
export function evaluateProgram(
  parts: Parts,
  { loss, metrics }: Compiled,
  shape: BatchShape,
  predictions: boolean,
): BuiltProgram {
  const { tracer, pass } = trace(parts, shape.batch, false)
  const { y, sum } = dataCost(parts, tracer, pass, loss, shape)
  const { statistics, statisticCounts } = metricStatistics(metrics, y, pass.output.a)
  const found = penalties(parts, tracer)
  const costs = (['perExample', 'absolute'] as const).flatMap((name) => {
    const value = found[name]
    return value ? [{ name, value }] : []
  })
  return tracer.finish({
    fetches: predictions ? [{ name: 'predictions', value: pass.output.a }] : [],
    costs,
    accumulators: [sum, ...statistics],
    statisticCounts,
  })
}

export function predictProgram(parts: Parts, batch: number): BuiltProgram {
  const { tracer, pass } = trace(parts, batch, false)
  return tracer.finish({ fetches: [{ name: 'predictions', value: pass.output.a }] })
}

/** Fetches `name.z` (where the layer has one) and `name.a` of every layer. */
export function activationsProgram(parts: Parts, batch: number, training: boolean): BuiltProgram {
  const { tracer, pass } = trace(parts, batch, training)
  const fetches = pass.layers.flatMap(({ name, output }) => [
    ...(output.z ? [{ name: `${name}.z`, value: output.z }] : []),
    { name: `${name}.a`, value: output.a },
  ])
  return tracer.finish({ fetches })
}

/** Fetches J, J without penalties, and (if asked) dJ/dW of every weight that getWeights shows. */
export function costProgram(
  parts: Parts,
  loss: Loss,
  shape: BatchShape,
  { training, withGradients }: { training: boolean; withGradients: boolean },
): BuiltProgram {
  const { tracer, pass } = trace(parts, shape.batch, training)
  const { mean } = dataCost(parts, tracer, pass, loss, shape)
  const cost = totalCost(parts, tracer, mean, shape.batch)
  const wrt = withGradients ? parts.weights.visible : []
  const found = derivatives(tracer, cost, wrt)
  return tracer.finish({
    fetches: [
      { name: 'cost', value: cost },
      { name: 'dataLoss', value: mean },
      ...wrt.map((p, i) => ({ name: p.name, value: found[i] })),
    ],
  })
}

/** Updates of all trainable weights from gradients given as inputs, one per trainable weight. */
export function applyProgram(parts: Parts, optimizer: Optimizer, slots: SlotTable): BuiltProgram {
  const tracer = new Tracer(parts)
  const { trainable } = parts.weights
  const given = trainable.map((p) => tracer.input(p.name, p.shape))
  return tracer.finish({ guards: given, updates: updates(tracer, optimizer, slots, trainable, given) })
}
