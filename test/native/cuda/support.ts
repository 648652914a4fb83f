/**
 * What the tests of the CUDA backend share. They run on a GPU or, without one, on the stand-in of
 * test/native/cuda-on-cpu; scripts/test-cuda.js names the library and whether the tests are to be thorough.
 */
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { newArray, type DType, type TensorDType } from '../../../lib/base/dtype'
import * as b from '../../../lib/graph/build'
import { encode } from '../../../lib/graph/encode'
import { emptyProgram, type Node } from '../../../lib/graph/node'
import type { NativeBuffer, NativePlan } from '../../../lib/native/contract'
import { native } from '../../../lib/native/native'
import { cases, derivativesOf, generator, inputNodesOf, type OpCase } from '../../ops/cases'

export const root = resolve(__dirname, '../../..')

/** Everything, or what fits into `npm test`. */
export const thorough = process.env.MYELIN_CUDA_TESTS !== 'quick'

const reason = native.whyNoGpu()
if (reason !== null)
  throw new Error(`The tests of test/native/cuda need a CUDA library: run \`npm run test:cuda\`. ${reason}`)

/** True on the stand-in, whose order of threads, memory and driver the environment sets. */
export const isStandIn = native.devices()[0].title.startsWith('stand-in')

/** The first case of every op in the quick run. */
export const chosen = cases.filter((c, i) => thorough || cases.findIndex((other) => other.op === c.op) === i)

/** The value of a case, and the derivatives of a weighted sum that shows every entry of dy/dx. */
export function withDerivatives(c: OpCase): { inputs: Node[]; nodes: Node[] } {
  const inputs = inputNodesOf(c)
  const y = c.build(...inputs)
  const random = generator(7)
  const weights = Array.from({ length: y.shape.reduce((n, d) => n * d, 1) }, () => random() * 2 - 1)
  return { inputs, nodes: [y, ...derivativesOf(b.sum(b.mul(y, b.constantArray(weights, y.shape))), inputs)] }
}

export type Mode = 'fused' | 'plain'

export interface Compiled {
  plan: NativePlan
  /** Values of the fetches for values of the inputs. */
  run: (values: readonly ArrayLike<number>[], seed?: bigint) => number[][]
}

/** A compiled function of arrays on a device. */
export function compile(fetches: Node[], inputs: Node[], dtype: DType, mode: Mode, device: string): Compiled {
  const { bytes, captures } = encode({ ...emptyProgram(dtype), inputs, fetches })
  if (captures.length) throw new Error('no captures expected')
  const plan = native.planCompileSync(bytes, mode, device)
  return {
    plan,
    run: (values, seed = 0n) => {
      const buffers = values.map((v, i) => upload(inputs[i].dtype ?? dtype, v, device))
      const result = native.planRunSync(plan, { inputs: buffers, seed })
      const out = result.fetches.map((buffer) => Array.from(native.bufferRead(buffer)))
      for (const buffer of [...buffers, ...result.fetches]) native.bufferDispose(buffer)
      return out
    },
  }
}

/**
 * Every instruction was launched: by itself, or together with neighbours of the same ops, of which the first counts one
 * launch for all.
 */
export function expectLaunches(instructions: readonly string[], launches: readonly number[]): void {
  const opsOf = (text: string) => /^(fused )?\S+/.exec(text)![0]
  expect(launches.length).to.equal(instructions.length)
  let leader = ''
  launches.forEach((n, i) => {
    if (n > 0) leader = n === 1 ? opsOf(instructions[i]) : ''
    else expect(opsOf(instructions[i]), `${instructions[i]}: not launched`).to.equal(leader)
  })
}

export function upload(dtype: TensorDType, values: ArrayLike<number>, device: string): NativeBuffer {
  const data = newArray(dtype, values.length)
  data.set(values)
  return native.bufferCreate(dtype, data.length, data, device)
}

export interface Outcome {
  status: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** Runs test/native/cuda/children/<name>.mjs in a process of its own. */
export function child(name: string, env: Record<string, string | undefined> = {}, args: string[] = []): Outcome {
  const merged: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: '', ...env }
  for (const key of Object.keys(merged)) if (merged[key] === undefined) delete merged[key]
  return spawnSync(process.execPath, [join(__dirname, 'children', `${name}.mjs`), ...args], {
    cwd: root,
    encoding: 'utf8',
    env: merged,
    timeout: 100_000,
  })
}
