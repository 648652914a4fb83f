/** The thread that draws: `DrawingThread` of drawing-worker starts this file. */
import { parentPort } from 'node:worker_threads'
import { drawn } from './drawing'
import { packError, type Answer, type Request } from './drawing-messages'

const port = parentPort!
/** Of specifications that have not arrived as a whole. */
const pieces = new Map<number, string[]>()

async function answered(id: number, json: string, order: NonNullable<Request['order']>): Promise<Answer> {
  try {
    return { id, drawing: await drawn(JSON.parse(json), order) }
  } catch (error) {
    return { id, error: packError(error) }
  }
}

port.on('message', ({ id, piece, order }: Request) => {
  const all = [...(pieces.get(id) ?? []), piece]
  if (!order) return void pieces.set(id, all)
  pieces.delete(id)
  void answered(id, all.join(''), order).then((answer) => {
    const moved = 'drawing' in answer && typeof answer.drawing !== 'string' ? [answer.drawing.buffer] : []
    port.postMessage(answer, moved)
  })
})
