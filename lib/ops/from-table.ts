/**
 * The functions of `ops` that are one op of the table each: `ops.log1p(x)`, `ops.matmul(x, y, { transposeA })`. Their
 * arguments, options, checks and types follow from the op's paragraph, whose comment documents them.
 */
import { broadcastShapes } from '../base/shape'
import { binary, constant, createNode } from '../graph/build'
import { whereOf } from '../graph/label'
import { primitives, type PublicPrimitives } from '../graph/primitives'
import { attributesOf, type GivenOptions } from '../graph/primitives/options'
import type { Tensor, Value } from '../tensor/tensor'
import { apply, checkValue, shapeOf, type Builder } from './engine'

/** The options of an op: what may be written behind its inputs. */
export type OptionsOf<Op extends keyof PublicPrimitives> = GivenOptions<PublicPrimitives[Op]['options']>

interface Inputs {
  0: []
  1: [x: Value]
  2: [x: Value, y: Value]
  3: [x: Value, y: Value, z: Value]
  4: [Value, Value, Value, Value]
}
type Arguments<Op extends keyof PublicPrimitives> = keyof PublicPrimitives[Op]['options'] extends never
  ? Inputs[PublicPrimitives[Op]['arity']]
  : [...inputs: Inputs[PublicPrimitives[Op]['arity']], options?: OptionsOf<Op>]
export type FromTable = { [Op in keyof PublicPrimitives]: (...args: Arguments<Op>) => Tensor }

/** Applies an element-wise op of several operands, which broadcast. */
export function wide(op: string, build: Builder, args: Value[]): Tensor {
  for (const arg of args) checkValue(op, arg)
  broadcastShapes(whereOf(op), args.map(shapeOf)) // here, so that the message names this op and the order given
  if (args.length === 2 && args.some(isWhole)) return besideWhole(op, build, args)
  return apply(op, args, '', (nodes) => build(...nodes))
}

const isWhole = (x: Value) => typeof x !== 'number' && x.dtype === 'int32'

/** Beside whole numbers a plain number is part of the plan: as an input of the plan it would be rounded to float32. */
function besideWhole(op: string, build: Builder, args: readonly Value[]): Tensor {
  const number = args.find((arg) => typeof arg === 'number')
  if (number === undefined) return apply(op, args, '', (nodes) => build(...nodes))
  const tensors = args.filter((arg) => typeof arg !== 'number')
  const key = `${args.indexOf(number)} ${number}`
  return apply(op, tensors, key, (nodes) => {
    const left = [...nodes]
    return build(...args.map((arg) => (typeof arg === 'number' ? constant(arg) : left.shift()!)))
  })
}

/** The inputs among the arguments: those that are missing too, for checkValue to refuse. */
const inputsOf = (arity: number, args: readonly unknown[]) => Array.from({ length: arity }, (_, i) => args[i])

function withOptions(op: string, arity: number): (...args: unknown[]) => Tensor {
  const attributes = attributesOf(op, primitives[op].options!)
  return (...args) => {
    const values: Value[] = []
    for (let i = 0; i < arity; i++) values.push(checkValue(op, args[i]))
    const attrs = attributes(args[arity], values.map(shapeOf))
    let key = ''
    for (const name in attrs) key += `${String(attrs[name])} `
    return apply(op, values, key, (nodes) => createNode(op, nodes, attrs))
  }
}

function make(op: string): (...args: never[]) => Tensor {
  const { arity, elementwise, options } = primitives[op]
  if (Object.keys(options!).length > 0) return withOptions(op, arity!)
  const build: Builder = arity === 2 ? binary(op) : (...nodes) => createNode(op, nodes)
  if (elementwise && arity === 2) return (x: Value, y: Value) => wide(op, build, [x, y])
  if (elementwise && arity === 3) return (x: Value, y: Value, z: Value) => wide(op, build, [x, y, z])
  const recipe = (nodes: Parameters<Builder>) => build(...nodes)
  if (arity === 1) return (x: Value) => apply(op, [x], '', recipe)
  return (...args: Value[]) => apply(op, inputsOf(arity!, args) as Value[], '', recipe)
}

const names = Object.keys(primitives).filter((op) => primitives[op].options !== undefined)

export const fromTable = Object.fromEntries(names.map((op) => [op, make(op)])) as unknown as Readonly<FromTable>
