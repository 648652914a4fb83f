/** Checking derivatives. */
export {
  gradientCheck,
  GradientCheck,
  type CheckedEntry,
  type CheckedParameter,
  type GradientCheckOptions,
} from './gradient-check'
export { numericalDerivative, type NumericalDerivativeOptions } from './numerical-derivative'
export type { Verdict } from './verdict'
