'use strict'
// What nobody keeps is freed: by a worker that ends, by one that is ended while calls fail and memory is collected, and
// in a loop that gives the event loop no turn.
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const my = require('myelin')

const live = () => my.memory().liveBytes
const mb = (bytes) => `${Math.round(bytes / 1e6)} MB`

function check(what, bytes, most) {
  if (bytes > most) throw new Error(`${what}: ${mb(bytes)} are alive; expected at most ${mb(most)}`)
  return `${what} ${mb(bytes)}`
}

/** The most that was alive in a loop that makes 400 MB. */
function loop() {
  const x = my.tensor(new Float32Array(250_000))
  const before = live()
  let most = 0
  for (let i = 0; i < 400; i++) {
    my.ops.add(x, x)
    most = Math.max(most, live() - before)
  }
  x.dispose()
  return most
}

async function ended(task, ms) {
  const worker = new Worker(__filename, { workerData: task })
  const end = new Promise((resolve) => worker.once('exit', resolve))
  if (ms !== undefined) {
    await new Promise((resolve) => worker.once('message', resolve))
    await new Promise((resolve) => setTimeout(resolve, ms))
    await worker.terminate()
  }
  await end
}

async function main() {
  for (let i = 0; i < 4; i++) await ended('keep')
  for (let i = 0; i < 12; i++) await ended('fail', i)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const remarks = [check('ended workers', live(), 1e6), check('a loop', loop(), 200e6)]
  console.log(remarks.join(', '))
}

const tasks = {
  keep() {
    globalThis.kept = [
      my.tensor(new Float32Array(1e6)),
      my.sequential({ inputShape: [500], layers: [my.layers.dense({ units: 1000 })] }),
    ]
  },
  fail() {
    parentPort.postMessage('running')
    for (;;) {
      my.tensor(new Float32Array(10_000))
      try {
        my.setMemoryLimit('cuda:99', 1)
      } catch {
        continue
      }
    }
  },
}

if (isMainThread) {
  main().catch((error) => {
    console.error(error)
    process.exitCode = 1
  })
} else tasks[workerData]()
