/** Which activation belongs where. */
import { checkOptions } from '../../base/checks'
import { describeValue, OptionError } from '../../base/errors'
import { Model, type AnyModel } from '../../model/model'

const where = 'diagnose.activationAdvice'

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

/** What the compiled loss of an output says about its targets. */
function targetOf(model: AnyModel, output: number): Target {
  const { compiled } = model.internals(where)
  if (!compiled)
    throw new OptionError(
      "diagnose.activationAdvice: the model is not compiled. Call model.compile first, or say { target: 'binary' }.",
    )
  const { name } = compiled.outputs[output].loss
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
  if (activation === 'prelu') return { better: null, reason: 'good; it learns its slope below 0' }
  return {
    better: null,
    reason: activation === 'custom' ? 'your own function' : 'the default choice for hidden layers',
  }
}

/** A layer that is judged, and which output it ends in, if any. */
interface Judged {
  layer: string
  activation: string
  output: number | null
}

/**
 * Every dense layer with the activation that follows it, be it its own or that of a layer behind it. Layers between
 * them that apply none (dropout, layerNorm) are passed over.
 */
function judged(model: AnyModel): Judged[] {
  const { uses, outputs: ends, inputs } = model.internals(where).engine.network
  return uses.flatMap((use): Judged[] => {
    if (!use.built.product) return []
    let end = use
    let activation = use.built.activation
    for (;;) {
      const value = inputs.length + end.index
      const output = ends.findIndex((given) => given.value === value)
      const readers = uses.filter(({ from }) => from.includes(value))
      const [next] = readers
      const isAlone = output < 0 && readers.length === 1
      const goesOn = isAlone && next.from.length === 1 && !next.built.product
      const both = goesOn && activation !== 'linear' && next.built.activation !== 'linear'
      if (!goesOn || both) return [{ layer: use.name, activation, output: output < 0 ? null : output }]
      if (activation === 'linear') activation = next.built.activation
      end = next
    }
  })
}

/**
 * Looks at every dense layer of a model: sigmoid for a 0/1 output, softmax for classes, linear for regression, ReLU in
 * hidden layers, tanh rather than sigmoid there. `target` defaults to what the compiled loss of each output says. A
 * layer whose activation is a layer of its own is judged by that one.
 */
export function activationAdvice(model: AnyModel, options: { target?: Target | undefined } = {}): ActivationAdvice[] {
  if (!(model instanceof Model))
    throw new OptionError(
      `${where}: expected a model made by sequential, model or loadModel, got ${describeValue(model)}.`,
    )
  checkOptions(where, options, ['target'])
  if (options.target !== undefined && !Object.hasOwn(outputs, options.target))
    throw new OptionError(
      `${where}: target: expected 'binary', 'classes' or 'regression', got ${describeValue(options.target)}.`,
    )
  if (options.target === undefined) targetOf(model, 0)
  return judged(model).map(({ layer, activation, output }) => {
    if (output === null) return { layer, activation, ...hidden(activation) }
    const { best, reason } = outputs[options.target ?? targetOf(model, output)]
    return { layer, activation, better: activation === best ? null : best, reason }
  })
}
