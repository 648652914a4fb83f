/** What the tests of the rows share: seeded data, comparisons, warnings, searches that are killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ops, Tensor } from '../../../lib'

export { rejected, thrown } from '../../model/support'

/** Numbers in [0, 1), the same for the same seed: mulberry32. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Numbers from N(0, 1): Box and Muller. */
export function normal(seed: number): () => number {
  const next = uniform(seed)
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
}

/** [rows, columns] of numbers from `next`. */
export function matrix(rows: number, columns: number, next: () => number): number[][] {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, next))
}

/** Every number of `actual` within `tolerance` of its partner. */
export function close(actual: Tensor | number | readonly number[], expected: Numbers, tolerance: number): void {
  const left = typeof actual === 'number' ? [actual] : actual instanceof Tensor ? [...actual.data] : actual
  const right = flat(expected)
  expect(left.length, 'how many numbers').to.equal(right.length)
  left.forEach((value, i) => expect(value, `number ${i}`).to.be.closeTo(right[i], tolerance))
}

type Numbers = Tensor | number | readonly Numbers[]

function flat(values: Numbers): number[] {
  if (typeof values === 'number') return [values]
  if (values instanceof Tensor) return [...values.data]
  return (values as readonly Numbers[]).flatMap(flat)
}

/** What `call` warns of. */
export async function warnings(call: () => unknown): Promise<string[]> {
  const seen: string[] = []
  const listener = (warning: Error): void => void seen.push(warning.message)
  process.on('warning', listener)
  try {
    await call()
    // Node.js hands warnings over on the next tick.
    await new Promise(setImmediate)
    return seen
  } finally {
    process.off('warning', listener)
  }
}

/** Two classes on the petals of a flower, which no line separates. */
export function planar(m: number, seed: number): { x: number[][]; y: number[] } {
  const noise = normal(seed)
  const x: number[][] = []
  const y: number[] = []
  for (let i = 0; i < m; i++) {
    const label = i % 2
    const t = (label + (i >> 1) / (m >> 1)) * 3.12 + 0.2 * noise()
    const radius = 4 * Math.sin(4 * t) + 0.2 * noise()
    x.push([radius * Math.sin(t), radius * Math.cos(t)])
    y.push(label)
  }
  return { x, y }
}

/** A ring of class 0 around a disc of class 1. */
export function ring(m: number, seed: number): { x: number[][]; y: number[] } {
  const next = uniform(seed)
  const x: number[][] = []
  const y: number[] = []
  for (let i = 0; i < m; i++) {
    const label = i % 2
    const radius = label === 1 ? next() : 1.5 + next()
    const angle = 2 * Math.PI * next()
    x.push([radius * Math.cos(angle), radius * Math.sin(angle)])
    y.push(label)
  }
  return { x, y }
}

/**
 * Runs `program` of this folder, which searches and writes `file`, and kills it once that holds `trials` finished
 * trials. Returns how many it holds then.
 */
export async function killedSearch(program: string, file: string, trials: number): Promise<number> {
  const finished = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 2 : 0)
  const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, program), file], { stdio: 'ignore' })
  const exit = once(child, 'exit')
  while (finished() < trials && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 2))
  child.kill('SIGKILL')
  await exit
  return finished()
}

/** Share of rows whose rounded probability is the label. */
export function accuracyOf(probabilities: Tensor, y: readonly number[]): number {
  const { data } = probabilities
  return y.filter((label, i) => (data[i] >= 0.5 ? 1 : 0) === label).length / y.length
}

/** Largest |a − b|. */
export function gap(a: Tensor, b: Tensor): number {
  return ops.max(ops.abs(ops.sub(a, b))).item()
}
