/** How methods of a model take their data: opened at the call, worked on when the job's turn has come. */
import { Examples, type GivenExamples } from './data/examples'
import { OpenInputs, type InputData } from './data/inputs'
import type { Engine } from './engine'
import type { Job } from './queue/job'

/** A job on x. */
export async function withInputs<T>(
  engine: Engine,
  where: string,
  kind: 'read' | 'write',
  x: InputData,
  signal: AbortSignal | undefined,
  work: (job: Job, inputs: OpenInputs) => Promise<T>,
): Promise<T> {
  engine.queue.assertUsable(where)
  const inputs = OpenInputs.open(where, x, engine.network, engine)
  try {
    return await engine.queue.enqueue(where, kind, signal, (job) => work(job, inputs))
  } finally {
    inputs.release()
  }
}

/** A job on x and y. */
export async function withExamples<T>(
  engine: Engine,
  where: string,
  kind: 'read' | 'write',
  given: GivenExamples,
  signal: AbortSignal | undefined,
  work: (job: Job, examples: Examples) => Promise<T>,
): Promise<T> {
  engine.queue.assertUsable(where)
  const examples = Examples.open(where, given, engine.network, engine)
  try {
    return await engine.queue.enqueue(where, kind, signal, (job) => work(job, examples))
  } finally {
    examples.release()
  }
}
