/** Checking derivatives. */
export { gradientCheck, type GradientCheckOptions } from './gradient-check'
export { numericalDerivative, type NumericalDerivativeOptions } from './numerical-derivative'
export { GradientCheck, type CheckedEntry, type CheckedParameter } from './report'
export type { Verdict } from './verdict'
