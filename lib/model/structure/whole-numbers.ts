/** Which inputs of a network are of whole numbers, and which ids they may hold: it follows from who reads them. */
import { OptionError } from '../../base/errors'
import type { BuiltLayer, LayerDescription } from '../../layers'
import type { NetworkDescription, ValueNumber } from './describe'

/** A use of a layer, as far as it matters here. */
interface LayerUse {
  readonly name: string
  readonly index: number
  readonly from: readonly ValueNumber[]
  readonly built: BuiltLayer
  readonly place: { readonly layer: LayerDescription }
}

/** What is known about the numbers of an input. */
export interface InputNumbers {
  /** Undefined: the dtype of the model. */
  readonly dtype: 'int32' | undefined
  /** Ids are below this, because of that layer. */
  readonly limit: { readonly below: number; readonly layer: string } | null
}

/**
 * By input. It is of whole numbers where it says so, or where only layers that take ids read it, by itself or behind
 * layers that only move numbers. OptionError for a layer that would take ids from one that computes other numbers.
 */
export function inputNumbers(
  where: string,
  { inputs, outputs }: NetworkDescription,
  uses: readonly LayerUse[],
): InputNumbers[] {
  const useOf = (value: ValueNumber): LayerUse | undefined => uses[value - inputs.length]
  const valueOf = ({ index }: LayerUse): ValueNumber => inputs.length + index
  for (const use of uses) if (use.built.wholeNumbers) checkSource(where, use, useOf)

  /** Uses that get a value's numbers, moved perhaps. Null where somebody else reads them too. */
  const takersOf = (value: ValueNumber): { takers: LayerUse[]; only: boolean } => {
    let only = outputs.every((output) => output.value !== value)
    const takers: LayerUse[] = []
    for (const use of uses) {
      if (!use.from.includes(value)) continue
      if (use.built.wholeNumbers) takers.push(use)
      else if (use.built.moves) {
        const behind = takersOf(valueOf(use))
        takers.push(...behind.takers)
        only &&= behind.only
      } else only = false
    }
    return { takers, only }
  }
  const found = inputs.map((_, i) => takersOf(i))
  const whole = new Set(
    inputs.flatMap(({ dtype }, i) => (dtype || (found[i].takers.length && found[i].only) ? [i] : [])),
  )
  // What is moved together with other numbers becomes like them.
  const isWhole = (value: ValueNumber): boolean => {
    const use = useOf(value)
    return use ? use.built.moves === true && use.from.every(isWhole) : whole.has(value)
  }
  const meetsOthers = (value: ValueNumber): boolean =>
    uses.some(
      (use) => use.built.moves && use.from.includes(value) && (!use.from.every(isWhole) || meetsOthers(valueOf(use))),
    )
  for (let before = -1; before !== whole.size;) {
    before = whole.size
    for (const i of [...whole]) if (!inputs[i].dtype && meetsOthers(i)) whole.delete(i)
  }
  return inputs.map((_, i) => {
    let limit: InputNumbers['limit'] = null
    for (const { name, built } of found[i].takers) {
      const { below } = built.wholeNumbers!
      if (!limit || below < limit.below) limit = { below, layer: name }
    }
    return { dtype: whole.has(i) ? 'int32' : undefined, limit }
  })
}

/** Ids come from inputs, or from functions of the user's, who knows what they give. */
function checkSource(where: string, taker: LayerUse, useOf: (value: ValueNumber) => LayerUse | undefined): void {
  const values = [...taker.from]
  for (let value = values.pop(); value !== undefined; value = values.pop()) {
    const source = useOf(value)
    if (!source || source.built.anyDType) continue
    if (!source.built.moves)
      throw new OptionError(
        `${where}: '${taker.name}': expected whole numbers from an input of the model, got the output of ` +
          `'${source.name}' (${source.place.layer.kind}).`,
      )
    values.push(...source.from)
  }
}
