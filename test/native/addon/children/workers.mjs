// The main thread and workers that load the addon, run and are ended in the way that `how` names.
import process from 'node:process'
import { once } from 'node:events'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { endless, input, load } from './common.mjs'

const start = async () => {
  const worker = new Worker(new URL(import.meta.url), { workerData: input })
  await once(worker, 'message')
  return worker
}

if (!isMainThread) {
  endless(load(), () => parentPort.postMessage('running'))
} else if (input.how === 'terminate') {
  // The main thread loads the addon last: the first workers unload it again.
  for (let i = 0; i < 3; i++) await (await start()).terminate()
  const together = await Promise.all([start(), start()])
  await Promise.all(together.map((worker) => worker.terminate()))
  const job = endless(load(), () => job.cancel())
  console.log((await job.promise).status)
} else {
  await Promise.all([start(), start()])
  process.exit(7)
}
