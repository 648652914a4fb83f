import { expect } from 'chai'
import { FormatError, OptionError } from '../../lib/base/errors'
import { scheduleFromConfig, schedules, toSchedule, type Schedule } from '../../lib/schedules'
import { close } from '../numbers'

const epochs = (schedule: Schedule, count: number): number[] =>
  Array.from({ length: count }, (_, i) => schedule.value({ epoch: i + 1, step: 10 * i + 1 }))
const steps = (schedule: Schedule, count: number): number[] =>
  Array.from({ length: count }, (_, i) => schedule.value({ epoch: 1, step: i + 1 }))

describe('6.8 learning-rate schedules', () => {
  it('inverseTime: 0.2/(1 + epoch)', () => {
    close(epochs(schedules.inverseTime({ initial: 0.2, decayRate: 1 }), 4), [0.1, 0.2 / 3, 0.05, 0.04])
  })
  it('exponential: 0.2·0.95^epoch', () => {
    close(epochs(schedules.exponential({ initial: 0.2, beta: 0.95 }), 2), [0.19, 0.1805])
  })
  it('inverseSqrt: per epoch and per mini-batch', () => {
    close(epochs(schedules.inverseSqrt({ initial: 0.2, k: 1 }), 2), [0.2, 0.2 / Math.SQRT2])
    close(steps(schedules.inverseSqrt({ k: 3, per: 'step' }), 4), [3, 3 / Math.SQRT2, 3 / Math.sqrt(3), 1.5])
  })
  it('staircase: constant for `every` epochs, then times factor', () => {
    close(epochs(schedules.staircase({ initial: 0.8, factor: 0.5, every: 2 }), 5), [0.8, 0.8, 0.4, 0.4, 0.2])
  })
  it('warmup: a straight line to the schedule behind it', () => {
    close(steps(schedules.warmup(0.1, { steps: 4 }), 6), [0.025, 0.05, 0.075, 0.1, 0.1, 0.1])
    const inner = schedules.inverseSqrt({ k: 1, per: 'step' })
    close(steps(schedules.warmup(inner, { steps: 2 }), 4), [0.5, 1 / Math.SQRT2, 1 / Math.sqrt(3), 0.5])
  })
  it('a function of time, and its bad answers', () => {
    close(
      epochs(
        toSchedule('rate', ({ epoch }) => 1 / epoch),
        3,
      ),
      [1, 0.5, 1 / 3],
    )
    const bad = toSchedule('adam: learningRate', ({ epoch }) => (epoch > 1 ? NaN : 1))
    expect(() => bad.value({ epoch: 2, step: 7 })).to.throw(OptionError, /adam: learningRate.*epoch 2, step 7.*NaN/)
  })
  it('come back from their configs', () => {
    const warm = schedules.warmup(schedules.staircase({ initial: 0.3, factor: 0.1, every: 3 }), { steps: 5 })
    const all = [
      toSchedule('rate', 0.25),
      schedules.inverseTime({ initial: 0.2, decayRate: 0.5, per: 'step' }),
      schedules.exponential({ initial: 0.2, beta: 0.9 }),
      schedules.inverseSqrt({ k: 2 }),
      warm,
    ]
    for (const schedule of all) {
      const again = scheduleFromConfig(JSON.parse(JSON.stringify(schedule.config)))
      expect(epochs(again, 8)).to.deep.equal(epochs(schedule, 8))
    }
  })
  it('functions are saved by their own name only', () => {
    const halving = ({ epoch }: { epoch: number }): number => 0.5 ** epoch
    const config = toSchedule('rate', halving).config
    expect(config).to.deep.equal({ custom: 'halving' })
    expect(scheduleFromConfig(config, { halving }).value({ epoch: 3, step: 1 })).to.equal(0.125)
    expect(() => scheduleFromConfig(config)).to.throw(FormatError, /halving/)
    expect(toSchedule('rate', () => 1).config).to.equal(null)
    expect(schedules.warmup(() => 1, { steps: 2 }).config).to.equal(null)
  })
  it('refuse bad options', () => {
    expect(() => schedules.inverseTime({ initial: 0, decayRate: 1 })).to.throw(OptionError, /initial/)
    expect(() => schedules.inverseTime({ initial: 1, decayRate: -1 })).to.throw(OptionError, /decayRate/)
    expect(() => schedules.exponential({ initial: 1, beta: 1.1 })).to.throw(OptionError, /beta/)
    expect(() => schedules.staircase({ initial: 1, factor: 0.5, every: 0 })).to.throw(OptionError, /every/)
    expect(() => schedules.inverseSqrt({ k: 1, per: 'batch' as 'step' })).to.throw(OptionError, /per.*batch/)
    expect(() => schedules.warmup(0.1, { step: 3 } as never)).to.throw(OptionError, /'steps'/)
    for (const rate of [0, -1, NaN, Infinity, '0.1'])
      expect(() => toSchedule('adam: learningRate', rate as number)).to.throw(OptionError, /learningRate/)
    expect(() => schedules.exponential(undefined as never)).to.throw(OptionError, /initial/)
  })
})
