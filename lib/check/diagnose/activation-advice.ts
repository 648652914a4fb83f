/** Which activation belongs where. */
import { checkOptions } from '../../base/checks'
import { describeValue, OptionError } from '../../base/errors'
import { Model } from '../../model/model'

export interface ActivationAdvice {
  layer: string
  activation: string
  /** What would suit better; null where the choice is good. */
  better: string | null
  reason: string
}

type Target = 'binary' | 'classes' | 'regression'

const outputs: Record<Target, { best: string; reason: string }> = {
  binary: { best: 'sigmoid', reason: 'the answer is 0 or 1, and a sigmoid is the probability of 1' },
  classes: { best: 'softmax', reason: 'one class out of several: the probabilities sum to 1' },
  regression: { best: 'linear', reason: 'the answer is any number; for numbers of at least 0 relu will do too' },
}

/** What the compiled loss says about the targets. */
function targetOf(model: Model): Target {
  const name = model.internals.compiled?.loss.name
  if (name === undefined)
    throw new OptionError(
      "diagnose.activationAdvice: the model is not compiled. Call model.compile first, or say { target: 'binary' }.",
    )
  if (name === 'binaryCrossentropy') return 'binary'
  return name === 'meanSquaredError' || name === 'custom' ? 'regression' : 'classes'
}

function hidden(activation: string): { better: string | null; reason: string } {
  if (activation === 'sigmoid')
    return {
      better: 'tanh',
      reason: 'tanh has mean 0, which is nearly always better than sigmoid in hidden layers; relu learns faster still',
    }
  if (activation === 'linear')
    return { better: 'relu', reason: 'without a non-linearity the layer and the next one collapse to one linear map' }
  if (activation === 'softmax')
    return { better: 'relu', reason: 'softmax makes the units of a hidden layer compete; it belongs to the output' }
  if (activation === 'tanh')
    return { better: null, reason: 'good; relu may learn faster, as its slope does not vanish' }
  return {
    better: null,
    reason: activation === 'custom' ? 'your own function' : 'the default choice for hidden layers',
  }
}

/**
 * Looks at every dense layer of a model: sigmoid for a 0/1 output, softmax for classes, linear for regression, ReLU in
 * hidden layers, tanh rather than sigmoid there. `target` defaults to what the compiled loss says. A layer whose
 * activation is a layer of its own is judged by that one.
 */
export function activationAdvice(model: Model, options: { target?: Target | undefined } = {}): ActivationAdvice[] {
  const where = 'diagnose.activationAdvice'
  if (!(model instanceof Model))
    throw new OptionError(`${where}: expected a model made by sequential or loadModel, got ${describeValue(model)}.`)
  checkOptions(where, options, ['target'])
  if (options.target !== undefined && !Object.hasOwn(outputs, options.target))
    throw new OptionError(
      `${where}: target: expected 'binary', 'classes' or 'regression', got ${describeValue(options.target)}.`,
    )
  const target = options.target ?? targetOf(model)
  const listed = model.layers.filter(({ kind }) => kind !== 'dropout' && kind !== 'flatten')
  const dense = listed.flatMap((layer, i) => {
    if (layer.kind !== 'dense') return []
    const next = listed[i + 1]
    const separate = layer.activation === 'linear' && next?.kind === 'activation'
    return [{ layer: layer.name, activation: separate ? next.activation : layer.activation }]
  })
  return dense.map((entry, i) => {
    if (i < dense.length - 1) return { ...entry, ...hidden(entry.activation) }
    const { best, reason } = outputs[target]
    return { ...entry, better: entry.activation === best ? null : best, reason }
  })
}
