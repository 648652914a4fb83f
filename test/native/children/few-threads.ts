/**
 * Trains twice, and prints the losses. The system gives no more threads from the second time on ('late'), or from the
 * first ('early').
 */
import { spawnSync } from 'node:child_process'
import { layers, sequential, setThreads } from '../../../lib'
import { native } from '../../../lib/native/native'

async function losses(): Promise<number[][]> {
  const x = Array.from({ length: 256 }, (_, i) => Array.from({ length: 64 }, (_, j) => Math.sin(i * j)))
  const y = x.map((row) => row[0])
  const train = async (seed: number) => {
    const hidden = layers.dense({ units: 256, activation: 'relu' })
    const model = sequential({ inputShape: [64], seed, layers: [hidden, layers.dense({ units: 1 })] })
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
    const history = await model.fit(x, y, { epochs: 3 })
    model.dispose()
    return history.epochs.map(({ loss }) => loss)
  }
  // More at once than there are threads that wait for work.
  return Promise.all(Array.from({ length: 6 }, (_, i) => train(i)))
}

async function main(): Promise<void> {
  const limit = () => {
    // The limit counts the threads of a user, and never binds root.
    spawnSync('prlimit', ['--pid', String(process.pid), '--nproc=1'])
    if (process.getuid?.() === 0) process.setuid?.(65534)
  }
  const [, , when] = process.argv
  if (when === 'early') limit()
  const first = await losses()
  const before = native.threadsRefused()
  setThreads(1) // lets the workers go
  setThreads(8)
  if (when === 'late') limit()
  const second = await losses()
  console.log(JSON.stringify({ first, second, refused: [before, native.threadsRefused()] }))
}

void main()
