/** What TypeScript knows about an op, and the kinds of paragraphs that many ops share. */
import { OptionError } from '../../base/errors'
import { broadcastShapes, type Shape } from '../../base/shape'
import type * as Build from '../build'
import type { Attrs, Node, NodeDType } from '../node'
import type { OpOptions } from './options'

export interface ShapeCall {
  /** Opens error messages: the op, and the label of the layer where there is one. */
  readonly where: string
  readonly shapes: readonly Shape[]
  readonly attrs: Attrs
  /** The shape asked for, where the inputs do not decide it. */
  readonly asked: Shape | undefined
}

export type Arity = 0 | 1 | 2 | 3 | 4

/** Which operands are whole numbers, and whether the result is. */
export interface DTypeRule {
  /** One for each operand; 'alike': either dtype, the same for all. */
  readonly operands: readonly NodeDType[] | 'alike'
  readonly result: (operands: readonly NodeDType[]) => NodeDType
}

/** The record of an op. Values are defined in native/math and native/cpu/kernels. */
export interface Primitive {
  /** Number of inputs; undefined: any. */
  readonly arity: Arity | undefined
  /** True where output elements depend on input elements of the same place only. */
  readonly elementwise?: true
  /** True where the value comes from outside: equal nodes need not have equal values. */
  readonly leaf?: true
  /** True where the value is drawn anew in each run. */
  readonly random?: true
  /**
   * `ops` has a function of the op's name, which takes the inputs and these options; the op's comment documents it.
   * Left out: the op is reached through functions in lib/ops, or not at all.
   */
  readonly options?: OpOptions
  readonly shape: (call: ShapeCall) => Shape
  /** Left out: operands and result are floating numbers. */
  readonly dtypes?: DTypeRule
  /**
   * Vector–Jacobian product: takes the node and dy = dL/d(node) and returns dL/d(input) for every input, null where
   * there is none (comparisons, sign, floor: the derivative is zero wherever it exists). It builds graph nodes, so
   * derivatives can be differentiated again. Of element-wise ops they have the shape of the result: whoever asks adds
   * up what an operand gets in the places that it was repeated to.
   */
  readonly vjp: (node: Node, dy: Node, b: typeof Build) => (Node | null)[]
  /** The number that fills the result where these numbers fill the inputs. Left out: constants are left to the core. */
  readonly fold?: (...numbers: number[]) => number
  /** The number on the left or on the right of the other operand that leaves it as it is. */
  readonly neutral?: { readonly left?: number; readonly right?: number }
  /** A node of the same value that is nearer to the leaves or cheaper; undefined where there is none. */
  readonly simplify?: (node: Node, b: typeof Build) => Node | undefined
  /**
   * For ops whose derivative jumps: a value whose sign says on which side of the jump each element stands. Gradient
   * checking leaves out what changes sides between two evaluations.
   */
  readonly kink?: (node: Node, b: typeof Build) => Node
  /** The operator as formulas write it. */
  readonly symbol?: string
}

type Vjp = Primitive['vjp']
type Facts = Pick<Primitive, 'fold' | 'neutral' | 'simplify' | 'kink' | 'symbol'>
type NoOptions = Readonly<Record<never, never>>

/** An element-wise op of so many inputs. */
export type Elementwise<Count extends Arity> = Omit<Primitive, 'arity' | 'options'> & {
  readonly arity: Count
  readonly elementwise: true
  readonly options: NoOptions
}

/** Of ops that only move numbers: as their operands. */
export const alike: DTypeRule = { operands: 'alike', result: ([first]) => first }

/** No derivative towards any input. */
export const none: Vjp = (node) => node.inputs.map(() => null)

/** The shape that the caller asked for. */
export const asked = ({ asked: shape, where }: ShapeCall): Shape => {
  if (shape === undefined) throw new OptionError(`${where}: needs a shape.`)
  return shape
}

/** Of the first input's shape. */
export const sameAsInput: Primitive['shape'] = ({ shapes: [x] }) => x

export const source = (facts: Pick<Primitive, 'leaf' | 'random'> = {}): Primitive => ({
  arity: 0,
  shape: asked,
  vjp: none,
  ...facts,
})

export const unary = (vjp: Vjp, facts: Facts = {}): Elementwise<1> => ({
  arity: 1,
  elementwise: true,
  options: {},
  shape: sameAsInput,
  vjp,
  ...facts,
})

export const wide = <Count extends 2 | 3>(arity: Count, vjp: Vjp, facts: Facts = {}): Elementwise<Count> => ({
  arity,
  elementwise: true,
  options: {},
  shape: ({ where, shapes }) => broadcastShapes(where, shapes),
  vjp,
  ...facts,
})
