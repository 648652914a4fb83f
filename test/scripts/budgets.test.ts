/** What the long proofs may take, and the samples of those that would take more. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'

interface Seconds {
  budget: number
  whole: number
}
interface Recorded {
  name: string
  seconds: number
  cpu?: number
  slowness?: number
}
interface Options {
  known: Record<string, Seconds>
  most?: number
  all?: boolean
  elapsed?: number
}
const load = createRequire(__filename)
const { limit, proofs: budgets } = load('../../scripts/test/budgets.json') as {
  limit: number
  proofs: Record<string, Seconds>
}
const { proofs, suite } = load('../../scripts/test/proofs.js') as {
  proofs: { name: string; run(...choose: unknown[]): unknown }[]
  suite: { name: string }
}
const { compare } = load('../../scripts/test/budget.js') as {
  compare(recorded: Recorded[], options: Options): { lines: string[]; passed: number; failed: number }
}
const { beginProof, childTicks } = load('../../scripts/test/proof-clock.js') as {
  beginProof(name: string, file: string): Promise<() => Promise<Required<Omit<Recorded, 'name'>>>>
  childTicks(stat: string): number[]
}
const { slownessOf } = load('../../scripts/test/slowness.js') as {
  slownessOf(seconds: number, reference: number): number
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
    expect(limit).to.equal(60 * 60)
  })

  it('a proof that takes longer than its budget as a whole takes a sample', () => {
    for (const { name, run } of proofs)
      if (budgets[name].whole > budgets[name].budget) expect(run, name).to.have.lengthOf.at.least(1)
  })

  const known = { quick: { budget: 10, whole: 8 }, slow: { budget: 100, whole: 90 } }

  it('seconds stand beside them; above 1.3 of one, or without one, is a failure', () => {
    const within = compare([{ name: 'quick', seconds: 12.9, cpu: 21.2, slowness: 1 }], { known })
    expect(within).to.include({ passed: 2, failed: 0 })
    expect(within.lines).to.include('      13      21      1.00      10  quick')
    const over = compare(
      [
        { name: 'quick', seconds: 13.1 },
        { name: 'slow', seconds: 60 },
        { name: 'new', seconds: 1 },
      ],
      { known, most: 200 },
    )
    expect(over).to.include({ passed: 2, failed: 2 })
    expect(over.lines).to.include('      13       -      1.00      10  quick  OVER 1.3 of its budget')
    expect(over.lines).to.include('       1       -      1.00       -  new  HAS NO BUDGET')
    expect(over.lines[over.lines.length - 1]).to.equal('      74       0      1.00     200  all')
  })

  it('a machine that is slower has longer ones, at most twice as long', () => {
    const took = (seconds: number, slowness: number) =>
      compare([{ name: 'quick', seconds, slowness }], { known }).failed
    expect([took(19, 1.5), took(20, 1.5)]).to.deep.equal([0, 1])
    expect([0.3, 0.6, 5].map((seconds) => slownessOf(seconds, 0.5))).to.deep.equal([1, 1.2, 2])
  })

  it('where all were asked for, one that did not run is a failure', () => {
    const recorded = [{ name: 'quick', seconds: 9 }]
    expect(compare(recorded, { known })).to.include({ passed: 2, failed: 0 })
    const found = compare(recorded, { known, all: true })
    expect(found).to.include({ passed: 2, failed: 1 })
    expect(found.lines).to.include('       -       -         -     100  slow  DID NOT RUN')
  })

  it('so is more than an hour in all, with what lies between the proofs; slowness stretches it by 1.4 at most', () => {
    const recorded = (slowness: number) => [{ name: 'slow', seconds: 100, slowness }]
    const failures = (slowness: number, elapsed?: number) =>
      compare(recorded(slowness), { known, most: elapsed === undefined ? 99 : 100, elapsed }).failed
    expect([failures(1, 100), failures(1, 101), failures(1)]).to.deep.equal([0, 1, 1])
    expect([failures(1.2, 120), failures(1.2, 121), failures(2, 140), failures(2, 141)]).to.deep.equal([0, 1, 0, 1])
    const { lines } = compare(recorded(2), { known, most: 100, elapsed: 141 })
    expect(lines[lines.length - 1]).to.equal('     141       0      2.00     100  all  OVER the limit of all together')
  })

  it('seconds and CPU seconds of child processes are measured, and written where they are asked for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'myelin-budget-'))
    try {
      const end = await beginProof('busy', '')
      spawnSync(process.execPath, ['-e', 'const end = Date.now() + 300; while (Date.now() < end);'])
      const { seconds, cpu, slowness } = await end()
      expect(seconds).to.be.at.least(0.3)
      if (process.platform === 'linux') expect(cpu).to.be.within(0.02, seconds * 4)
      expect(slowness).to.equal(1)
      const file = join(folder, 'seconds')
      const took = await (await beginProof('asked for', file))()
      expect(took.slowness).to.be.within(1, 2)
      expect(JSON.parse(readFileSync(file, 'utf8'))).to.deep.equal({ name: 'asked for', ...took })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('the name of a process may hold spaces and parentheses', () => {
    const fields = Array.from({ length: 52 }, (_, i) => i + 1)
    expect(childTicks(`1 (a) b (c) ${fields.slice(2).join(' ')}`)).to.deep.equal([16, 17])
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
