/** Records by the names of inputs or outputs. */
import { isRecord } from '../../base/checks'
import { describeValue, OptionError } from '../../base/errors'
import { didYouMean } from '../../base/suggest'
import { Tensor } from '../../tensor/tensor'

/**
 * Checks that `value` is an object with one entry for each name, and no others. OptionError names the first that is
 * missing or unknown. `what`: what the names are of. `partial`: entries may be left out, and so may the object.
 */
export function recordOf<T>(
  where: string,
  what: 'input' | 'output',
  value: unknown,
  names: readonly string[],
  partial = false,
): { readonly [name: string]: T } {
  if (value === undefined && partial) return Object.create(null) as { readonly [name: string]: T }
  const expected = names.map((name) => `${name}: …`).join(', ')
  if (!isRecord(value) || value instanceof Tensor)
    throw new OptionError(
      `${where}: expected an entry for each ${what} by name, { ${expected} }, got ${describeValue(value)}.`,
    )
  // Without a prototype: a name such as 'toString' is there only where it was given.
  const record = Object.assign(Object.create(null), value) as Record<string, unknown>
  for (const name of Object.keys(record))
    if (!names.includes(name))
      throw new OptionError(
        `${where}: expected entries for the ${what}s of the model, got one for '${name}'.${didYouMean(name, names)} ` +
          `Its ${what}s: ${names.join(', ')}.`,
      )
  const missing = partial ? undefined : names.find((name) => record[name] === undefined)
  if (missing !== undefined)
    throw new OptionError(`${where}: '${missing}' is missing; expected an entry for each ${what}, { ${expected} }.`)
  return record as { readonly [name: string]: T }
}
