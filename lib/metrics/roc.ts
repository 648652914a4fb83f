/** Area under the ROC curve: exact from all scores, or from 4,096 thresholds that can be added over batches. */
import { constantArray } from '../graph/build'
import * as ops from '../ops'
import { contextOf, Tensor, tensor } from '../tensor/tensor'

const thresholdCount = 4096
/** 0, 1/4095, …, 1. */
const thresholds = Array.from({ length: thresholdCount }, (_, i) => i / (thresholdCount - 1))

/**
 * For each output (column) the number of negatives and positives whose probability reaches each threshold: one
 * [2, 4096] tensor per column of `truth` (0/1) and `probabilities`, both [m, n].
 */
export function thresholdStatistics(truth: Tensor, probabilities: Tensor): Tensor[] {
  const [rows, columns] = probabilities.shape
  const context = contextOf(probabilities)
  const shape = [1, thresholdCount]
  const levels = context
    ? Tensor.fromNode(constantArray(thresholds, shape), context)
    : tensor(thresholds, shape, { dtype: probabilities.dtype })
  return Array.from({ length: columns }, (_, column) => {
    const positive = ops.slice(truth, [0, column], [rows, 1])
    const score = ops.slice(probabilities, [0, column], [rows, 1])
    const both = ops.concat([ops.sub(1, positive), positive], { axis: 1 })
    return ops.matmul(both, ops.greaterEqual(score, levels), { transposeA: true })
  })
}

/**
 * Trapezoids between the thresholds' points of the ROC curve; the mean over the columns that have both classes, NaN if
 * none has.
 */
export function areaFromThresholds(totals: readonly Float64Array[]): number {
  const areas = totals.map((counts) => {
    const [negatives, positives] = [counts[0], counts[thresholdCount]] // every probability reaches 0
    let area = 0
    for (let i = 0; i < thresholdCount; i++) {
      const last = i === thresholdCount - 1
      const nextFalse = last ? 0 : counts[i + 1]
      const nextTrue = last ? 0 : counts[thresholdCount + i + 1]
      area += ((counts[i] - nextFalse) * (counts[thresholdCount + i] + nextTrue)) / 2
    }
    return area / (negatives * positives)
  })
  return meanOfNumbers(areas)
}

/**
 * The share of (positive, negative) pairs that the scores order rightly, ties counting half (Mann–Whitney); the mean
 * over the outputs.
 */
export function areaUnderCurve(
  truth: (row: number, output: number) => boolean,
  score: (row: number, output: number) => number,
  rows: number,
  outputs: number,
): number {
  const areas: number[] = []
  for (let output = 0; output < outputs; output++) {
    const order = Uint32Array.from({ length: rows }, (_, i) => i).sort((a, b) => score(a, output) - score(b, output))
    let positives = 0
    let rankSum = 0
    for (let start = 0; start < rows;) {
      let end = start
      let tiedPositives = 0
      while (end < rows && score(order[end], output) === score(order[start], output)) {
        if (truth(order[end], output)) tiedPositives++
        end++
      }
      if (end === start) return NaN // a score that is NaN
      positives += tiedPositives
      rankSum += tiedPositives * ((start + 1 + end) / 2)
      start = end
    }
    const negatives = rows - positives
    areas.push((rankSum - (positives * (positives + 1)) / 2) / (positives * negatives))
  }
  return meanOfNumbers(areas)
}

function meanOfNumbers(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value))
  return known.length === 0 ? NaN : known.reduce((a, b) => a + b, 0) / known.length
}
