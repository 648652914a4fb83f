/** What each example counts: its sample weight times the weight of its class. */
import { newArray, type DType, type NativeArray } from '../../base/dtype'
import { describeValue, OptionError, ShapeError } from '../../base/errors'
import { shapeText } from '../../base/shape'
import { sliceLength, slices, type Sliced } from '../../base/slices'
import type { RowSource } from '../../data/row-source'
import type { DataLike } from '../../data/rows'
import { requireFinite, toFlatRows, type Flat } from '../../data/transfer'

/** Weights of examples: one number per row. */
export type SampleWeight = DataLike
/** Weights of classes, by class number. */
export type ClassWeight = readonly number[] | { readonly [classNumber: number]: number }

/** The weights given for an output, and what errors call them and the targets. */
export interface GivenWeights {
  where: string
  targetName: string
  sampleWeight: RowSource | null
  sampleWeightName: string
  classWeight: ClassWeight | undefined
  classWeightName: string
}

/** One weight per row, [m, 1]; null where neither kind is given. `classes`: how many the model tells apart. */
export function* exampleWeights(given: GivenWeights, y: Flat, classes: number, dtype: DType): Sliced<Flat | null> {
  const { where, targetName, sampleWeight, sampleWeightName, classWeight, classWeightName } = given
  if (sampleWeight === null && classWeight === undefined) return null
  const rows = y.shape[0]
  const weights = sampleWeight
    ? yield* sampleWeights(where, sampleWeightName, sampleWeight, rows, dtype)
    : newArray(dtype, rows).fill(1)
  if (classWeight !== undefined) {
    const at = `${where}: ${classWeightName}`
    const table = classTable(at, classWeight, classes)
    const width = y.data.length / rows
    for (const [from, to] of slices(rows, Math.ceil(sliceLength / width))) {
      for (let i = from; i < to; i++) weights[i] *= table[classOf(at, targetName, y.data, i, width, classes)]
      yield
    }
  }
  return { data: weights, shape: [rows, 1] }
}

function* sampleWeights(
  where: string,
  name: string,
  source: RowSource,
  rows: number,
  dtype: DType,
): Sliced<NativeArray> {
  const { shape } = source
  const column = shape.length === 2 && shape[1] === 1
  if (shape[0] !== rows || (shape.length !== 1 && !column))
    throw new ShapeError(
      `${where}: ${name}: expected shape ${shapeText([rows])}, one weight per row, got ${shapeText(shape)}.`,
    )
  const { data } = yield* toFlatRows(source, dtype, (part, from) => {
    requireFinite(where, name, part.data, [rows], from)
    for (let i = 0; i < part.data.length; i++)
      if (part.data[i] < 0)
        throw new OptionError(`${where}: ${name}[${from + i}] is ${part.data[i]}; weights must be at least 0.`)
  })
  return data
}

/** The class of row i: the number itself, or the place of the largest entry of a one-hot row. */
function classOf(where: string, name: string, data: NativeArray, row: number, width: number, classes: number): number {
  if (width === 1) {
    const own = data[row]
    if (Number.isInteger(own) && own >= 0 && own < classes) return own
    if (Number.isInteger(own))
      throw new OptionError(
        `${where}: ${name}[${row}] is class ${own}; the model tells ${classes} classes apart, 0 to ` +
          `${classes - 1}. Use sampleWeight.`,
      )
    throw new OptionError(
      `${where}: expected class numbers in ${name}, got ${data[row]} in row ${row}. Use sampleWeight.`,
    )
  }
  let best = 0
  for (let c = 1; c < width; c++) if (data[row * width + c] > data[row * width + best]) best = c
  return best
}

/** The weight of every class: 1 where none is given. */
function classTable(where: string, classWeight: ClassWeight, classes: number): Float64Array {
  if (typeof classWeight !== 'object' || classWeight === null)
    throw new OptionError(`${where}: expected { classNumber: weight, … } or a list, got ${describeValue(classWeight)}.`)
  const table = new Float64Array(classes).fill(1)
  for (const [key, weight] of Object.entries(classWeight)) {
    const c = Number(key)
    if (!Number.isInteger(c) || c < 0 || c >= classes)
      throw new OptionError(
        `${where}: class '${key}' does not exist; the model tells ${classes} classes apart, 0 to ` + `${classes - 1}.`,
      )
    if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 0)
      throw new OptionError(`${where}[${key}]: expected a number of at least 0, got ${describeValue(weight)}.`)
    table[c] = weight
  }
  return table
}
