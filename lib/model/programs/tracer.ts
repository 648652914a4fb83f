/** From a network to a program: what a trace collects. */
import type { DType, Precision } from '../../base/dtype'
import { OptionError } from '../../base/errors'
import type { Shape } from '../../base/shape'
import type { Sliced } from '../../base/slices'
import { TraceContext } from '../../graph/context'
import { hyperNode, inputNode, stateNode } from '../../graph/leaves'
import type { Node, Program } from '../../graph/node'
import { RandomStreams, withRandomStreams } from '../../graph/random-streams'
import { nodeOf, Tensor } from '../../tensor/tensor'
import { asFloating, type ForwardPass, type Network, type NetworkInput } from '../structure/network'
import type { StateCell, Weights } from '../structure/weights'

/** A program with what its slots stand for. */
export interface BuiltProgram {
  program: Program
  /** By state slot. */
  cells: StateCell[]
  /** By declared input slot: as the network's inputs and outputs say, or the name of a gradient. */
  inputNames: string[]
  /** What is added up over steps, in order. */
  totals: TotalPlace[]
  /** By fetch: output, use of a layer and value, or weight. */
  fetchNames: string[]
  fetchShapes: Shape[]
  /** Of the first costs; the others belong to totals. */
  costNames: string[]
  /** Statistics of each metric, in order: they are the last totals. */
  statisticCounts: number[]
}

/**
 * Where a step leaves what is added up over steps. Single numbers, which may be fractions, are noted like costs and
 * added one step after the other: their sum is the same however the steps are cut into runs. Several numbers are
 * counts, which have no rounding, and are added up by the run.
 */
export interface TotalPlace {
  /** How many numbers. */
  readonly size: number
  /** Number of the cost; null: the next accumulator. */
  readonly cost: number | null
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
  /** By output: whether each row has a weight. */
  weighted: readonly boolean[]
}

/** Collects the sources of a program while it is traced. */
export class Tracer {
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

  /** Rows of an input of the network. */
  data({ slot, label, shape, dtype }: NetworkInput, batch: number): Tensor {
    return this.input(slot, [batch, ...shape], label, dtype)
  }

  /** `label`: what errors call it. */
  input(name: string, shape: Shape, label = name, dtype?: 'int32'): Tensor {
    const node = inputNode(shape, label, dtype)
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
    /** What is to be added up over steps. */
    totals?: Tensor[]
    statisticCounts?: number[]
  }): BuiltProgram {
    const nodes = (list: readonly Tensor[] | undefined) => (list ?? []).map(mustNode)
    // Whoever reads a result gets floating numbers.
    const fetches = (rest.fetches ?? []).map(({ name, value }) => ({ name, value: asFloating(value) }))
    const costs = rest.costs ?? []
    const noted = costs.map(({ value }) => value)
    const accumulators: Tensor[] = []
    const totals = (rest.totals ?? []).map((value): TotalPlace => {
      const isNoted = value.rank === 0
      const cost = isNoted ? noted.length : null
      ;(isNoted ? noted : accumulators).push(value)
      return { size: value.size, cost }
    })
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
        costs: nodes(noted),
        accumulators: nodes(accumulators),
      },
      cells: this.cells,
      inputNames: this.inputNames,
      totals,
      fetchNames: fetches.map((f) => f.name),
      fetchShapes: fetches.map((f) => f.value.shape),
      costNames: costs.map((c) => c.name),
      statisticCounts: rest.statisticCounts ?? [],
    }
  }
}

/** The node of a traced value. OptionError for a concrete one: it does not depend on the data. */
export function mustNode(value: Tensor): Node {
  const node = nodeOf(value)
  if (!node)
    throw new OptionError(
      'A layer, loss or metric returned a tensor that does not depend on its arguments. Compute it from them with ' +
        'ops.*.',
    )
  return node
}

/**
 * A program as `build` traces it, in slices. Random numbers that its functions draw are new in every step. Other
 * programs may be traced between two slices: what the functions find around them is put in place for each.
 */
export function* programOf(parts: Parts, build: (tracer: Tracer) => Sliced<BuiltProgram>): Sliced<BuiltProgram> {
  const tracer = new Tracer(parts)
  const streams = new RandomStreams(tracer.context)
  const work = build(tracer)
  for (;;) {
    const { done, value } = withRandomStreams(streams, () => work.next())
    if (done) return value
    yield
  }
}

/** A forward pass over a batch. */
export function* trace(
  parts: Parts,
  tracer: Tracer,
  batch: number,
  training: boolean,
  random = true,
): Sliced<ForwardPass> {
  const { network, weights } = parts
  const inputs = network.inputs.map((input) => tracer.data(input, batch))
  return yield* network.forward(
    inputs,
    (place) => Object.fromEntries(weights.list.filter((p) => p.place === place).map((p) => [p.key, tracer.state(p)])),
    { training, random, isTrainable: (place) => weights.isTrainable(place) },
  )
}
