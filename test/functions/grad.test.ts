import { expect } from 'chai'
import { DisposedError, DTypeError, OptionError, ShapeError, StateError } from '../../lib/base/errors'
import { grad, valueAndGrad } from '../../lib/functions/grad'
import { trace } from '../../lib/functions/trace'
import { native } from '../../lib/native/native'
import * as ops from '../../lib/ops'
import { tensor, type Tensor, type Value } from '../../lib/tensor/tensor'

const f64 = (data: Parameters<typeof tensor>[0], shape?: number[]) => tensor(data, shape, { dtype: 'float64' })
const J = (a: Value, b: Value, c: Value) => ops.mul(3, ops.add(a, ops.named('u', ops.mul(b, c))))

describe('grad', () => {
  it('2.5 2.6 of J = 3(a + bc)', () => {
    expect(grad(J)(5, 3, 2)).to.deep.equal([3, 6, 9])
    expect(valueAndGrad(J)(5, 3, 2)).to.deep.equal({ value: 33, grads: [3, 6, 9] })
  })

  it('a Tensor for a Tensor, a number for a number, in the tensor’s dtype', () => {
    const f = (x: Tensor, k: number) => ops.sum(ops.mul(k, ops.mul(x, x)))
    const [dx, dk] = grad(f)(tensor([1, 2]), 3)
    expect([dx.toArray(), dx.dtype, dk]).to.deep.equal([[6, 12], 'float32', 5])
    expect(grad(f)(f64([1, 2]), 3)[0].dtype).to.equal('float64')
  })

  it('numbers alone are computed in float64, and adapt to captured tensors', () => {
    expect(grad((x: Value) => ops.exp(x))(1)[0]).to.be.closeTo(Math.E, 1e-15)
    const captured = tensor([1, 2, 3])
    expect(grad((w: Value) => ops.sum(ops.mul(w, captured)))(2)).to.deep.equal([6])
  })

  it('wrt picks arguments', () => {
    expect(grad(J, { wrt: 1 })(5, 3, 2)).to.deep.equal([6])
    expect(grad(J, { wrt: [2, 0] })(5, 3, 2)).to.deep.equal([9, 3])
    expect(() => grad(J, { wrt: 3 })(5, 3, 2)).to.throw(OptionError, /wrt names argument 3/)
    expect(() => grad(J, { wrt: -1 })).to.throw(OptionError, /positions of arguments/)
    expect(() => grad(J, { wtr: 1 } as never)).to.throw(OptionError, /Did you mean 'wrt'/)
  })

  it('of gradients', () => {
    const cube = (x: Value) => ops.power(x, 3)
    const first = (x: Value) => grad(cube)(x)[0]
    const second = (x: Value) => grad(first)(x)[0]
    expect(grad(first)(2)).to.deep.equal([12])
    expect(grad(second)(2)).to.deep.equal([6])
  })

  it('of gradients keeps inner and outer variables apart', () => {
    // d/dx of x·(d/dy x·y²) at y = 3 is d/dx of 6x² = 12x; mixing the two x would give something else.
    const f = (x: Value) => ops.mul(x, grad((y: Value) => ops.mul(x, ops.mul(y, y)))(3)[0])
    expect(grad(f)(2)).to.deep.equal([24])
    const g = (x: Value) => grad((y: Value) => ops.mul(x, y))(x)[0]
    expect(grad(g)(5)).to.deep.equal([1])
  })

  it('Hessian-vector products of a matrix function', () => {
    const [A, v] = [
      f64([
        [2, 1],
        [1, 3],
      ]),
      f64([1, -1]),
    ]
    const f = (x: Tensor) => ops.mul(0.5, ops.dot(x, ops.dot(A, x)))
    const Hv = grad((x: Tensor) => ops.dot(grad(f)(x)[0], v))(f64([0.3, 0.7]))[0]
    expect(Hv.toArray()).to.deep.equal([1, -2])
  })

  it('plans are shared between calls that differ in numbers only', () => {
    const step = (x: Tensor, k: number) => valueAndGrad((t: Tensor) => ops.sum(ops.mul(k, ops.sin(t))))(x)
    // A plan that is compiled is one more crossing to native code.
    const crossings = (x: Tensor, k: number) => {
      const before = native.crossings()
      expect(step(x, k).grads[0].data[0]).to.equal(k)
      return native.crossings() - before
    }
    const [zeros, k] = [f64([0, 0, 0, 0, 0]), 0.5]
    const compiling = crossings(zeros, k)
    const running = crossings(zeros, k)
    expect(running).to.be.below(compiling)
    for (let i = 2; i < 20; i++) expect(crossings(f64([0, 0, 0, 0, 0]), i + 0.5)).to.equal(running)
  })

  it('JavaScript control flow is followed anew on each call', () => {
    const f = (x: Value, n: number) => {
      let y: Value = 1
      for (let i = 0; i < n; i++) y = ops.mul(y, x)
      return y as Tensor
    }
    for (const n of [1, 2, 5]) expect(grad((x: Value) => f(x, n))(2)).to.deep.equal([n * 2 ** (n - 1)])
  })

  it('what the result does not depend on has derivative zero', () => {
    expect(grad((a: Value, _b: Value) => ops.mul(a, 1))(1, 2)).to.deep.equal([1, 0])
    expect(grad((_a: Value) => 7)(1)).to.deep.equal([0])
    expect(grad((_a: Value) => tensor(7))(1)).to.deep.equal([0])
    const [g] = grad((_x: Tensor) => 7)(f64([1, 2]))
    expect(g.toArray()).to.deep.equal([0, 0])
  })

  it('2.8 2.9 logistic regression: dz = a − y, dw = x·dz / m', () => {
    const [x, y] = [
      f64([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      f64([[1], [0], [1]]),
    ]
    const cost = (w: Tensor, b: Tensor) =>
      ops.mean(ops.sigmoidCrossEntropy(ops.add(ops.matmul(x, w, { transposeB: true }), b), y))
    const { value, grads } = valueAndGrad(cost)(f64([[0, 0]]), f64([[0]]))
    expect(value).to.be.closeTo(Math.LN2, 1e-15)
    const dz = [-0.5, 0.5, -0.5]
    const expected = [0, 1].map(
      (j) =>
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ].reduce((s, row, i) => s + row[j] * dz[i], 0) / 3,
    )
    grads[0].toArray()[0].forEach((g: number, j: number) => expect(g).to.be.closeTo(expected[j], 1e-15))
    expect(grads[1].item()).to.be.closeTo(-0.5 / 3, 1e-15)
  })

  it('a sum of two products that are rows: the one is the bias of the other, and both are computed', () => {
    const [A, B] = [f64([[1], [2]]), f64([[10], [20]])]
    const [G, H] = [f64([1, 2, 3, 4, 5, 6], [2, 3]), f64([7, 8, 9, 10, 11, 12], [2, 3])]
    const f = (u: Tensor) => ops.sum(ops.add(ops.mul(G, ops.matmul(A, u)), ops.mul(H, ops.matmul(B, u))))
    // Aᵀ·G + Bᵀ·H = [9, 12, 15] + [270, 300, 330]
    expect(grad(f)(f64([[1, 1, 1]]))[0].toArray()).to.deep.equal([[279, 312, 345]])
    const rows = (u: Tensor) => ops.add(ops.matmul(u, G), ops.matmul(ops.mul(2, u), H))
    const values = trace(rows, [[1, 2]]).evaluate([[1, 1]])
    expect(values.at(-1)!.value).to.deep.equal([[39, 45, 51]])
    const product = (u: Tensor) => ops.sum(ops.square(rows(u)))
    expect(valueAndGrad(product)(f64([[1, 1]])).value).to.equal(39 ** 2 + 45 ** 2 + 51 ** 2)
  })

  it('norm at 0 and logSumExp have finite derivatives', () => {
    expect(grad((x: Tensor) => ops.norm(x))(f64([0, 0]))[0].toArray()).to.deep.equal([0, 0])
    const [g] = grad((x: Tensor) => ops.norm(x))(f64([3, 4]))
    expect(g.data[0]).to.be.closeTo(0.6, 1e-15)
    expect(g.data[1]).to.be.closeTo(0.8, 1e-15)
    expect(grad((x: Tensor) => ops.logSumExp(x))(f64([1000, 0]))[0].toArray()).to.deep.equal([1, 0])
  })

  it('reading a traced value throws a clear error', () => {
    const attempts: ((x: Tensor) => unknown)[] = [
      (x) => x.data,
      (x) => x.item(),
      (x) => x.toArray(),
      (x) => (x as never as number) > 1,
      (x) => +(x as never as number),
      (x) => x.valueOf(),
      (x) => JSON.stringify(x),
    ]
    for (const read of attempts)
      expect(() => grad((x: Tensor) => (read(ops.sum(x)), ops.sum(x)))(f64([1, 2])), read.toString()).to.throw(
        StateError,
        /^The value of 'sum', of shape \[\], cannot be read while a function is being traced/,
      )
    expect(() => grad((x: Tensor) => Math.abs(x as never))(2 as never)).to.throw(
      StateError,
      'The value of argument 0, of shape [], cannot be read while a function is being traced',
    )
    grad((x: Tensor) => (expect(`${x}`).to.include('traced'), ops.sum(x)))(f64([1]))
  })

  it('wrong functions and arguments', () => {
    const sum = (x: Tensor) => ops.sum(x)
    expect(() => grad(3 as never)).to.throw(OptionError, /expected a function, got 3/)
    expect(() => (grad(sum) as never as () => void)()).to.throw(OptionError, /at least one argument/)
    expect(() => grad((x: Tensor) => ops.mul(2, x))(f64([1, 2]))).to.throw(ShapeError, /one number, got shape \[2\]/)
    expect(() => grad(sum)([1, 2] as never)).to.throw(DTypeError, /argument 0: expected a tensor or a number/)
    expect(() => grad((async (x: Tensor) => ops.sum(x)) as never as typeof sum)(f64([1]))).to.throw(
      OptionError,
      /async/,
    )
    expect(() => grad((() => 'x') as never as typeof J)(1, 2, 3)).to.throw(DTypeError, /got "x"/)
    expect(() => grad((x: Tensor) => ops.sum(ops.mul(x, tensor([1]))))(f64([1]))).to.throw(DTypeError, /cannot mix/)
    expect(
      () => grad(sum)(tensor([1])) && grad((x: Tensor, y: Tensor) => ops.sum(ops.mul(x, y)))(tensor([1]), f64([1])),
    ).to.throw(DTypeError, /cannot mix float32 and float64/)
    const gone = f64([1])
    gone.dispose()
    expect(() => grad(sum)(gone)).to.throw(DisposedError)
    expect(() => grad((x: Tensor) => ops.sum(ops.mul(x, gone)))(f64([1]))).to.throw(DisposedError)
  })

  it('a traced value that escapes is refused later', () => {
    let escaped: Tensor | undefined
    trace((x: Tensor) => (escaped = ops.exp(x)), [[2]])
    expect(() => grad((x: Tensor) => ops.sum(ops.mul(x, escaped!)))(f64([1, 2]))[0].data).to.throw(StateError)
  })

  it('an error inside leaves later calls unharmed', () => {
    expect(() =>
      grad((_x: Value): Value => {
        throw new RangeError('own')
      })(1),
    ).to.throw(RangeError, 'own')
    expect(grad(J)(5, 3, 2)).to.deep.equal([3, 6, 9])
  })
})
