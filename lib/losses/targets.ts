/** What targets (y) must look like for a loss: shape and values, checked row by row before they reach the core. */
import type { NativeArray } from '../base/dtype'
import { OptionError, ShapeError } from '../base/errors'
import { sameShape, shapeText, sizeOf, type Shape } from '../base/shape'
import type { TargetKind, TargetRules } from './loss'

/** Targets of one kind; `targetShape` says their shape from the output's, by default the same. */
export function targetsOf(
  kind: TargetKind,
  targetShape: TargetRules['targetShape'] = (outputShape) => outputShape,
): TargetRules {
  const check = valueChecks[kind]
  return {
    targets: kind,
    targetShape,
    checkTargetShape: (where, shape, rows, outputShape) =>
      checkShape(where, kind, shape, [rows, ...targetShape(outputShape)], outputShape),
    checkTargetValues: (where, data, outputShape, firstRow = 0) =>
      check?.(where, data, { firstRow, classes: outputShape.at(-1) ?? 1, perRow: sizeOf(targetShape(outputShape)) }),
  }
}

/** How far a one-hot row may be from summing to 1: float32 rounding over many classes. */
const sumTolerance = 1e-4

function checkShape(where: string, kind: TargetKind, shape: Shape, expected: Shape, outputShape: Shape): void {
  const target = expected.slice(1)
  const given = shape.slice(1)
  // [m] and [m, 1] mean the same: class numbers, and targets of a single output.
  const single = sizeOf(target) === 1 && given.length < 2 && sizeOf(given) === 1
  if (shape.length > 0 && (single || sameShape(given, target))) return
  const classes = outputShape.at(-1)
  let hint = ''
  if (kind === 'oneHot' && sizeOf(given) * (classes ?? 1) === sizeOf(target))
    hint = ` These look like class numbers: use the loss 'sparseCategoricalCrossentropy', or data.oneHot(y, ${classes}).`
  if (kind === 'classNumbers' && sameShape(given, outputShape))
    hint = " These look like one-hot rows: use the loss 'categoricalCrossentropy'."
  throw new ShapeError(`${where}: expected shape ${shapeText(expected)}, got ${shapeText(shape)}.${hint}`)
}

/** What the values of one part of the targets are checked by. */
interface Part {
  /** Number of the first row. */
  firstRow: number
  classes: number
  /** Values of a row. */
  perRow: number
}

/** `row 3`, or `row 3, column 1` where rows have several entries. */
function place(index: number, { firstRow, perRow }: Part): string {
  const row = `row ${firstRow + Math.floor(index / perRow)}`
  return perRow === 1 ? row : `${row}, column ${index % perRow}`
}

function checkLabels(where: string, data: NativeArray, part: Part): void {
  for (let i = 0; i < data.length; i++) {
    if (!(data[i] >= 0 && data[i] <= 1))
      throw new OptionError(`${where}: expected labels in [0, 1], got ${data[i]} at ${place(i, part)}.`)
  }
}

function checkClassNumbers(where: string, data: NativeArray, part: Part): void {
  const { classes } = part
  for (let i = 0; i < data.length; i++) {
    if (!Number.isInteger(data[i]) || data[i] < 0 || data[i] >= classes)
      throw new OptionError(
        `${where}: expected class numbers, integers from 0 to ${classes - 1}, got ${data[i]} at ${place(i, part)}.`,
      )
  }
}

function checkOneHot(where: string, data: NativeArray, part: Part): void {
  const { classes, firstRow, perRow } = part
  for (let start = 0; start < data.length; start += classes) {
    let total = 0
    for (let i = start; i < start + classes; i++) {
      if (!(data[i] >= 0 && data[i] <= 1))
        throw new OptionError(
          `${where}: expected one-hot rows with entries in [0, 1], got ${data[i]} at ${place(i, part)}.`,
        )
      total += data[i]
    }
    const row = firstRow + Math.floor(start / perRow)
    if (Math.abs(total - 1) > sumTolerance)
      throw new OptionError(`${where}: expected one-hot rows that sum to 1, row ${row} sums to ${total}.`)
  }
}

/** 'values' and 'any' take every finite number. */
const valueChecks: { [Kind in TargetKind]?: (where: string, data: NativeArray, part: Part) => void } = {
  labels: checkLabels,
  oneHot: checkOneHot,
  classNumbers: checkClassNumbers,
}
