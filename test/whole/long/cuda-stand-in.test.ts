// The stand-in CUDA runtime under sanitizers, which must see through its fibers without false alarms; and with it the
// kernels of the CUDA library, which must give no alarm at all.
import { expect } from 'chai'
import {
  barriers,
  buildDrivers,
  buildSelfTest,
  canBuild,
  runSelfTest as run,
} from '../../native/cuda-on-cpu/self-test/build'
import { skip } from '../../skip'

/** Of the random orders: EMU_SEED, or another one in every run. */
const seed = Number(process.env.EMU_SEED ?? 1 + Math.floor(Math.random() * 1e6))

describe('the stand-in CUDA runtime under sanitizers', function () {
  before(function () {
    if (!canBuild) skip(this, 'there is no g++ to build the stand-in runtime with')
  })

  it('ThreadSanitizer: correct kernels are quiet, and every missing barrier is named', async () => {
    const program = await buildSelfTest('thread')
    for (const order of ['forward', 'reverse', 'random']) {
      const { failed, said } = run(program, [], { EMU_ORDER: order })
      expect(failed, said).to.equal(false)
    }
    for (let removed = 1; removed <= barriers; removed++) {
      const { failed, said } = run(program, ['kernels', String(removed)])
      expect(failed, `without barrier ${removed}: ${said}`).to.equal(true)
      expect(said).to.match(/data race[^]*kernels\.h:\d+/)
    }
  })

  it('AddressSanitizer: correct kernels are quiet, and an access out of bounds is named', async () => {
    const program = await buildSelfTest('address')
    for (const order of ['forward', 'random']) {
      const { failed, said } = run(program, [], { EMU_ORDER: order })
      expect(failed, said).to.equal(false)
    }
    for (const fault of ['beyond', 'beyond-shared']) {
      const { failed, said } = run(program, [fault])
      expect(failed, said).to.equal(true)
      expect(said).to.match(/heap-buffer-overflow[^]*kernels\.h:\d+/)
    }
  })
})

describe(`the kernels of the CUDA library on the stand-in runtime, EMU_SEED=${seed}`, function () {
  before(function () {
    if (!canBuild) skip(this, 'there is no g++ to build the stand-in runtime with')
  })

  // `quick`: what sanitizers can do in a minute or two.
  const drivers: { name: string; args?: string[]; quick?: string[] }[] = [
    {
      name: 'kernels/kernel_check',
      args: ['forward', 'reverse', `random:${seed}`],
      quick: ['forward', `random:${seed}`],
    },
    { name: 'matmul_check', quick: ['quick'] },
    { name: 'step_check' },
    { name: 'together_check', quick: ['quick'] },
  ]
  for (const sanitizer of ['', 'address', 'thread']) {
    describe(sanitizer ? `${sanitizer} sanitizer` : 'as they are', () => {
      let programs: string[]
      before(
        () =>
          (programs = buildDrivers(
            sanitizer,
            drivers.map(({ name }) => name),
          )),
      )

      drivers.forEach(({ name, args = [], quick = [] }, i) =>
        it(`${name} is content`, () => {
          const { failed, said } = run(programs[i], sanitizer ? quick : args, { EMU_SEED: String(seed) })
          expect(failed, said).to.equal(false)
          expect(said).to.match(/all well|\b0 fail/)
        }),
      )
    })
  }
})
