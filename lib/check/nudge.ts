/**
 * The cost with single entries of θ nudged by ±ε, natively: one program whose scalar `entry` says which element of
 * which weight to nudge, run once with a step per entry. J(θ+ε), J(θ−ε) and whether a kink lies between them come
 * back as the costs of the steps; JavaScript is not involved in between.
 */
import { sizeOf } from '../base/shape'
import { inTurns } from '../base/slices'
import * as build from '../graph/build'
import { bindEach, CompiledProgram, type Runner } from '../graph/compiled'
import { hyperNode, inputNode } from '../graph/leaves'
import { emptyProgram, type Node } from '../graph/node'
import { primitives } from '../graph/primitives'
import { reachable } from '../graph/reachable'
import type { NativeBuffer, RunRequest, RunResult } from '../native/contract'
import { native } from '../native/native'
import { guarded } from '../native/runtime'
import { bufferOf, type Tensor } from '../tensor/tensor'
import { filledFloat64, readFloat64 } from './float64'
import { kinkDeciders, signChanges, substitute } from './substitute'

const where = 'gradientCheck'

/** The cost as a float64 graph, and the values of its leaves. */
export interface CostGraph {
  cost: Node
  /** dJ/dW by parameter. */
  gradients: readonly Node[]
  /** Weights and statistics that the graph reads. */
  states: readonly { node: Node; buffer: NativeBuffer; name: string; size: number }[]
  /** Where the buffers live and the graph is computed. */
  device: string
  /** Data. */
  inputs: readonly { node: Node; buffer: NativeBuffer }[]
}

interface Leaf {
  node: Node
  buffer: NativeBuffer
}

/** A buffer of the CPU on the device where it is needed; a copy is the caller's to free. */
function onDevice(buffer: NativeBuffer, device: string): { buffer: NativeBuffer; own: boolean } {
  if (device === 'cpu') return { buffer, own: false }
  return { buffer: guarded(where, () => native.bufferClone(buffer, device)), own: true }
}

/** Compiles, runs and frees one program over the graph's leaves. */
async function execute(
  graph: CostGraph,
  extra: readonly Leaf[],
  roots: { fetches: Node[]; costs: Node[]; hypers: Node[] },
  rest: RunRequest,
  run: Runner,
  pause: () => void,
): Promise<RunResult> {
  const { device, states } = graph
  const inputs = [...graph.inputs, ...extra]
  const program = {
    ...emptyProgram('float64'),
    inputs: inputs.map((leaf) => leaf.node),
    states: states.map((state) => state.node),
    ...roots,
  }
  // The captured tensors' own memory, or copies on the device where they are needed.
  const borrowed = (capture: unknown) => onDevice(bufferOf(capture as Tensor), device)
  const options = { device, bind: (captures: readonly unknown[]) => bindEach(captures, borrowed) }
  using compiled = await inTurns(CompiledProgram.compiling(where, program, options), pause)
  const buffers = (leaves: readonly { buffer: NativeBuffer }[]) => leaves.map((leaf) => leaf.buffer)
  return await compiled.run({ states: buffers(states), inputs: buffers(inputs), ...rest }, run)
}

export interface Analytic {
  cost: number
  /** By parameter. */
  gradients: Float64Array[]
  /** The random numbers of this run, to be used again by all others: frozen dropout masks. */
  frozen: Leaf[]
}

/** J and dJ/dW of every parameter at θ. `pause` is called after each turn of the event loop. */
export async function analyticGradients(
  graph: CostGraph,
  seed: bigint,
  run: Runner,
  pause: () => void,
): Promise<Analytic> {
  const random = reachable([graph.cost]).filter((node) => primitives[node.op].random)
  const fetches = [graph.cost, ...graph.gradients, ...random]
  const result = await execute(graph, [], { fetches, costs: [], hypers: [] }, { seed }, run, pause)
  const [cost, ...others] = result.fetches
  const masks = others.splice(graph.gradients.length)
  const value = native.bufferRead(cost)[0]
  const gradients: Float64Array[] = []
  try {
    for (const [i, buffer] of others.entries())
      gradients.push(await inTurns(readFloat64(buffer, sizeOf(graph.gradients[i].shape)), pause))
  } catch (error) {
    for (const mask of masks) native.bufferDispose(mask)
    throw error
  } finally {
    for (const buffer of [cost, ...others]) native.bufferDispose(buffer)
  }
  const frozen = masks.map((mask, i) => {
    const { buffer, own } = onDevice(mask, graph.device)
    if (own) native.bufferDispose(mask)
    return { node: random[i], buffer }
  })
  return { cost: value, gradients, frozen }
}

export interface Nudged {
  plus: number
  minus: number
  /** A ReLU, an absolute value … changes sides within ±ε (or stands exactly on the edge): no derivative to compare. */
  kink: boolean
}

/**
 * J(θ±ε), by the number of the entry, for entries of the concatenation of all parameters (`graph.states` whose places
 * `parameters` lists).
 */
export async function nudgedCosts(
  graph: CostGraph,
  parameters: readonly number[],
  entries: Float64Array,
  epsilon: number,
  frozen: readonly Leaf[],
  run: Runner,
  pause: () => void,
): Promise<(entry: number) => Nudged> {
  const entry = hyperNode('entry')
  const plus = new Map<Node, Node>()
  const minus = new Map<Node, Node>()
  const leaves: Leaf[] = []
  const own: NativeBuffer[] = []
  try {
    for (const { node, buffer } of frozen) {
      const input = inputNode(node.shape, 'frozen mask')
      plus.set(node, input)
      minus.set(node, input)
      leaves.push({ node: input, buffer })
    }
    let offset = 0
    for (const place of parameters) {
      const { node, size, name } = graph.states[place]
      // The places of this parameter's elements in θ: comparing them with `entry` picks the one to nudge.
      const start = offset
      const part = (from: number, to: number) => Float64Array.from({ length: to - from }, (_, i) => start + from + i)
      const input = inputNode(node.shape, `places of ${name}`)
      const buffer = await inTurns(filledFloat64(where, size, graph.device, part), pause)
      leaves.push({ node: input, buffer })
      own.push(buffer)
      const step = build.mul(build.equal(input, entry), epsilon)
      plus.set(node, build.add(node, step))
      minus.set(node, build.sub(node, step))
      offset += size
    }
    // Masks are exchanged in the undisturbed graph as well, so that all three see the same ones.
    const still = new Map(frozen.map(({ node }) => [node, plus.get(node)!]))
    const deciders = kinkDeciders([graph.cost])
    const before = await inTurns(substitute(deciders, still), pause)
    const [costPlus, ...above] = await inTurns(substitute([graph.cost, ...deciders], plus), pause)
    const [costMinus, ...below] = await inTurns(substitute([graph.cost, ...deciders], minus), pause)
    const moved = before.map((_, i) => i).filter((i) => above[i] !== before[i] || below[i] !== before[i])
    const pick = (nodes: Node[]) => moved.map((i) => nodes[i])
    const kinks = build.add(signChanges(pick(before), pick(above)), signChanges(pick(before), pick(below)))
    const roots = { fetches: [], costs: [costPlus, costMinus, kinks], hypers: [entry] }
    const result = await execute(graph, leaves, roots, { steps: entries.length, hyper: entries }, run, pause)
    return (i) => {
      const [up, down, changes] = result.costs.subarray(3 * i, 3 * i + 3)
      return { plus: up, minus: down, kink: changes > 0 }
    }
  } finally {
    for (const buffer of own) native.bufferDispose(buffer)
  }
}
