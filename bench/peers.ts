/**
 * Myelin against PyTorch eager, whole processes in alternating rounds:
 *   npm run bench -- peers mnist --rounds 5 --python path/to/python
 * Prints every round, the medians and the ratio (above 1: Myelin is faster).
 */
import { join, resolve } from 'node:path'
import { measure, measureStep, median, takeOption } from './support/rounds'

const args = process.argv.slice(2)
const rounds = Number(takeOption(args, 'rounds', '5'))
const python = takeOption(args, 'python', 'python3')
const names = args.length > 0 ? args : ['mnist']
const tree = resolve(__dirname, '..')

for (const name of names) {
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 1; round <= rounds; round++) {
    ours.push(measureStep(tree, name))
    theirs.push(measure(python, [join(__dirname, 'step_pytorch.py'), name]))
    console.log(`${name} round ${round}: myelin ${ours.at(-1)} µs/step, PyTorch ${theirs.at(-1)} µs/step`)
  }
  const ratio = median(theirs) / median(ours)
  console.log(`${name}: medians ${median(ours)} and ${median(theirs)} µs/step, ratio ${ratio.toFixed(2)}`)
}
