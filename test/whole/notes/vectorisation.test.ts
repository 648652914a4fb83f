/** The benchmark of vectorisation: what it says, not how fast this machine is. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'chai'

interface Result {
  name: string
  threads: number
  loopMs: number
  vectorisedMs: number
  ratio: number
  distance: number
}

function bench(...args: string[]): Promise<string> {
  const root = join(__dirname, '../../..')
  return new Promise((resolve, reject) =>
    execFile(
      process.execPath,
      ['--import', 'tsx', 'bench/vectorisation.ts', ...args],
      { cwd: root },
      (error, out, err) => (error ? reject(new Error(err)) : resolve(out)),
    ),
  )
}

describe('the benchmark of row 2.10, vectorisation', function () {
  this.timeout(60_000)

  it('prints loop, vectorised and their ratio for each computation, whose results agree', async () => {
    const said = await bench('--numbers', '20000', '--rounds', '3')
    const lines = said.trim().split('\n')
    const { numbers, rounds, results } = JSON.parse(lines[lines.length - 1]) as {
      numbers: number
      rounds: number
      results: Result[]
    }
    expect([numbers, rounds]).to.deep.equal([20_000, 3])
    const names = ['w·x', 'exp(x)', 'sigmoid(x)', 'dw of logistic regression']
    expect(results.filter(({ threads }) => threads === 1).map(({ name }) => name)).to.deep.equal(names)
    for (const { name, loopMs, vectorisedMs, ratio, distance } of results) {
      expect(Math.min(loopMs, vectorisedMs), name).to.be.above(0)
      expect(ratio, name).to.be.closeTo(loopMs / vectorisedMs, 1e-9 * ratio)
      // float32, sums of 20,000 numbers in different orders.
      expect(distance, name).to.be.below(1e-5)
      expect(said).to.match(new RegExp(`^${name.replace(/[()]/g, '\\$&')} +1 +[\\d.]+ +[\\d.]+ +[\\d.]+$`, 'm'))
    }
  })

  it('refuses numbers that are none', async () => {
    const error = await bench('--numbers', 'many').catch((e: Error) => e)
    expect((error as Error).message).to.include('--numbers: expected a positive integer')
  })
})
