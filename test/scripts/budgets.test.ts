/** What the long proofs may take, and the samples of those that would take more. */
import { createRequire } from 'node:module'
import { expect } from 'chai'

interface Seconds {
  budget: number
  whole: number
}
const load = createRequire(__filename)
const budgets = load('../../scripts/test/budgets.json') as Record<string, Seconds>
const { proofs, suite } = load('../../scripts/test/proofs.js') as {
  proofs: { name: string }[]
  suite: { name: string }
}
const { compare } = load('../../scripts/test/budget.js') as {
  compare(
    recorded: { name: string; seconds: number }[],
    known?: Record<string, Seconds>,
  ): { lines: string[]; passed: number; failed: number }
}
const { chooser, sample, sampleSize } = load('../../scripts/test/sample.js') as {
  chooser(seconds: Seconds, seed: number, say: (text: string) => void): (members: string[]) => string[]
  sample(members: string[], size: number, seed: number): string[]
  sampleSize(count: number, seconds: Seconds): number
}
const members = Array.from({ length: 230 }, (_, i) => `member ${i}`)

describe('budgets of the proofs', () => {
  it('npm test and every proof have one, nothing else has, and together they are at most 50 minutes', () => {
    expect(Object.keys(budgets)).to.have.members([suite, ...proofs].map(({ name }) => name))
    const sum = Object.values(budgets).reduce((total, { budget }) => total + budget, 0)
    expect(sum).to.be.at.most(50 * 60)
  })

  it('seconds stand beside them; above 1.3 of one, or without one, is a failure', () => {
    const known = { quick: { budget: 10, whole: 8 }, slow: { budget: 100, whole: 90 } }
    const within = compare([{ name: 'quick', seconds: 12.9 }], known)
    expect(within).to.include({ passed: 1, failed: 0 })
    expect(within.lines).to.include('     13      10  quick')
    const over = compare(
      [
        { name: 'quick', seconds: 13.1 },
        { name: 'slow', seconds: 60 },
        { name: 'new', seconds: 1 },
      ],
      known,
    )
    expect(over).to.include({ passed: 1, failed: 2 })
    expect(over.lines).to.include('     13      10  quick  OVER 1.3 of its budget')
    expect(over.lines[over.lines.length - 1]).to.equal('     74     110  all')
  })
})

describe('samples of the proofs', () => {
  it('all where the whole keeps within the budget, else its share, at least one', () => {
    expect(sampleSize(230, { budget: 100, whole: 100 })).to.equal(230)
    expect(sampleSize(230, { budget: 100, whole: 200 })).to.equal(115)
    expect(sampleSize(4, { budget: 1, whole: 100 })).to.equal(1)
  })

  it('the same for the same seed, in the order of the members, and printed with the seed', () => {
    const said: string[] = []
    const chosen = chooser({ budget: 100, whole: 1000 }, 7, (text) => said.push(text))(members)
    expect(chosen)
      .to.deep.equal(sample(members, 23, 7))
      .and.to.have.lengthOf(23)
    expect(chosen).to.deep.equal(members.filter((member) => chosen.includes(member)))
    expect(chosen).to.not.deep.equal(sample(members, 23, 8))
    expect(said).to.deep.equal([`a sample of 23 of 230, --seed 7; --whole takes all:\n  ${chosen.join('\n  ')}`])
    expect(chooser({ budget: 100, whole: 90 }, 7, (text) => said.push(text))(members)).to.equal(members)
    expect(said).to.have.lengthOf(1)
  })

  it('over many commits every member is drawn, none much more often than the others', () => {
    const times = new Map(members.map((member) => [member, 0]))
    // Seeds as commits have them: anywhere in 32 bits.
    for (let i = 0; i < 1000; i++)
      for (const member of sample(members, 23, Math.imul(i, 0x9e3779b1) >>> 0))
        times.set(member, times.get(member)! + 1)
    const counts = [...times.values()]
    // 100 expected, and a standard deviation of 9.5.
    expect(Math.min(...counts)).to.be.greaterThan(55)
    expect(Math.max(...counts)).to.be.lessThan(145)
  })
})
