/**
 * How every op runs: recorded as graph nodes when an argument is traced, otherwise at once through a tiny plan
 * that is compiled once per op, shapes and dtype. There is one set of recipes for both.
 */
import { checkCapacity } from '../base/capacity'
import { bytesPerNumber, type DType, type TensorDType } from '../base/dtype'
import { describeValue, DTypeError } from '../base/errors'
import { LruMap } from '../base/lru'
import { sizeOf, type Shape } from '../base/shape'
import { constant } from '../graph/build'
import { bindEach, CompiledProgram, type Bound } from '../graph/compiled'
import { mixedDTypes, type TraceContext } from '../graph/context'
import { encode, encodeKeyed } from '../graph/encode'
import { whereOf } from '../graph/label'
import { captureNode, inputNode } from '../graph/leaves'
import { emptyProgram, type Node, type NodeDType } from '../graph/node'
import type { NativeBuffer } from '../native/contract'
import { planMode } from '../native/settings'
import {
  bufferOf,
  contextOf,
  isWeak,
  nodeOf,
  Tensor,
  tensorToNative,
  type AnyTensor,
  type Value,
} from '../tensor/tensor'

/** Builds the op's result from its arguments' nodes. */
export type Recipe = (nodes: Node[]) => Node

interface EagerProgram {
  compiled: CompiledProgram
  result: Node
}
// A plan keeps its working memory for the next run, so the caches are bounded by bytes too.
const budget = 32 * 1024 * 1024
const eagerPrograms = new LruMap<string, EagerProgram>(512, budget, ({ compiled }) => compiled.dispose())
const tracedPrograms = new LruMap<string, CompiledProgram>(256, budget, (compiled) => compiled.dispose())

/** Refuses what is neither a tensor nor a number. */
export function checkValue(op: string, value: unknown): Value {
  if (value instanceof Tensor || typeof value === 'number') return value
  const fix = Array.isArray(value) || ArrayBuffer.isView(value) ? ' Wrap it: tensor(…).' : ''
  throw new DTypeError(`${whereOf(op)}: expected a tensor or a number, got ${describeValue(value)}.${fix}`)
}

export function shapeOf(value: Value): Shape {
  return typeof value === 'number' ? [] : value.shape
}

/** The common trace of the traced arguments; undefined where all are concrete. */
function commonContext(op: string, args: readonly Value[]): TraceContext | undefined {
  let context: TraceContext | undefined
  for (const arg of args) {
    const own = typeof arg === 'number' ? undefined : contextOf(arg)
    if (own === undefined) continue
    if (context === undefined) context = own
    else context.merge(whereOf(op), own)
  }
  return context
}

/** A concrete tensor becomes a captured input of the trace. */
export function captureTensor(op: string, value: AnyTensor, context: TraceContext): Node {
  const { dtype, shape } = value
  bufferOf(value) // a disposed tensor is refused here, where the user can see which op used it
  if (dtype === 'int32') return captureNode(value, shape, '', dtype)
  if (!isWeak(value)) context.meetTensor(whereOf(op), dtype)
  return captureNode(value, shape)
}

/**
 * Applies an op. `attrs` is everything besides the arguments that the recipe depends on: with the shapes it is the
 * key of the plan. `seed` feeds random primitives.
 */
export function apply(op: string, args: readonly Value[], attrs: string, recipe: Recipe, seed?: bigint): Tensor {
  for (const arg of args) checkValue(op, arg)
  const context = commonContext(op, args)
  if (context === undefined) return runEager(op, args, attrs, recipe, seed)
  const nodes = args.map((arg) => {
    if (typeof arg === 'number') return constant(arg)
    return nodeOf(arg) ?? captureTensor(op, arg, context)
  })
  return Tensor.fromNode(recipe(nodes), context)
}

export type Builder = (...nodes: Node[]) => Node

/**
 * The floating dtype of concrete arguments: that of the tensors, which must agree. Of numbers alone float64, of whole
 * numbers float32: weak, for nobody has chosen it.
 */
function eagerDType(op: string, args: readonly Value[]): { dtype: DType; weak: boolean } {
  let dtype: DType | undefined
  let whole = false
  for (const arg of args) {
    if (typeof arg === 'number' || isWeak(arg)) continue
    const own = arg.dtype
    if (own === 'int32') whole = true
    else if (dtype !== undefined && own !== dtype) throw mixedDTypes(whereOf(op), dtype, own)
    else dtype = own
  }
  return { dtype: dtype ?? (whole ? 'float32' : 'float64'), weak: dtype === undefined }
}

function runEager(op: string, args: readonly Value[], attrs: string, recipe: Recipe, seed?: bigint): Tensor {
  const { dtype, weak } = eagerDType(op, args)
  return runRecipe(op, args, attrs, recipe, { dtype, weak, seed })
}

/** Runs a recipe on concrete arguments now, in the given dtype. */
export function runRecipe(
  op: string,
  args: readonly Value[],
  attrs: string,
  recipe: Recipe,
  { dtype, weak = false, seed }: { dtype: DType; weak?: boolean; seed?: bigint },
): Tensor {
  const mode = planMode()
  const key = `${op}|${attrs}|${dtype}|${mode}|${args.map(keyOf).join(';')}`
  let cached = eagerPrograms.get(key)
  if (cached === undefined) {
    const inputs = args.map((arg) => inputNode(shapeOf(arg), op, nodeDType(arg)))
    const result = recipe(inputs)
    checkCapacity(op, result.shape, dtype)
    const encoded = encode({ ...emptyProgram(dtype), inputs, fetches: [result] })
    if (encoded.captures.length > 0) throw new DTypeError(`${op}: a traced value was used with concrete ones.`)
    const compiled = CompiledProgram.from(op, encoded)
    try {
      checkCapacity(op, result.shape, dtype, compiled.arenaBytes)
    } catch (error) {
      compiled.dispose()
      throw error
    }
    cached = { compiled, result }
    eagerPrograms.set(key, cached, weightOf(compiled, [...inputs, result], dtype))
  }
  const { compiled, result } = cached
  const [buffer] = runOn(op, compiled, args, dtype, seed)
  return fromBuffer(buffer, result, dtype, weak)
}

/** The value of a node. Whole numbers are never weak: they do not become floating ones by themselves. */
function fromBuffer(buffer: NativeBuffer, node: Node, dtype: DType, weak = false): Tensor {
  const result: AnyTensor = Tensor.fromBuffer<TensorDType>(buffer, node.shape, node.dtype ?? dtype, weak && !node.dtype)
  return result as Tensor
}

const nodeDType = (arg: Value): NodeDType => (typeof arg !== 'number' && arg.dtype === 'int32' ? 'int32' : undefined)
const keyOf = (arg: Value) => shapeOf(arg).join() + (nodeDType(arg) ?? '')

/** About the bytes that a plan keeps: its arena, and scratch memory in the order of what goes in and out. */
function weightOf({ arenaBytes }: CompiledProgram, outside: readonly Node[], dtype: DType): number {
  const elements = outside.reduce((n, node) => n + sizeOf(node.shape), 0)
  return arenaBytes + elements * bytesPerNumber[dtype]
}

/** Runs a program on these values; temporary buffers (numbers, other dtypes) are freed afterwards. */
function runOn(
  op: string,
  compiled: CompiledProgram,
  values: readonly unknown[],
  dtype: DType,
  seed?: bigint,
): NativeBuffer[] {
  const { buffers, free } = captureBuffers(values, dtype, op)
  try {
    return compiled.runSync({ inputs: buffers, seed }, op).fetches
  } finally {
    free()
  }
}

/**
 * Native buffers for what encode() reports as captures (tensors and numbers), in the plan's dtype; whole numbers stay
 * what they are. Call `free` when no job uses them any more: it frees copies, never the tensors' own memory.
 */
export function captureBuffers(captures: readonly unknown[], dtype: DType, where: string): Bound {
  return bindEach(captures, (value) => {
    const { buffer, shared } = tensorToNative(value as Value, nodeDType(value as Value) ?? dtype, where)
    return { buffer, own: !shared }
  })
}

/**
 * Values of nodes whose leaves are all captured: one run of a plan that is shared by all graphs of equal structure.
 */
export function evaluateNodes(where: string, fetches: Node[], dtype: DType): Tensor[] {
  const keyed = encodeKeyed({ ...emptyProgram(dtype), fetches })
  for (const { shape } of fetches) checkCapacity(where, shape, dtype)
  const key = `${planMode()} ${keyed.key}`
  let compiled = tracedPrograms.get(key)
  if (compiled === undefined) {
    compiled = CompiledProgram.from(where, keyed.encoded())
    tracedPrograms.set(key, compiled, weightOf(compiled, fetches, dtype))
  }
  const buffers = runOn(where, compiled, keyed.captures, dtype)
  return buffers.map((buffer, i) => fromBuffer(buffer, fetches[i], dtype))
}
