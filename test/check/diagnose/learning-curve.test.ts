import { expect } from 'chai'
import { AbortError, diagnose, OptionError, ShapeError, StateError, tensor } from '../../../lib'

describe('diagnose.learningCurve', () => {
  const error = (work: Promise<unknown>) =>
    work.then(
      () => expect.fail('no error'),
      (e: unknown) => e as Error,
    )
  const x = Array.from({ length: 40 }, (_, i) => [i, -i])
  const y = x.map(([v]) => v)

  it('gives rows that belong together, every larger part with the smaller ones in it', async () => {
    const seen: number[][] = []
    const [held, targets] = [tensor(x), tensor(y)]
    const asked = diagnose.learningCurve({ x: held, y: targets }, (part) => {
      expect(part.x.toArray()).to.deep.equal([...part.y.data].map((v) => [v, -v]))
      seen.push([...part.y.data])
      return part.x.shape[0]
    })
    held.dispose()
    targets.dispose()
    const curve = await asked
    expect(curve.map(({ m, error: mean }) => [m, mean])).to.deep.equal([3, 5, 10, 20, 40].map((m) => [m, m]))
    for (const seed of [0, 1, 2])
      for (let size = 0; size < 4; size++) {
        const smaller = seen[3 * size + seed]
        expect(seen[3 * (size + 1) + seed].slice(0, smaller.length)).to.deep.equal(smaller)
      }
  })

  it('names what is wrong with sizes, seeds and arrays, and ends with its signal', async () => {
    const train = () => 1
    const curve = (options: object) => error(diagnose.learningCurve({ x, y }, train, options))
    expect(await curve({ seeds: [1.5] })).to.be.instanceOf(OptionError)
    expect((await curve({ seeds: [1.5] })).message).to.match(/learningCurve: seeds: expected an integer seed.*1\.5/)
    expect((await curve({ sizes: 7 })).message).to.include('expected at least one size and seed')
    expect((await curve({ sizes: [41] })).message).to.include('41 is more than the 40 examples')
    expect(await error(diagnose.learningCurve({ x, y: [1] }, train))).to.be.instanceOf(ShapeError)
    const controller = new AbortController()
    const stopped = diagnose.learningCurve({ x, y }, () => (controller.abort(), 1), { signal: controller.signal })
    expect(await error(stopped)).to.be.instanceOf(AbortError)
    const array = Float32Array.from(y)
    const moved = diagnose.learningCurve({ x: array, y }, () => {
      if (array.length) structuredClone(array, { transfer: [array.buffer] })
      return 1
    })
    expect(await error(moved)).to.be.instanceOf(StateError)
  })
})
