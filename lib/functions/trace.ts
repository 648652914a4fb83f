import { checkOptions, dtypeOption, functionOption, shapeOption } from '../base/checks'
import { markClass } from '../base/copies'
import type { DType, TensorDType } from '../base/dtype'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { sameShape, shapeText, sizeOf, type Shape } from '../base/shape'
import { CompiledProgram } from '../graph/compiled'
import { TraceContext } from '../graph/context'
import { gradients } from '../graph/grad'
import { inputNode } from '../graph/leaves'
import { nodeName } from '../graph/names'
import { emptyProgram, type Node } from '../graph/node'
import { printGraph, toDot } from '../graph/print'
import { reachable } from '../graph/reachable'
import { captureBuffers } from '../ops/engine'
import { bufferOf, Tensor, tensor, type TensorLike, type Value } from '../tensor/tensor'
import { recordOn } from './record'

export interface TraceOptions {
  /** Names of the arguments. Default: the function's parameter names, else x0, x1, … */
  names?: readonly string[] | undefined
  /** Default: 'float64'. */
  dtype?: DType | undefined
}

/** One value of a traced function. */
export interface GraphNode {
  /** Name of an argument or of an intermediate value (`ops.named`), else `%n`. */
  readonly name: string
  readonly op: string
  readonly shape: Shape
  /** Names of the nodes it is computed from. */
  readonly inputs: readonly string[]
  /** Layer or user function it belongs to; may be empty. */
  readonly label: string
}

export interface NodeValue extends GraphNode {
  /** Number for a scalar, nested arrays otherwise. */
  readonly value: ReturnType<Tensor['toArray']>
  /** dJ/d(node) where the result J is one number, else undefined; none of whole numbers. */
  readonly derivative?: ReturnType<Tensor['toArray']>
}

/** The recorded computation of a function: to look at, to draw, and to evaluate with every value and derivative. */
export class Graph {
  readonly nodes: readonly GraphNode[]
  /** Shape of the result. */
  readonly shape: Shape
  readonly #inputs: readonly Node[]
  readonly #result: Node
  readonly #dtype: DType
  readonly #order: readonly Node[]
  readonly #names: ReadonlyMap<Node, string>

  /** @internal Made by `trace`. */
  constructor(inputs: readonly Node[], inputNames: readonly string[], result: Node, dtype: DType) {
    this.#inputs = inputs
    this.#result = result
    this.#dtype = dtype
    this.#order = reachable([...inputs, result])
    this.#names = new Map(
      this.#order.map((node, i) => {
        const argument = inputs.indexOf(node)
        return [node, argument >= 0 ? inputNames[argument] : (nodeName(node) ?? `%${i}`)]
      }),
    )
    this.shape = result.shape
    this.nodes = this.#order.map((node) => this.#describe(node))
  }

  #describe(node: Node): GraphNode {
    return {
      name: this.#names.get(node)!,
      op: node.op,
      shape: node.shape,
      inputs: node.inputs.map((n) => this.#names.get(n)!),
      label: node.label,
    }
  }

  /** One line per value: `%2 = mul(b, c) []`. */
  toString(): string {
    return printGraph([this.#result], { names: this.#names })
  }

  /**
   * The graph in the language of Graphviz. With `at`, one value for each argument, every node also shows its value
   * and, where the result is one number, the result's derivative by it.
   */
  toDot(options?: { at?: readonly TensorLike[] | undefined }): string {
    checkOptions('toDot', options, ['at'])
    if (options?.at === undefined) return toDot([this.#result], { names: this.#names })
    const evaluated = this.evaluate(...options.at)
    const text = (v: unknown) => (typeof v === 'number' ? String(Number(v.toPrecision(6))) : JSON.stringify(v))
    const pick = (of: (n: NodeValue) => unknown) =>
      new Map(
        this.#order.flatMap((node, i) => (of(evaluated[i]) === undefined ? [] : [[node, text(of(evaluated[i]))]])),
      )
    return toDot([this.#result], {
      names: this.#names,
      values: pick((n) => n.value),
      derivatives: pick((n) => n.derivative),
    })
  }

  /** Every node with its value, in order of computation, and its derivative where the result is one number. */
  evaluate(...args: readonly TensorLike[]): NodeValue[] {
    if (args.length !== this.#inputs.length)
      throw new OptionError(`evaluate: expected ${this.#inputs.length} arguments, got ${args.length}.`)
    const given = args.map((arg, i) => {
      const value = tensor(arg, { dtype: this.#dtype })
      const expected = this.#inputs[i].shape
      if (!sameShape(value.shape, expected))
        throw new ShapeError(
          `evaluate: argument ${i}: expected shape ${shapeText(expected)}, got ${shapeText(value.shape)}.`,
        )
      return value
    })
    const scalar = sizeOf(this.#result.shape) === 1 && this.#result.dtype === undefined
    const floating = scalar ? this.#order.filter((node) => node.dtype === undefined) : []
    const derivatives = scalar ? gradients(this.#result, floating) : []
    const results = this.#run([...this.#order, ...derivatives], given)
    given.forEach((t) => t.dispose())
    const derivative = new Map(floating.map((node, i) => [node, results[this.#order.length + i]]))
    return this.#order.map((node, i) => ({
      ...this.#describe(node),
      value: results[i],
      ...(derivative.has(node) ? { derivative: derivative.get(node) } : {}),
    }))
  }

  #run(fetches: Node[], given: Tensor[]): ReturnType<Tensor['toArray']>[] {
    const program = { ...emptyProgram(this.#dtype), inputs: [...this.#inputs], fetches }
    const bind = (captures: readonly unknown[]) => captureBuffers(captures, this.#dtype, 'evaluate')
    using compiled = CompiledProgram.of('evaluate', program, { bind })
    return compiled.runSync({ inputs: given.map(bufferOf) }).fetches.map((buffer, i) => {
      using result = Tensor.fromBuffer<TensorDType>(buffer, fetches[i].shape, fetches[i].dtype ?? this.#dtype)
      return result.toArray()
    })
  }
}

markClass(Graph)

/** Names of plain parameters, as far as the source shows them. */
function parameterNames(f: (...args: never[]) => unknown): string[] {
  const source = f.toString()
  const list = /^(?:function\s*[\w$]*\s*)?\(([^()]*)\)/.exec(source)?.[1] ?? /^([\w$]+)\s*=>/.exec(source)?.[1] ?? ''
  return list.split(',').map((name) => /^\s*([A-Za-z_$][\w$]*)/.exec(name)?.[1] ?? '')
}

/**
 * Records a function of tensors without computing anything. `shapes` has one shape for each argument ([] is a scalar).
 */
export function trace(f: (...args: never[]) => Value, shapes: readonly Shape[], options?: TraceOptions): Graph {
  functionOption('trace', f)
  checkOptions('trace', options, ['names', 'dtype'])
  if (!Array.isArray(shapes))
    throw new OptionError(`trace: expected a list of shapes, one for each argument, got ${describeValue(shapes)}.`)
  const dtype = dtypeOption('trace', options?.dtype ?? 'float64')
  const parsed = parameterNames(f)
  const names = Array.from(shapes, (_, i) => options?.names?.[i] ?? (parsed[i] || `x${i}`))
  const inputs = Array.from(shapes, (shape, i) =>
    inputNode(shapeOption(`trace: shape of argument ${i}`, shape), names[i]),
  )
  const context = new TraceContext(dtype, { convertCaptures: true })
  return new Graph(inputs, names, recordOn('trace', f, inputs, context), dtype)
}
