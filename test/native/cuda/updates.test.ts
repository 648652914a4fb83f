/** A step on the GPU takes the updates of all weights in one launch, as far as they are one program. */
import { expect } from 'chai'
import * as my from '../../../lib'
import * as b from '../../../lib/graph/build'
import { encode } from '../../../lib/graph/encode'
import { stateNode } from '../../../lib/graph/leaves'
import { emptyProgram, type Node } from '../../../lib/graph/node'
import type { NativePlan } from '../../../lib/native/contract'
import { native } from '../../../lib/native/native'
import { expectLaunches, thorough, upload } from './support'

const depth = 21
const rows = 12
const x = Array.from({ length: rows }, (_, i) => [Math.sin(i), Math.cos(3 * i), (i % 5) / 5])
const y = x.map((v) => [v[0] * v[1] > 0 ? 1 : 0])

type Clip = { norm: number } | { value: number } | undefined

/** Small layers of several widths, the last one with a bias of one element, every other one with a penalty. */
function deepModel(optimizer: my.OptimizerName, gradientClip: Clip, device: string) {
  const model = my.sequential({
    inputShape: [3],
    seed: 4,
    dtype: 'float64',
    device: device as my.DeviceName,
    layers: Array.from({ length: depth }, (_, i) =>
      my.layers.dense({
        units: i === depth - 1 ? 1 : 4 + (i % 3),
        activation: i === depth - 1 ? 'sigmoid' : 'tanh',
        kernelRegularizer: i % 2 ? my.regularizers.l2({ lambda: 0.1 }) : undefined,
      }),
    ),
  })
  model.compile({ optimizer, loss: 'binaryCrossentropy', gradientClip })
  return model
}

/** The plans that are compiled for a GPU during `work`. */
async function plansDuring(work: () => Promise<unknown>): Promise<NativePlan[]> {
  const plans: NativePlan[] = []
  const { planCompile, planCompileSync } = native
  const note = (plan: NativePlan, device?: string) => {
    if (device?.startsWith('cuda')) plans.push(plan)
    return plan
  }
  native.planCompileSync = (graph, mode, device) => note(planCompileSync(graph, mode, device), device)
  native.planCompile = (graph, mode, device) => {
    const { promise, cancel } = planCompile(graph, mode, device)
    return { promise: promise.then((plan) => note(plan, device)), cancel }
  }
  try {
    await work()
  } finally {
    Object.assign(native, { planCompile, planCompileSync })
  }
  return plans
}

const title = ({ optimizer, clip }: { optimizer: string; clip?: Clip }) =>
  clip ? `${optimizer} with ${JSON.stringify(clip)}` : optimizer
const total = (launches: readonly number[]) => launches.reduce((sum, n) => sum + n, 0)

describe('updates on cuda', () => {
  const settings: { optimizer: my.OptimizerName; clip?: Clip; numbers: number }[] = [
    { optimizer: 'gradientDescent', numbers: 0 },
    { optimizer: 'momentum', numbers: 0 },
    { optimizer: 'rmsprop', numbers: 0 },
    { optimizer: 'adam', numbers: 0 },
    // 1 − α·weightDecay, once for all weights.
    { optimizer: 'adamw', numbers: 1 },
    { optimizer: 'adam', clip: { value: 0.01 }, numbers: 0 },
    // The factor of the clipped gradients is guarded, so it stands before the guards.
    { optimizer: 'momentum', clip: { norm: 0.1 }, numbers: 0 },
    { optimizer: 'adamw', clip: { norm: 0.1 }, numbers: 1 },
  ]
  // The quick ones: the plainest, and the one with most beside the updates.
  const chosen = thorough
    ? settings
    : settings.filter(({ optimizer, clip }) => (optimizer === 'adam' ? !clip : optimizer === 'adamw' && clip))
  for (const { optimizer, clip, numbers } of chosen)
    it(`${title({ optimizer, clip })}: one launch for ${2 * depth} weights and biases`, async () => {
      const model = deepModel(optimizer, clip, 'cuda')
      const steps = 6
      const before = native.deviceCounters('cuda')
      const plans = await plansDuring(() => model.fit(x, y, { epochs: 2, batchSize: rows / 3, shuffle: false }))
      const after = native.deviceCounters('cuda')
      expect(plans.length).to.equal(1)
      const { instructions, launches } = native.planInfo(plans[0])
      expectLaunches(instructions, launches)

      const updates = instructions.map((_, i) => i).filter((i) => /dense_\d+\.(weight|bias) \[\d/.test(instructions[i]))
      expect(updates.length).to.equal(2 * depth)
      // They stand together, behind everything else.
      expect(updates[0]).to.equal(instructions.length - 2 * depth)
      expect(updates.map((i) => launches[i])).to.deep.equal([1, ...new Array(2 * depth - 1).fill(0)])
      // Between the last guard and them: numbers that all of them read.
      const lastGuard = instructions.findLastIndex((text) => text.startsWith('guard'))
      expect(updates[0] - lastGuard - 1).to.equal(numbers)
      // Gradients that are made smaller for their norm share launches, too.
      const shrunk = instructions.filter((_, i) => i < updates[0] && launches[i] === 0)
      for (const text of shrunk) expect(text).to.include('gradientClip')
      expect(total(launches)).to.equal(instructions.length - shrunk.length - 2 * depth + 1)
      // Beside its instructions a step begins, gathers x and y, records the costs and ends.
      expect(after.launches - before.launches).to.equal(steps * (total(launches) + 5))
      expect(after.hostKernelCalls).to.equal(before.hostKernelCalls)

      const cpu = deepModel(optimizer, clip, 'cpu')
      await cpu.fit(x, y, { epochs: 2, batchSize: rows / 3, shuffle: false })
      const [found, expected] = [model, cpu].map((m) => m.getWeights())
      found.forEach((layer, i) => {
        for (const key of ['weight', 'bias'] as const)
          layer[key].data.forEach((v, k) => expect(v, layer.name).to.be.closeTo(expected[i][key].data[k], 1e-9))
      })
    })

  /** Adam's update of arrays of these sizes, `runs` times, by one plan for all or by one for each: all states. */
  function adam(sizes: readonly number[], together: boolean, dtype: my.DType) {
    const values = (size: number, k: number) => Array.from({ length: size }, (_, i) => Math.sin(i + 7 * k + size))
    const update = (size: number) => {
      const [w, v, s] = ['w', 'v', 's'].map((name) => stateNode([size], name))
      const gradient = stateNode([size], 'g')
      const average = (old: Node, beta: number, value: Node) => b.add(b.mul(beta, old), b.mul(1 - beta, value))
      const nextV = average(v, 0.9, gradient)
      const nextS = average(s, 0.999, b.mul(gradient, gradient))
      const change = b.div(b.mul(1.3, nextV), b.add(b.sqrt(b.mul(1.7, nextS)), 1e-8))
      return {
        states: [w, v, s, gradient],
        updates: [
          { state: w, value: b.sub(w, b.mul(0.01, change)) },
          { state: v, value: nextV },
          { state: s, value: nextS },
        ],
      }
    }
    const run = (chosen: readonly number[]) => {
      const parts = chosen.map(update)
      const { bytes } = encode({
        ...emptyProgram(dtype),
        states: parts.flatMap((part) => part.states),
        updates: parts.flatMap((part) => part.updates),
      })
      const plan = native.planCompileSync(bytes, 'fused', 'cuda')
      const states = chosen.flatMap((size) =>
        [0, 1, 2, 3].map((k) => upload(dtype, k === 2 ? values(size, k).map(Math.abs) : values(size, k), 'cuda')),
      )
      native.planRunSync(plan, { states, steps: 3 })
      return { plan, states: states.map((state) => [...native.bufferRead(state)]) }
    }
    return together ? [run(sizes)] : sizes.map((size) => run([size]))
  }

  for (const dtype of ['float32', 'float64'] as const)
    it(`have the bits in ${dtype} that each has by itself`, () => {
      const sizes = [5, 1, 64, 1000, 3, 1, 4099]
      const [all] = adam(sizes, true, dtype)
      const { launches } = native.planInfo(all.plan)
      expect(launches).to.deep.equal([1, 0, 0, 0, 0, 0, 0])
      const apart = adam(sizes, false, dtype)
      for (const { plan } of apart) expect(native.planInfo(plan).launches).to.deep.equal([1])
      expect(all.states).to.deep.equal(apart.flatMap(({ states }) => states))
    })
})
