// Proves the stand-in CUDA runtime: kernels of its own give the right results in every order of their threads, each
// barrier that is taken out is noticed, and what a device forbids ends the program with a message that names the place.
import { expect } from 'chai'
import { skip } from '../../skip'
import { barriers, buildSelfTest, canBuild, runSelfTest as run } from './self-test/build'

const orders = [
  { EMU_ORDER: 'forward' },
  { EMU_ORDER: 'reverse' },
  ...[1, 2, 3, 4].map((seed) => ({ EMU_ORDER: 'random', EMU_SEED: String(seed) })),
]

describe('the stand-in CUDA runtime', function () {
  this.timeout(300_000)
  let program: string

  before(async function () {
    if (!canBuild) return skip(this, 'there is no g++ to build the stand-in runtime with')
    program = await buildSelfTest('')
  })

  for (const env of orders) {
    it(`runs kernels, streams, events and graphs: ${Object.values(env).join(' ')}`, () => {
      const { failed, said } = run(program, [], env)
      expect(failed, said).to.equal(false)
      expect(said).to.contain('all well')
    })
  }

  for (const [fault, message] of [
    ['divergent', /threads of one block stand at different __syncthreads\(\)[^]*kernels\.h:\d+[^]*kernels\.h:\d+/],
    ['returns-early', /wait for each other for ever[^]*kernels\.h:\d+[^]*thread \(3,0,0\): has returned/],
    ['half-a-warp', /wait for each other for ever[^]*__syncwarp, mask 0xffffffff[^]*__syncthreads at/],
    ['misaligned', /kernels\.h:\d+:\d+: runtime error: .*misaligned address/],
    ['beyond', /wrote beyond the end of an allocation of 32 bytes/],
  ] as const) {
    it(`ends the program on what a device forbids: ${fault}`, () => {
      const { failed, said } = run(program, [fault])
      expect(failed, said).to.equal(true)
      expect(said).to.match(message)
    })
  }

  it('refuses an order it does not know', () => {
    const { failed, said } = run(program, [], { EMU_ORDER: 'sideways' })
    expect(failed).to.equal(true)
    expect(said).to.contain("EMU_ORDER is 'sideways'; expected forward, reverse or random")
  })

  for (let removed = 1; removed <= barriers; removed++) {
    it(`gives a wrong result in most random orders without barrier ${removed}`, () => {
      const noticed = orders.filter((env) => run(program, ['kernels', String(removed)], env).failed)
      const random = noticed.filter((env) => env.EMU_ORDER === 'random')
      expect(random.length).to.be.at.least(3)
    })
  }
})
