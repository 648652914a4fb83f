import { expect } from 'chai'
import type { NativeBuffer, NativePlan } from '../../../lib/native/contract'
import { native } from '../../../lib/native/native'
import { counter, rowSum } from './support'

/** Calls with arguments that TypeScript would refuse. */
type Loose = Record<string, (...args: unknown[]) => unknown>
const loose = native as unknown as Loose

describe('addon arguments', () => {
  let buffer: NativeBuffer
  let plan: NativePlan
  before(() => {
    buffer = native.bufferCreate('float64', 3, null)
    plan = native.planCompileSync(counter(3), 'fused')
  })

  const table: [string, () => unknown[], RegExp][] = [
    ['bufferCreate', () => [], /bufferCreate: dtype must be 'float32', 'float64' or 'int32', got undefined/],
    ['bufferCreate', () => ['int8', 3, null], /got "int8"/],
    ['bufferCreate', () => ['float32', -1, null], /count must be an integer from 0 .* got -1/],
    ['bufferCreate', () => ['float32', 1.5, null], /count .* got 1\.5/],
    ['bufferCreate', () => ['float32', NaN, null], /count .* got NaN/],
    ['bufferCreate', () => ['float32', Infinity, null], /count .* got Infinity/],
    ['bufferCreate', () => ['float32', '3', null], /count .* got "3"/],
    ['bufferCreate', () => ['float32', 3n, null], /count .* got 3n/],
    ['bufferCreate', () => ['float32', 3], /data must be a Float32Array, got undefined/],
    ['bufferCreate', () => ['float32', 3, [1, 2, 3]], /data must be a Float32Array, got an array of 3/],
    ['bufferCreate', () => ['float32', 3, new Float64Array(3)], /got Float64Array\(3\)/],
    ['bufferCreate', () => ['float32', 3, new DataView(new ArrayBuffer(12))], /got an object/],
    ['bufferCreate', () => ['float32', 3, new Float32Array(4)], /an array of 3 elements, got Float32Array\(4\)/],
    ['bufferCreate', () => ['float32', 3, Symbol('x')], /got a symbol/],
    ['bufferRead', () => [], /bufferRead: buffer must be a buffer made by bufferCreate, got undefined/],
    ['bufferRead', () => [{}], /got an object/],
    ['bufferRead', () => [() => 1], /got a function/],
    ['bufferRead', () => [plan], /got a native handle of another kind/],
    ['bufferRead', () => [Object.create(buffer as object)], /got an object/],
    ['bufferRead', () => [new Proxy({}, {})], /got an object/],
    ['bufferClone', () => [null], /got null/],
    ['bufferWrite', () => [buffer, new Float32Array(3)], /data must be a Float64Array/],
    ['bufferWrite', () => [buffer, new Float64Array(2)], /an array of 3 elements/],
    ['bufferWrite', () => [plan, new Float64Array(3)], /buffer must be/],
    ['bufferDispose', () => [plan], /buffer must be/],
    ['bufferDispose', () => [7], /got 7/],
    ['planCompileSync', () => [], /graph must be a Uint8Array/],
    ['planCompileSync', () => [new Uint16Array(8), 'fused'], /got Uint16Array\(8\)/],
    ['planCompileSync', () => [counter(1), 'quick'], /mode must be 'fused' or 'plain', got "quick"/],
    ['planCompileSync', () => [counter(1)], /mode .* got undefined/],
    ['planInfo', () => [buffer], /plan must be a plan made by planCompileSync/],
    ['planDispose', () => [buffer], /plan must be/],
    ['planRunSync', () => [buffer, {}], /plan must be/],
    ['planRunSync', () => [plan], /request must be an object, got undefined/],
    ['planRunSync', () => [plan, []], /request must be an object, got an array/],
    ['planRunSync', () => [plan, { states: buffer }], /request\.states must be an array of buffers/],
    ['planRunSync', () => [plan, { states: [plan] }], /request\.states\[0\] must be a buffer/],
    ['planRunSync', () => [plan, { states: new Array(2) }], /request\.states\[0\] .* got undefined/],
    ['planRunSync', () => [plan, { inputs: [buffer, 1] }], /request\.inputs\[1\] .* got 1/],
    ['planRunSync', () => [plan, { gathered: [1] }], /request\.gathered must be an array of booleans only, got 1/],
    ['planRunSync', () => [plan, { gathered: true }], /request\.gathered/],
    ['planRunSync', () => [plan, { rows: [0, 1] }], /request\.rows must be a Uint32Array/],
    ['planRunSync', () => [plan, { rows: new Int32Array(2) }], /got Int32Array\(2\)/],
    ['planRunSync', () => [plan, { steps: 0 }], /request\.steps must be an integer from 1/],
    ['planRunSync', () => [plan, { steps: 2 ** 60 }], /request\.steps/],
    ['planRunSync', () => [plan, { hyper: [1] }], /request\.hyper must be a Float64Array/],
    ['planRunSync', () => [plan, { seed: 1 }], /request\.seed must be a bigint from 0 to 2\^64 - 1, got 1/],
    ['planRunSync', () => [plan, { seed: -1n }], /request\.seed .* got -1n/],
    ['planRunSync', () => [plan, { seed: 2n ** 64n }], /request\.seed/],
    ['planRunSync', () => [plan, { firstStep: 0 }], /request\.firstStep/],
    ['planRunSync', () => [plan, { collect: [undefined] }], /request\.collect\[0\]/],
    ['planRunSync', () => [plan, { collectRow: -1 }], /request\.collectRow/],
    ['planRun', () => [plan, { steps: 0 }, null], /planRun: request\.steps/],
    ['planRun', () => [plan, {}], /onProgress must be a function or null, got undefined/],
    ['planRun', () => [plan, {}, 'x'], /onProgress/],
    ['augmentSync', () => [], /augmentSync: how must be an object, got undefined/],
    ['augmentSync', () => [{ height: 0 }], /how\.height must be an integer from 1 .* got 0/],
    ['augmentSync', () => [{ planar: 1 }], /how\.planar must be true or false, got 1/],
    ['augmentSync', () => [{ flip: 'x' }], /how\.flip must be a number, got "x"/],
    ['augmentSync', () => [{}, 1], /request must be an object, got 1/],
    ['augmentSync', () => [{}, { images: plan }], /request\.images must be a buffer/],
    ['augmentSync', () => [{}, { rows: [1] }], /request\.rows must be a Uint32Array/],
    ['augmentSync', () => [{}, { pass: 2 ** 32 }], /request\.pass must be an integer from 0 to 4294967295/],
    ['augmentSync', () => [{}, { motion: { down: 'x' } }], /request\.motion\.down must be a number/],
    ['augment', () => [{}, { seed: 1 }], /augment: request\.seed must be a bigint/],
    ['setThreads', () => [0], /threads must be an integer from 1 to 256, got 0/],
    ['setThreads', () => [257], /got 257/],
    ['setThreads', () => [], /got undefined/],
  ]
  for (const [name, args, message] of table)
    it(`${name}: ${message.source}`, () => {
      expect(() => loose[name](...args())).to.throw(TypeError, message)
    })

  it('an error thrown by a getter of the request passes through', () => {
    const request = {
      get states(): never {
        throw new RangeError('mine')
      },
    }
    expect(() => native.planRunSync(plan, request)).to.throw(RangeError, 'mine')
  })

  it('a getter that disposes a buffer already read does no harm', () => {
    const state = native.bufferCreate('float64', 3, null)
    const request = {
      states: [state],
      get hyper() {
        native.bufferDispose(state)
        return new Float64Array([1])
      },
    }
    expect(native.planRunSync(plan, request).costs[0]).to.equal(3)
  })

  it('requests that do not fit the plan are graph errors, and nothing changes', () => {
    const state = native.bufferCreate('float64', 3, new Float64Array([1, 2, 3]))
    const hyper = new Float64Array([1])
    const gather = native.planCompileSync(rowSum(), 'fused')
    const data = native.bufferCreate('float32', 9, null)
    const cases: [NativePlan, object][] = [
      [plan, {}],
      [plan, { states: [state] }],
      [plan, { states: [state, state], hyper }],
      [plan, { states: [native.bufferCreate('float64', 4, null)], hyper }],
      [plan, { states: [native.bufferCreate('float32', 3, null)], hyper }],
      [plan, { states: [state], hyper, steps: 2 }],
      [plan, { states: [state], hyper, steps: 2 ** 52 }],
      [plan, { states: [state], hyper, inputs: [state] }],
      [plan, { states: [state], hyper, collect: [native.bufferCreate('float64', 2, null)] }],
      [plan, { states: [state], hyper, collect: [native.bufferCreate('float64', 3, null)], collectRow: 2 ** 52 }],
      [gather, { inputs: [data] }],
      [gather, { inputs: [data], gathered: [true] }],
      [gather, { inputs: [data], gathered: [true], rows: new Uint32Array([0, 3]) }],
      [gather, { inputs: [data], gathered: [true], rows: new Uint32Array([0, 4294967295]) }],
      [gather, { inputs: [data], gathered: [true], rows: new Uint32Array([0]) }],
      [gather, { inputs: [data], gathered: [true, true], rows: new Uint32Array([0, 1]) }],
    ]
    for (const [which, request] of cases) {
      const text = JSON.stringify(request, (_, v) => (typeof v === 'bigint' ? String(v) : v))
      expect(() => native.planRunSync(which, request), text)
        .to.throw(Error)
        .with.property('code', 'MYELIN_GRAPH')
    }
    expect([...native.bufferRead(state)]).to.deep.equal([1, 2, 3])
  })

  it('augmentations that do not fit their buffers are graph errors', () => {
    const images = native.bufferCreate('float32', 24, null)
    const how = { height: 3, width: 2, channels: 1, planar: false }
    const rows = new Uint32Array([0])
    const cases: [object, object][] = [
      [{}, { images, rows }],
      [how, { rows }],
      [how, { images }],
      [how, { images, rows: new Uint32Array([4]) }],
      [
        { ...how, width: 5 },
        { images, rows },
      ],
      [
        { ...how, height: 2 ** 40 },
        { images, rows },
      ],
      [
        { ...how, height: 2 ** 20, width: 2 ** 20 },
        { images, rows },
      ],
      [
        { ...how, crop: 0 },
        { images, rows },
      ],
      [
        { ...how, crop: 1.1 },
        { images, rows },
      ],
      [
        { ...how, flip: NaN },
        { images, rows },
      ],
      [
        { ...how, strength: Infinity },
        { images, rows },
      ],
      [
        { ...how, smoothness: 0.5 },
        { images, rows },
      ],
      [
        { ...how, translate: 2 ** 40 },
        { images, rows },
      ],
      [how, { images, rows, beside: [native.bufferCreate('float32', 3, null)] }],
    ]
    for (const [given, request] of cases)
      expect(() => loose.augmentSync(given, request), JSON.stringify(given))
        .to.throw(Error)
        .with.property('code', 'MYELIN_GRAPH')
    expect(native.augmentSync(how, { images, rows, beside: [images] })).to.have.length(2)
  })
})
