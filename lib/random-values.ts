/** Many random numbers at once, from the core's Philox generator: functions of (seed, stream, index) alone. */
import { concat, cos, log, mul, randomUniform, sin, slice, sqrt, sub } from './graph/build'
import { encode } from './graph/encode'
import type { Node } from './graph/node'
import { native, type NativePlan } from './native'
import { guarded, planMode } from './runtime'

/** Keeps these numbers apart from the streams of dropout masks, which are small, under the same seed. */
const streamOffset = 0x80000000
const maxPlans = 32
const plans = new Map<string, NativePlan>()

/** `count` numbers from N(0, 1) (Box–Muller) or uniform in [0, 1), in float64. */
export function randomValues(kind: 'normal' | 'uniform', count: number, seed: bigint, stream: number): Float64Array {
  const plan = planFor(kind, count, stream)
  const { fetches } = guarded('initializer', () => native.planRunSync(plan, { seed }))
  const values = native.bufferRead(fetches[0]) as Float64Array
  native.bufferDispose(fetches[0])
  return values
}

/** Models of one architecture draw the same shapes again and again. */
function planFor(kind: 'normal' | 'uniform', count: number, stream: number): NativePlan {
  const key = `${kind} ${count} ${stream}`
  let plan = plans.get(key)
  if (!plan) {
    const node = kind === 'normal' ? normalNode(count, stream + streamOffset) : randomUniform([count], stream + streamOffset)
    const program = { inputs: [], states: [], hypers: [], fetches: [node], updates: [], guards: [], costs: [], accumulators: [] }
    const { bytes } = encode({ dtype: 'float64', ...program })
    plan = guarded('initializer', () => native.planCompile(bytes, planMode()))
  }
  plans.delete(key)
  plans.set(key, plan)
  if (plans.size > maxPlans) {
    const [oldest, old] = plans.entries().next().value!
    plans.delete(oldest)
    native.planDispose(old)
  }
  return plan
}

/** Pairs √(−2·ln u)·cos 2πv and √(−2·ln u)·sin 2πv; u in (0, 1], so that its logarithm is finite. */
function normalNode(count: number, stream: number): Node {
  const half = Math.ceil(count / 2)
  const uniform = randomUniform([2 * half], stream)
  const u = sub(1, slice(uniform, [0], [half]))
  const angle = mul(2 * Math.PI, slice(uniform, [half], [half]))
  const radius = sqrt(mul(-2, log(u)))
  return slice(concat([mul(radius, cos(angle)), mul(radius, sin(angle))], 0), [0], [count])
}
