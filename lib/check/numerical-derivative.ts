/** The slope of a function of one number, by trying it. */
import { checkOptions, finiteNumber, functionOption, oneOf, positiveNumber } from '../base/checks'
import { describeValue, NonFiniteError, OptionError } from '../base/errors'

export interface NumericalDerivativeOptions {
  /** Step. Default 1e-5. */
  epsilon?: number | undefined
  /** 'two' (default): (f(x+ε) − f(x−ε)) / 2ε, error of order ε². 'one': (f(x+ε) − f(x)) / ε, error of order ε. */
  sided?: 'two' | 'one' | undefined
}

/** An approximation of f′(x) by finite differences. NonFiniteError where f does not give finite numbers. */
export function numericalDerivative(
  f: (x: number) => number,
  x: number,
  options: NumericalDerivativeOptions = {},
): number {
  const where = 'numericalDerivative'
  checkOptions(where, options, ['epsilon', 'sided'])
  functionOption(`${where}: f`, f)
  finiteNumber(`${where}: x`, x)
  const epsilon = positiveNumber(`${where}: epsilon`, options.epsilon ?? 1e-5)
  const sided = oneOf(`${where}: sided`, options.sided ?? 'two', ['two', 'one'])
  const at = (point: number): number => {
    const value: unknown = f(point)
    if (typeof value !== 'number')
      throw new OptionError(`${where}: expected f to return a number, got ${describeValue(value)} for f(${point}).`)
    if (!Number.isFinite(value))
      throw new NonFiniteError(`${where}: expected f(${point}) to be a finite number, got ${value}.`)
    return value
  }
  return sided === 'two' ? (at(x + epsilon) - at(x - epsilon)) / (2 * epsilon) : (at(x + epsilon) - at(x)) / epsilon
}
