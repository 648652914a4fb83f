/** The programs in examples/ run to their end and say what they should. (The quickstart trains for longer.) */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'chai'
import { root } from './examples'

function run(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile(process.execPath, args, { cwd: root, timeout: 60_000 }, (error, stdout, stderr) =>
      error ? reject(new Error(`${error.message}\n${stderr}`)) : resolve(stdout),
    ),
  )
}
const example = (name: string) => join('examples', name)

describe('examples', () => {
  it('service.ts answers while it trains, refuses bad rows and stops', async () => {
    const said = await run('--import', 'tsx', example('service.ts'), '--once')
    expect(said).to.match(/^\[\[0,0\]\] → 200 \[\[[\d.e-]+\]\]$/m)
    expect(said).to.match(/^\[\[1,2,3\]\] → 400 predict: x: expected shape/m)
    expect(said).to.match(/aborted in epoch \d+ .*\(asked enough\)$/m)
  })

  it('own-layer.ts finds the gradient that is wrong, and only that', async () => {
    const said = await run('--import', 'tsx', example('own-layer.ts'))
    const verdicts = [...said.matchAll(/^gradient check: (\w+)/gm)].map(([, verdict]) => verdict)
    expect(verdicts).to.deep.equal(['correct', 'correct', 'wrong'])
    expect(said).to.match(/^gain_1\.g +wrong/m)
  })

  it('workers.js trains in worker threads', async () => {
    const said = await run(example('workers.js'))
    const accuracies = [...said.matchAll(/accuracy ([\d.]+) %/g)].map(([, percent]) => Number(percent))
    expect(accuracies).to.have.length(3)
    expect(accuracies[2]).to.be.greaterThan(80)
  })
})
