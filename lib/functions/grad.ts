import { checkOptions, functionOption } from '../base/checks'
import { describeValue, DTypeError, OptionError, ShapeError } from '../base/errors'
import { shapeText, sizeOf } from '../base/shape'
import { gradients } from '../graph/grad'
import { evaluateNodes } from '../ops/engine'
import { nodeOf, Tensor, type Value } from '../tensor/tensor'
import { isSymbolic, record } from './record'

/** A number for a number, a Tensor for a Tensor. */
export type GradientOf<T> = T extends number ? number : T extends Tensor ? Tensor : never
export type GradientsOf<Args extends readonly unknown[]> = { -readonly [I in keyof Args]: GradientOf<Args[I]> }

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parameters of any kind of Value; checked at run time
export type ScalarFunction = (...args: any[]) => Value

export interface GradOptions {
  /** Position, or positions, of the arguments to differentiate by. Default: all. */
  wrt?: number | readonly number[] | undefined
}

function positions(where: string, wrt: number | readonly number[] | undefined): readonly number[] | undefined {
  if (wrt === undefined) return undefined
  const list = Array.isArray(wrt) ? (wrt as readonly number[]) : [wrt as number]
  for (const i of list)
    if (!Number.isInteger(i) || i < 0)
      throw new OptionError(`${where}: wrt: expected positions of arguments (0, 1, …), got ${describeValue(i)}.`)
  return list
}

function checkArguments(where: string, args: readonly Value[], wrt: readonly number[] | undefined): readonly number[] {
  if (args.length === 0) throw new OptionError(`${where}: expected at least one argument to differentiate by.`)
  const beyond = wrt?.find((i) => i >= args.length)
  if (beyond !== undefined)
    throw new OptionError(`${where}: wrt names argument ${beyond}, but the function was called with ${args.length}.`)
  return wrt ?? args.map((_, i) => i)
}

/** Value and derivatives as tensors, or traced tensors inside a function that is itself being traced. */
function differentiate(where: string, f: ScalarFunction, args: readonly Value[], wrt: readonly number[]): Tensor[] {
  const { args: nodes, result, context } = record(where, f, args)
  if (sizeOf(result.shape) !== 1)
    throw new ShapeError(
      `${where}: expected a function whose result is one number, got shape ${shapeText(result.shape)}. ` +
        'Reduce it, e.g. with ops.sum or ops.mean.',
    )
  if (result.dtype === 'int32')
    throw new DTypeError(`${where}: expected a function with a floating result, got int32. End it with ops.cast.`)
  const whole = wrt.find((i) => nodes[i].dtype === 'int32')
  if (whole !== undefined)
    throw new DTypeError(
      `${where}: argument ${whole} is int32, and whole numbers have no derivatives. ` +
        'Name the others: { wrt: [0] } for the first argument.',
    )
  const targets = wrt.map((i) => nodes[i])
  const fetches = [result, ...gradients(result, targets)]
  return isSymbolic(fetches)
    ? fetches.map((node) => Tensor.fromNode(node, context))
    : evaluateNodes(where, fetches, context.dtype)
}

/** Numbers for numbers; a traced value stays what it is. */
function handOver(result: Tensor, asNumber: boolean, symbolic: boolean): Value {
  if (symbolic || !asNumber) return result
  const value = result.item()
  result.dispose()
  return value
}

/**
 * The derivative of a function that returns one number: called with the function's arguments it returns the list of
 * dJ/d(argument), in order, each of its argument's shape: a number for a number, a Tensor for a Tensor.
 *
 * The function is recorded anew on each call, so it may use JavaScript control flow on anything but traced values.
 * Tensors that it captures take part as constants. Arguments that are all numbers are computed in float64; numbers
 * adapt to tensors. Inside a function that is being traced the results are traced tensors, so that gradients of
 * gradients work. `{ wrt }` picks arguments.
 */
export function grad<F extends ScalarFunction>(f: F): <Args extends Parameters<F>>(...args: Args) => GradientsOf<Args>
export function grad<F extends ScalarFunction>(
  f: F,
  options: GradOptions | undefined,
): <Args extends Parameters<F>>(...args: Args) => GradientOf<Args[number]>[]
export function grad<F extends ScalarFunction>(f: F, options?: GradOptions) {
  functionOption('grad', f)
  checkOptions('grad', options, ['wrt'])
  const wrt = positions('grad', options?.wrt)
  return <Args extends Parameters<F>>(...args: Args): GradientsOf<Args> => {
    const chosen = checkArguments('grad', args, wrt)
    const [value, ...derivatives] = differentiate('grad', f, args, chosen)
    const symbolic = nodeOf(value) !== undefined
    if (!symbolic) value.dispose()
    return derivatives.map((d, i) => handOver(d, typeof args[chosen[i]] === 'number', symbolic)) as GradientsOf<Args>
  }
}

/**
 * Like `grad`, with the function's value: `{ value, grads }`. The value is a number (a traced tensor inside a
 * function that is being traced).
 */
export function valueAndGrad<F extends ScalarFunction>(
  f: F,
): <Args extends Parameters<F>>(...args: Args) => { value: number; grads: GradientsOf<Args> }
export function valueAndGrad<F extends ScalarFunction>(
  f: F,
  options: GradOptions | undefined,
): <Args extends Parameters<F>>(...args: Args) => { value: number; grads: GradientOf<Args[number]>[] }
export function valueAndGrad<F extends ScalarFunction>(f: F, options?: GradOptions) {
  functionOption('valueAndGrad', f)
  checkOptions('valueAndGrad', options, ['wrt'])
  const wrt = positions('valueAndGrad', options?.wrt)
  return <Args extends Parameters<F>>(...args: Args): { value: number; grads: GradientsOf<Args> } => {
    const chosen = checkArguments('valueAndGrad', args, wrt)
    const [value, ...derivatives] = differentiate('valueAndGrad', f, args, chosen)
    const symbolic = nodeOf(value) !== undefined
    const grads = derivatives.map((d, i) => handOver(d, typeof args[chosen[i]] === 'number', symbolic))
    return { value: handOver(value, true, symbolic) as number, grads: grads as GradientsOf<Args> }
  }
}
