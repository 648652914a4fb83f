/** A step that changes rows of its states only, as embeddings will: for the CPU and for GPUs. */
import * as b from '../../lib/graph/build'
import { encode } from '../../lib/graph/encode'
import { inputNode, stateNode } from '../../lib/graph/leaves'
import { emptyProgram } from '../../lib/graph/node'
import type { NativeBuffer } from '../../lib/native/contract'
import { native } from '../../lib/native/native'

export const [rows, units, batch] = [9, 4, 6]

/** The gradient of ½Σ(table[ids] − y)², summed over equal numbers, and its squares are added up beside the table. */
export function embeddingStep(): Uint8Array {
  const ids = inputNode([batch], 'ids', 'int32')
  const y = inputNode([batch, units], 'y')
  const [table, squares] = [stateNode([rows, units], 'table'), stateNode([rows, units], 'squares')]
  const taken = b.take(table, ids)
  const error = b.sub(taken, y)
  const gradient = b.sumDuplicates(ids, error)
  const cost = b.mul(0.5, b.sumSquares(error))
  return encode({
    ...emptyProgram('float64'),
    inputs: [ids, y],
    states: [table, squares],
    updates: [
      { state: table, value: b.sub(taken, b.mul(0.25, gradient)), rows: ids },
      { state: squares, value: b.add(b.take(squares, ids), b.mul(gradient, gradient)), rows: ids },
    ],
    guards: [cost],
    costs: [cost],
    fetches: [b.scatterAdd(ids, error, rows)],
  }).bytes
}

export const targets = Float64Array.from({ length: batch * units }, (_, i) => Math.sin(i))
export const start = () => Array.from({ length: rows * units }, (_, i) => Math.cos(i))

/** The same in plain JavaScript: new table, new squares, cost, dense gradient. */
export function byHand(ids: readonly number[], table: readonly number[], squares: readonly number[]) {
  const [next, nextSquares] = [[...table], [...squares]]
  const dense = Array<number>(rows * units).fill(0)
  let cost = 0
  ids.forEach((id, i) => {
    for (let j = 0; j < units; j++) {
      const error = table[id * units + j] - targets[i * units + j]
      cost += error ** 2 / 2
      dense[id * units + j] += error
    }
  })
  for (const id of new Set(ids))
    for (let at = id * units; at < (id + 1) * units; at++) {
      next[at] -= dense[at] / 4
      nextSquares[at] += dense[at] ** 2
    }
  return { table: next, squares: nextSquares, cost, dense }
}

export function upload(device: string, ids: readonly number[]) {
  const whole = native.bufferCreate('int32', ids.length, Int32Array.from(ids), device)
  const y = native.bufferCreate('float64', targets.length, targets, device)
  const states = [start(), start().map(() => 0)].map((v) =>
    native.bufferCreate('float64', v.length, Float64Array.from(v), device),
  )
  return { inputs: [whole, y], states }
}

export const values = (buffer: NativeBuffer) => Array.from(native.bufferRead(buffer))
