/** Ops on elements of the same place. */
import { number } from './options'
import { none, unary, wide, type Primitive } from './record'

/** The input decides: its sign says on which side of 0 each element stands. */
const atZero: Primitive['kink'] = ({ inputs: [x] }) => x
/** The larger operand decides. */
const atTie: Primitive['kink'] = ({ inputs: [x, y] }, b) => b.sub(x, y)
/** A step function: what it steps between says where it stands. */
const steps: Primitive['kink'] = (node) => node

export const elementwise = {
  // ---- one input ----------------------------------------------------------------------------
  /** −x */
  neg: unary((_, dy, b) => [b.neg(dy)], {
    symbol: '−',
    fold: (x) => -x,
    simplify({ inputs: [x] }, b) {
      if (x.op === 'neg') return x.inputs[0]
      return x.op === 'sub' ? b.createNode('sub', [x.inputs[1], x.inputs[0]]) : undefined
    },
  }),
  /** eˣ */
  exp: unary((y, dy, b) => [b.mul(dy, y)], { fold: Math.exp }),
  /** Natural logarithm: −Infinity at 0, NaN below. */
  log: unary((y, dy, b) => [b.div(dy, y.inputs[0])], { fold: Math.log }),
  /** log(1 + x), exact for the smallest x too: −Infinity at −1, NaN below. */
  log1p: unary((y, dy, b) => [b.div(dy, b.add(1, y.inputs[0]))]),
  /** eˣ − 1, exact for the smallest x too. */
  expm1: unary((y, dy, b) => [b.mul(dy, b.exp(y.inputs[0]))]),
  // The derivative of 2/√π·∫ e^(−t²) dt is what stands behind the integral.
  /** 2/√π·∫ e^(−t²) dt from 0 to x, the error function: in (−1, 1). */
  erf: unary(({ inputs: [x] }, dy, b) => [b.mul(dy, b.mul(2 / Math.sqrt(Math.PI), b.exp(b.neg(b.mul(x, x)))))]),
  /** 1 − erf(x), exact where it is tiny too: in (0, 2). */
  erfc: unary(({ inputs: [x] }, dy, b) => [b.mul(dy, b.mul(-2 / Math.sqrt(Math.PI), b.exp(b.neg(b.mul(x, x)))))]),
  /** √x: NaN below 0. */
  sqrt: unary((y, dy, b) => [b.div(b.mul(0.5, dy), y)], { fold: Math.sqrt }),
  /** |x|, with derivative sign(x): 0 at 0. */
  abs: unary((y, dy, b) => [b.mul(dy, b.sign(y.inputs[0]))], { fold: Math.abs, kink: atZero }),
  /** −1, 0 or 1. No derivative. */
  sign: unary(none, { fold: (x) => (x > 0 ? 1 : x < 0 ? -1 : x === 0 ? 0 : NaN), kink: steps }),
  /** The largest whole number ≤ x. No derivative. */
  floor: unary(none, { fold: Math.floor, kink: steps }),
  /** Sine of radians. */
  sin: unary((y, dy, b) => [b.mul(dy, b.cos(y.inputs[0]))], { fold: Math.sin }),
  /** Cosine of radians. */
  cos: unary((y, dy, b) => [b.neg(b.mul(dy, b.sin(y.inputs[0])))], { fold: Math.cos }),
  /** Hyperbolic tangent. */
  tanh: unary((y, dy, b) => [b.mul(dy, b.sub(1, b.mul(y, y)))], { fold: Math.tanh }),
  /** 1 / (1 + e⁻ˣ), without overflow. */
  sigmoid: unary((y, dy, b) => [b.mul(dy, b.mul(y, b.sub(1, y)))], {
    fold: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  }),
  /** log(1 + eˣ), without overflow. */
  softplus: unary((y, dy, b) => [b.mul(dy, b.sigmoid(y.inputs[0]))], {
    fold: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  }),
  // The derivatives of relu and leakyRelu are choices rather than products: 0·∞ would be NaN.
  /** max(x, 0), with derivative 1 at 0. */
  relu: unary((y, dy, b) => [b.select(b.greaterEqual(y.inputs[0], 0), dy, 0)], {
    fold: (x) => (x >= 0 ? x : x < 0 ? 0 : NaN),
    kink: atZero,
  }),
  /** x for x ≥ 0, slope·x below; derivative 1 at 0. */
  leakyRelu: {
    ...unary((y, dy, b) => [b.select(b.greaterEqual(y.inputs[0], 0), dy, b.mul(y.attrs.slope as number, dy))], {
      kink: atZero,
    }),
    options: {
      /** Default 0.01. */
      slope: number(0.01),
    },
  },

  // ---- two inputs ---------------------------------------------------------------------------
  /** x + y */
  add: wide(2, (_, dy) => [dy, dy], {
    symbol: '+',
    fold: (x, y) => x + y,
    neutral: { left: 0, right: 0 },
    simplify({ inputs: [x, y] }, b) {
      if (y.op === 'neg') return b.sub(x, y.inputs[0])
      return x.op === 'neg' ? b.sub(y, x.inputs[0]) : undefined
    },
  }),
  /** x − y */
  sub: wide(2, (_, dy, b) => [dy, b.neg(dy)], {
    symbol: '−',
    fold: (x, y) => x - y,
    neutral: { right: 0 },
    simplify: ({ inputs: [x, y] }, b) => (y.op === 'neg' ? b.add(x, y.inputs[0]) : undefined),
  }),
  /** x · y, element by element. For matrices see `matmul`. */
  mul: wide(2, ({ inputs: [x, y] }, dy, b) => [b.mul(dy, y), b.mul(dy, x)], {
    symbol: '×',
    fold: (x, y) => x * y,
    neutral: { left: 1, right: 1 },
    simplify({ inputs: [x, y], shape }, b) {
      if (b.isFilled(x, -1)) return b.neg(b.broadcast(y, shape))
      return b.isFilled(y, -1) ? b.neg(b.broadcast(x, shape)) : undefined
    },
  }),
  /** x / y; x / 0 is ±Infinity or NaN as in JavaScript. */
  div: wide(
    2,
    (q, dy, b) => {
      const dx = b.div(dy, q.inputs[1])
      return [dx, b.neg(b.mul(dx, q))]
    },
    { symbol: '÷', fold: (x, y) => x / y, neutral: { right: 1 } },
  ),
  // x^p: p·x^(p−1), which at p = 0 is 0 even where x = 0; dp = x^p·log x, which at x = 0 is its limit 0.
  /** x to the power y. Derivative towards y only for x > 0 (0 at x = 0). */
  power: wide(
    2,
    (y, dy, b) => {
      const [x, p] = y.inputs
      const constant = b.constantValue(p)
      const slope = b.mul(p, b.power(x, b.sub(p, 1)))
      const dx = constant === undefined ? b.select(b.equal(p, 0), 0, slope) : constant === 0 ? b.constant(0) : slope
      const dp = b.mul(y, b.log(b.select(b.equal(x, 0), 1, x)))
      return [b.mul(dy, dx), b.mul(dy, dp)]
    },
    {
      symbol: '^',
      fold: (x, p) => x ** p,
      neutral: { right: 1 },
      simplify: ({ inputs: [x, p], shape }, b) => (b.isFilled(p, 2) ? b.broadcast(b.mul(x, x), shape) : undefined),
    },
  ),
  // Ties share the derivative, as in PyTorch.
  /** The larger one; NaN if either is. Where they tie, each gets half of the derivative. */
  maximum: wide(
    2,
    ({ inputs: [x, y] }, dy, b) => {
      const tie = b.mul(0.5, b.equal(x, y))
      return [b.mul(dy, b.add(b.greater(x, y), tie)), b.mul(dy, b.add(b.greater(y, x), tie))]
    },
    { fold: Math.max, kink: atTie },
  ),
  /** The smaller one; NaN if either is. Where they tie, each gets half of the derivative. */
  minimum: wide(
    2,
    ({ inputs: [x, y] }, dy, b) => {
      const tie = b.mul(0.5, b.equal(x, y))
      return [b.mul(dy, b.add(b.greater(y, x), tie)), b.mul(dy, b.add(b.greater(x, y), tie))]
    },
    { fold: Math.min, kink: atTie },
  ),
  /** 1 where x > y, else 0. No derivative. */
  greater: wide(2, none, { fold: (x, y) => (x > y ? 1 : 0), kink: steps }),
  /** 1 where x ≥ y, else 0. No derivative. */
  greaterEqual: wide(2, none, { fold: (x, y) => (x >= y ? 1 : 0), kink: steps }),
  /** 1 where x = y, else 0. No derivative. */
  equal: wide(2, none, { fold: (x, y) => (x === y ? 1 : 0), kink: steps }),
  // y·softplus(−z) + (1−y)·softplus(z): dz = sigmoid(z) − y, dy = −z.
  /**
   * y·log(1 + e⁻ᶻ) + (1 − y)·log(1 + eᶻ): the binary cross-entropy of sigmoid(z) against y. Finite for any finite z; 0
   * for an infinite one on the side of its y.
   */
  sigmoidCrossEntropy: wide(2, ({ inputs: [z, y] }, dy, b) => [b.mul(dy, b.sub(b.sigmoid(z), y)), b.neg(b.mul(dy, z))]),

  // ---- three inputs -------------------------------------------------------------------------
  /** `x` where the condition is not 0, `y` elsewhere: the `if` of traced functions. */
  select: wide(3, ({ inputs: [c] }, dy, b) => [null, b.select(c, dy, 0), b.select(c, 0, dy)], {
    fold: (c, x, y) => (c !== 0 ? x : y),
    kink: atZero,
    simplify({ inputs: [c, x, y], shape }, b) {
      const chosen = b.constantValue(c)
      return chosen === undefined ? undefined : b.broadcast(chosen !== 0 ? x : y, shape)
    },
  }),
} satisfies Record<string, Primitive>
