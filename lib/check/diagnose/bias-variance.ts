/** Bias and variance from three error rates, and what to do about them. */
import { checkOptions, numberInRange } from '../../base/checks'
import { OptionError } from '../../base/errors'

export interface BiasVarianceOptions {
  /** Share of wrong answers on the training set, 0 … 1. */
  trainError: number
  /** Share of wrong answers on the dev set, 0 … 1. */
  devError: number
  /** The best that anyone, or a person, could do, 0 … 1. Default 0. */
  bayesError?: number | undefined
  /** A difference above this is high. Default 0.02: two points. */
  threshold?: number | undefined
}

export interface BiasVariance {
  bias: 'high' | 'low'
  variance: 'high' | 'low'
  /** trainError − bayesError. */
  avoidableBias: number
  /** devError − trainError. */
  varianceGap: number
  /** What to try, in this order; empty where both are low. */
  recipe: string[]
}

/** Against high bias, in the order to try them. */
const againstBias = ['a bigger network', 'longer training', 'a better optimiser', 'another architecture']
/** Against high variance. */
const againstVariance = ['more data', 'regularisation', 'another architecture']
const again = 'measure both errors again'

/**
 * High bias: the network does not fit its training set (trainError − bayesError is above the threshold). High variance:
 * what it learnt does not carry over to the dev set (devError − trainError is). The recipe treats bias first, then
 * variance, then starts over.
 *
 * OptionError where bayesError is above trainError: no classifier is better than the best one; measure it again, or the
 * training set is memorised and devError is the one to compare.
 */
export function biasVariance(options: BiasVarianceOptions): BiasVariance {
  const where = 'diagnose.biasVariance'
  checkOptions(where, options, ['trainError', 'devError', 'bayesError', 'threshold'])
  const share = (name: string, value: unknown) => {
    if (typeof value === 'number' && value > 1 && value <= 100)
      throw new OptionError(`${where}: ${name}: expected a share from 0 to 1, got ${value}. Divide percentages by 100.`)
    return numberInRange(`${where}: ${name}`, value, 0, 1)
  }
  const train = share('trainError', options?.trainError)
  const dev = share('devError', options?.devError)
  const bayes = share('bayesError', options?.bayesError ?? 0)
  const threshold = share('threshold', options?.threshold ?? 0.02)
  if (bayes > train)
    throw new OptionError(
      `${where}: bayesError ${bayes} is above trainError ${train}: nothing can be better than the best. ` +
        'Estimate bayesError anew, or leave it out.',
    )
  const high = (gap: number) => gap > threshold * (1 + 1e-12)
  const bias = high(train - bayes)
  const variance = high(dev - train)
  return {
    bias: bias ? 'high' : 'low',
    variance: variance ? 'high' : 'low',
    avoidableBias: train - bayes,
    varianceGap: dev - train,
    recipe: [...(bias ? againstBias : []), ...(variance ? againstVariance : []), ...(bias || variance ? [again] : [])],
  }
}
