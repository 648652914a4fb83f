/** What each example counts: its sample weight times the weight of its class. */
import { types } from 'node:util'
import { newArray, type DType, type NativeArray } from '../../base/dtype'
import { isRecord } from '../../base/checks'
import { describeValue, OptionError, ShapeError } from '../../base/errors'
import { shapeText } from '../../base/shape'
import { sliceLength, slices, type Sliced } from '../../base/slices'
import type { RowSource } from '../../data/row-source'
import type { DataLike } from '../../data/rows'
import { requireFinite, toFlatRows, type Flat } from '../../data/transfer'
import { metricContext } from '../../metrics'
import type { CompiledOutput } from '../structure/compile'

/** Weights of examples: one number per row. */
export type SampleWeight = DataLike
/** Weights of classes, by class number; a class that is left out counts 1. */
export type ClassWeight = readonly number[] | { readonly [classNumber: number]: number } | ReadonlyMap<number, number>

/** The weights given for an output, and what errors call them and the targets. */
export interface GivenWeights {
  where: string
  targetName: string
  sampleWeight: RowSource | null
  sampleWeightName: string
  classWeight: ClassWeight | undefined
  classWeightName: string
}

/** One weight per row, [m, 1]; null where neither kind is given. */
export function* exampleWeights(
  given: GivenWeights,
  y: Flat,
  compiled: CompiledOutput,
  dtype: DType,
): Sliced<Flat | null> {
  const { where, targetName, sampleWeight, sampleWeightName, classWeight, classWeightName } = given
  if (sampleWeight === null && classWeight === undefined) return null
  const rows = y.shape[0]
  const weights = sampleWeight
    ? yield* sampleWeights(where, sampleWeightName, sampleWeight, rows, dtype)
    : newArray(dtype, rows).fill(1)
  if (classWeight !== undefined) {
    const at = `${where}: ${classWeightName}`
    const table = classTable(at, classWeight, compiled)
    const width = y.data.length / rows
    for (const [from, to] of slices(rows, Math.ceil(sliceLength / width))) {
      for (let i = from; i < to; i++) {
        const own = classOf(at, targetName, y.data, i, width, table.length)
        const ofRow = weights[i]
        weights[i] *= table[own]
        if (!Number.isFinite(weights[i]))
          throw new OptionError(
            `${at}[${own}]: expected weights that ${dtype} can hold, got ${ofRow} · ${table[own]} in row ${i}.`,
          )
      }
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

/** How many classes an output tells apart; OptionError where its rows are not of one class each. */
function classCount(where: string, { loss, output }: CompiledOutput): number {
  const { kind, outputs, positions } = metricContext(loss, output.activation, output.shape)
  const refuse = (got: string) =>
    new OptionError(
      `${where}: expected an output of one class per example (a softmax, or one sigmoid unit), got ${got}. ` +
        'Use sampleWeight, which weighs rows.',
    )
  if (kind === 'classes' && positions > 1)
    throw refuse(`one of shape ${shapeText([null, ...output.shape])}, with a class for each of ${positions} positions`)
  if (kind === 'values' && loss.perExample) throw refuse(`plain numbers (loss '${loss.name}')`)
  if (kind === 'classes') return outputs
  if (outputs > 1 && loss.perExample)
    throw refuse(`${outputs} labels, each yes or no, which may stand together in a row (loss '${loss.name}')`)
  return Math.max(2, outputs)
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
  let second = -1
  for (let c = 1; c < width; c++) {
    const [value, largest] = [data[row * width + c], data[row * width + best]]
    if (value > largest) [best, second] = [c, -1]
    else if (value === largest) second = c
  }
  if (second >= 0)
    throw new OptionError(
      `${where}: expected one class in each row of ${name}, got the same for ${best} and ${second} in row ${row}. ` +
        'Use sampleWeight.',
    )
  return best
}

/** The weight of every class: 1 where none is given. OptionError where the output tells no classes apart. */
export function classTable(where: string, classWeight: ClassWeight, compiled: CompiledOutput): Float64Array {
  const isList = Array.isArray(classWeight) || ArrayBuffer.isView(classWeight)
  const isMap = types.isMap(classWeight)
  if (!isList && !isMap && !isRecord(classWeight))
    throw new OptionError(
      `${where}: expected { classNumber: weight, … }, a Map or a list, got ${describeValue(classWeight)}.`,
    )
  const classes = classCount(where, compiled)
  const table = new Float64Array(classes).fill(1)
  for (const [key, weight] of isMap ? (classWeight as Map<unknown, unknown>) : Object.entries(classWeight)) {
    const c = typeof key === 'string' && !isMap ? Number(key) : key
    if (typeof c !== 'number' || !Number.isInteger(c) || c < 0 || c >= classes)
      throw new OptionError(
        `${where}: class '${String(key)}' does not exist; the model tells ${classes} classes apart, 0 to ` +
          `${classes - 1}.`,
      )
    if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 0)
      throw new OptionError(`${where}[${c}]: expected a number of at least 0, got ${describeValue(weight)}.`)
    table[c] = weight
  }
  return table
}
