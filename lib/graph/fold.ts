/** Values of element-wise primitives on numbers, for folding constants. The core's kernels define the values. */
const unary: Record<string, (x: number) => number> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  abs: Math.abs,
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : x === 0 ? 0 : NaN),
  floor: Math.floor,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  relu: (x) => (x >= 0 ? x : x < 0 ? 0 : NaN),
}

const binary: Record<string, (x: number, y: number) => number> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  power: (x, y) => x ** y,
  maximum: Math.max,
  minimum: Math.min,
  greater: (x, y) => (x > y ? 1 : 0),
  greaterEqual: (x, y) => (x >= y ? 1 : 0),
  equal: (x, y) => (x === y ? 1 : 0),
}

/** The result of `op` on numbers; undefined where it is left to the core. */
export function foldNumbers(op: string, values: readonly number[]): number | undefined {
  if (values.length === 1) return unary[op]?.(values[0])
  if (values.length === 2) return binary[op]?.(values[0], values[1])
  return op === 'select' ? (values[0] !== 0 ? values[1] : values[2]) : undefined
}
