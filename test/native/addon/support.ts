/** Small programs and processes that the tests of the addon share. */
import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { add, constant, createNode, mul, sum } from '../../../lib/graph/build'
import { encode } from '../../../lib/graph/encode'
import type { Program } from '../../../lib/graph/node'

export const root = resolve(__dirname, '../../..')
// eslint-disable-next-line @typescript-eslint/no-require-imports
export const addonPath: string = require('node-gyp-build').path(root)

const empty: Omit<Program, 'dtype'> = {
  inputs: [],
  states: [],
  hypers: [],
  fetches: [],
  updates: [],
  guards: [],
  costs: [],
  accumulators: [],
}

/** One step: state [n] += hyper; cost and accumulator = sum of the new state; fetch = 2 × the old state. */
export function counter(n: number): Uint8Array {
  const state = createNode('state', [], {}, [n], { label: 'counter' })
  const hyper = createNode('hyper', [], {}, [])
  const next = add(state, hyper)
  return encode({
    ...empty,
    dtype: 'float64',
    states: [state],
    hypers: [hyper],
    fetches: [mul(state, constant(2))],
    updates: [{ state, value: next }],
    costs: [sum(next)],
    accumulators: [sum(next)],
  }).bytes
}

/** Inputs x [2, 3] (may be gathered) → sum of x as cost. */
export function rowSum(): Uint8Array {
  const x = createNode('input', [], {}, [2, 3], { label: 'x' })
  return encode({ ...empty, dtype: 'float32', inputs: [x], fetches: [mul(x, constant(1.5))], costs: [sum(x)] }).bytes
}

/** One step multiplies two [size, size] states: long enough to be interrupted in the middle of many. */
export function multiplier(size: number): Uint8Array {
  const state = createNode('state', [], {}, [size, size], { label: 'multiplier' })
  const product = createNode('matmul', [state, state], { transA: 0, transB: 0 }, undefined, { label: 'product' })
  return encode({
    ...empty,
    dtype: 'float32',
    states: [state],
    updates: [{ state, value: mul(product, constant(1 / size)) }],
    guards: [product],
    costs: [sum(product)],
  }).bytes
}

export interface Outcome {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  seconds: number
}

/**
 * Runs test/native/addon/children/<name>.mjs, which gets `input` and the addon's path as JSON. Never longer than
 * `limit` ms.
 */
export function child(name: string, input: Record<string, unknown>, nodeArgs: string[] = [], limit = 50_000) {
  const file = join(__dirname, 'children', `${name}.mjs`)
  const start = Date.now()
  return new Promise<Outcome>((done, fail) => {
    const process_ = spawn(process.execPath, [...nodeArgs, file, JSON.stringify({ addonPath, root, ...input })], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const timer = setTimeout(() => process_.kill('SIGKILL'), limit)
    let stdout = ''
    let stderr = ''
    process_.stdout.on('data', (text) => (stdout += text))
    process_.stderr.on('data', (text) => (stderr += text))
    process_.on('error', fail)
    process_.on('close', (code, signal) => {
      clearTimeout(timer)
      done({ code, signal, stdout, stderr, seconds: (Date.now() - start) / 1000 })
    })
  })
}

export const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
