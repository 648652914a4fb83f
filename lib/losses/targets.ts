/** What targets (y) must look like for a loss: shape and values, checked row by row before they reach the core. */
import type { NativeArray } from '../base/dtype'
import { NonFiniteError, OptionError, ShapeError } from '../base/errors'
import { sameShape, shapeText, sizeOf, type Shape } from '../base/shape'
import type { TargetKind, TargetRules } from './loss'

/** Targets of one kind; `targetShape` says their shape from the output's, by default the same. */
export function targetsOf(
  kind: TargetKind,
  targetShape: TargetRules['targetShape'] = (outputShape) => outputShape,
): TargetRules {
  return {
    targets: kind,
    targetShape,
    validateTargets: (where, data, shape, outputShape) =>
      checkTargets(where, kind, data, shape, targetShape(outputShape), sizeOf(outputShape)),
  }
}

/** How far a one-hot row may be from summing to 1: float32 rounding over many classes. */
const sumTolerance = 1e-4

/**
 * Throws ShapeError, NonFiniteError or OptionError that name the row, what was expected and what was found. `shape`
 * includes the number of examples; `targetShape` does not. `width` is the number of outputs (classes, for class
 * numbers).
 */
function checkTargets(
  where: string,
  kind: TargetKind,
  data: NativeArray,
  shape: Shape,
  targetShape: Shape,
  width: number,
): void {
  checkShape(where, kind, shape, targetShape, width)
  checkFinite(where, data, shape)
  if (kind === 'labels') checkLabels(where, data, shape)
  if (kind === 'oneHot') checkOneHot(where, data, width)
  if (kind === 'classNumbers') checkClassNumbers(where, data, width)
}

function checkShape(where: string, kind: TargetKind, shape: Shape, targetShape: Shape, width: number): void {
  if (kind === 'any' && shape.length > 0) return
  const given = shape.slice(1)
  // [m] and [m, 1] mean the same: class numbers, and targets of a single output.
  const single = sizeOf(targetShape) === 1 && sizeOf(given) === 1
  if (shape.length > 0 && (single || sameShape(given, targetShape))) return
  const expected = `[m${targetShape.map((d) => `, ${d}`).join('')}]`
  let hint = ''
  if (kind === 'oneHot' && given.every((d) => d === 1))
    hint = ` These look like class numbers: use the loss 'sparseCategoricalCrossentropy', or data.oneHot(y, ${width}).`
  if (kind === 'classNumbers' && given.length === 1 && given[0] === width)
    hint = " These look like one-hot rows: use the loss 'categoricalCrossentropy'."
  throw new ShapeError(`${where}: expected targets of shape ${expected}, got ${shapeText(shape)}.${hint}`)
}

/** `row 3`, or `row 3, column 1` where rows have several entries. */
function place(index: number, shape: Shape): string {
  const perRow = sizeOf(shape.slice(1))
  const row = `row ${Math.floor(index / perRow)}`
  return perRow === 1 ? row : `${row}, column ${index % perRow}`
}

function checkFinite(where: string, data: NativeArray, shape: Shape): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i]))
      throw new NonFiniteError(
        `${where}: expected finite numbers, got ${data[i]} at ${place(i, shape)}. Remove or repair that row.`,
      )
  }
}

function checkLabels(where: string, data: NativeArray, shape: Shape): void {
  for (let i = 0; i < data.length; i++) {
    if (!(data[i] >= 0 && data[i] <= 1))
      throw new OptionError(`${where}: expected labels in [0, 1], got ${data[i]} at ${place(i, shape)}.`)
  }
}

function checkClassNumbers(where: string, data: NativeArray, classes: number): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isInteger(data[i]) || data[i] < 0 || data[i] >= classes)
      throw new OptionError(
        `${where}: expected class numbers, integers from 0 to ${classes - 1}, got ${data[i]} at row ${i}.`,
      )
  }
}

function checkOneHot(where: string, data: NativeArray, classes: number): void {
  for (let start = 0; start < data.length; start += classes) {
    let total = 0
    for (let i = start; i < start + classes; i++) {
      if (!(data[i] >= 0 && data[i] <= 1))
        throw new OptionError(
          `${where}: expected one-hot rows with entries in [0, 1], ` +
            `got ${data[i]} at row ${start / classes}, column ${i - start}.`,
        )
      total += data[i]
    }
    if (Math.abs(total - 1) > sumTolerance)
      throw new OptionError(`${where}: expected one-hot rows that sum to 1, row ${start / classes} sums to ${total}.`)
  }
}
