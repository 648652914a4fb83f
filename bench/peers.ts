/**
 * Myelin against PyTorch eager, whole processes in alternating rounds:
 *   npm run bench peers -- mnist --rounds 5 --python path/to/python
 * Prints every round, the medians and the ratio (above 1: Myelin is faster).
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const args = process.argv.slice(2)
const option = (name: string, fallback: string) => {
  const at = args.indexOf(`--${name}`)
  return at < 0 ? fallback : args.splice(at, 2)[1]
}
const rounds = Number(option('rounds', '5'))
const python = option('python', 'python3')
const names = args.length > 0 ? args : ['mnist']
const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]

function measure(command: string, commandArgs: string[]): number {
  const child = spawnSync(command, commandArgs, { encoding: 'utf8' })
  if (child.status !== 0) throw new Error(`${command} ${commandArgs.join(' ')} failed:\n${child.stderr || child.error}`)
  return JSON.parse(child.stdout.trim().split('\n').pop() as string).median
}

for (const name of names) {
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 1; round <= rounds; round++) {
    ours.push(measure(process.execPath, ['--import', 'tsx', join(__dirname, 'step.ts'), name]))
    theirs.push(measure(python, [join(__dirname, 'step_pytorch.py'), name]))
    console.log(`${name} round ${round}: myelin ${ours.at(-1)} µs/step, PyTorch ${theirs.at(-1)} µs/step`)
  }
  const ratio = median(theirs) / median(ours)
  console.log(`${name}: medians ${median(ours)} and ${median(theirs)} µs/step, ratio ${ratio.toFixed(2)}`)
}
