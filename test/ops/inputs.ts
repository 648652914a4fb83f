/** What a case of the table says, and the values that its inputs take. */
import { sizeOf, type Shape } from '../../lib/base/shape'
import { constant, createNode } from '../../lib/graph/build'
import { gradients } from '../../lib/graph/grad'
import { inputNode } from '../../lib/graph/leaves'
import type { Attrs, Node } from '../../lib/graph/node'
import { primitives } from '../../lib/graph/primitives'
import { attributesOf } from '../../lib/graph/primitives/options'

export interface OpCase {
  op: string
  /** Which variant, where an op has several entries. */
  note?: string
  shapes: Shape[]
  /** Values are drawn from this interval (default [−2, 2]); one for all inputs or one each. */
  range?: [number, number] | [number, number][]
  /** Values keep this distance from each of these numbers: kinks and jumps. */
  avoid?: number[]
  /** Whole numbers in the range instead of any: for jumps in several inputs and for ties. */
  distinct?: boolean
  /** Inputs drawn as 0 or 1. */
  binary?: number[]
  /** Inputs of whole numbers (int32), by their number: drawn from 0 to below this one. */
  whole?: Readonly<Record<number, number>>
  /** For ops with options of their own: what users give, `ops[op](…inputs, options)`. */
  options?: Readonly<Record<string, unknown>>
  /** The value under test. Default: the op on the inputs, with its options. */
  build: (...nodes: Node[]) => Node
  /** The same value from other primitives: the oracle of fat ones. */
  compose?: (...nodes: Node[]) => Node
  /** Too many entries for one difference each: the derivative is checked along one direction. */
  large?: true
  /** The derivative is zero by definition. */
  flat?: true
}

export type CaseEntry = Omit<OpCase, 'build'> & Partial<Pick<OpCase, 'build'>>

/** A case whose value is the op itself, where its entry says nothing else. */
export function completed(entry: CaseEntry): OpCase {
  const build = (...nodes: Node[]) => createNode(entry.op, nodes, attributesOfCase(entry))
  return { ...entry, build: entry.build ?? build }
}

/** The attributes that the case's options stand for. */
export function attributesOfCase({ op, options, shapes }: CaseEntry): Attrs {
  return attributesOf(op, primitives[op].options ?? {})(options, shapes)
}

const isWhole = (c: OpCase, input: number) => c.whole?.[input] !== undefined

/** The input nodes of a case. */
export function inputNodesOf(c: OpCase): Node[] {
  return c.shapes.map((shape, i) => inputNode(shape, '', isWhole(c, i) ? 'int32' : undefined))
}

/** Whether small steps of an input mean nothing: it chooses, or names rows. */
export const isFixed = (c: OpCase, input: number) => c.binary?.includes(input) === true || isWhole(c, input)

/** The derivative by every input: zeros for whole numbers, which have none. */
export function derivativesOf(cost: Node, inputs: readonly Node[]): Node[] {
  const floating = inputs.filter((node) => node.dtype === undefined)
  const found = gradients(cost, floating)
  return inputs.map((node) => (node.dtype ? constant(0, node.shape) : found[floating.indexOf(node)]))
}

/** Small seeded generator for test data. */
export function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32
  }
}

/** Input values of a case, the same on every run. */
export function inputsOf(c: OpCase, seed = 1): number[][] {
  const random = generator(seed)
  const ranges = (i: number): [number, number] => {
    const range = c.range ?? [-2, 2]
    return Array.isArray(range[0]) ? (range[i] as [number, number]) : (range as [number, number])
  }
  if (c.distinct) {
    // Different multiples of 0.1 over all inputs together: nothing ties, and nothing changes order by a small step.
    const count = c.shapes.reduce((n, s) => n + sizeOf(s), 0)
    const grid = Array.from({ length: count }, (_, i) => (i - count / 2) * 0.1)
    for (let i = count - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1))
      ;[grid[i], grid[j]] = [grid[j], grid[i]]
    }
    return c.shapes.map((s) => grid.splice(0, sizeOf(s)))
  }
  return c.shapes.map((s, i) =>
    Array.from({ length: sizeOf(s) }, () => {
      if (c.binary?.includes(i)) return random() < 0.5 ? 0 : 1
      const below = c.whole?.[i]
      if (below !== undefined) return Math.floor(random() * below)
      const [low, high] = ranges(i)
      for (;;) {
        const v = low + (high - low) * random()
        if (!c.avoid?.some((kink) => Math.abs(v - kink) < 0.01)) return v
      }
    }),
  )
}

export const nameOf = (c: OpCase) => (c.note ? `${c.op}: ${c.note}` : c.op)
