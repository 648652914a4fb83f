/**
 * The thread in which pictures are drawn, so that the event loop goes on. There is one, started for the first picture
 * and ended when none has been asked for a while. It keeps a process alive only while a picture is drawn.
 */
import { existsSync } from 'node:fs'
import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { clearTimeout, setTimeout } from '../base/clock'
import { StateError } from '../base/errors'
import { inTurns, type Sliced } from '../base/slices'
import type { Drawing, Order } from './drawing'
import { unpackError, type Answer, type Request } from './drawing-messages'
import { jsonPieces } from './json-pieces'

/** For tests of what happens after a while. `idleMs`: how long the thread waits for the next picture. */
export const settings = { idleMs: 10_000 }

interface Waiting {
  resolve(drawing: Drawing): void
  reject(error: Error): void
}

/**
 * A thread that runs drawing-thread: in the package, whose modules are one file, that is in a folder; else beside this
 * file, and as TypeScript where tests load tsx. By a line of code where Node.js cannot start the file: a source, or any
 * file while `--input-type` is set.
 */
function startedWorker(): Worker {
  const name = 'myelin pictures'
  const extension = extname(__filename)
  const isSource = extension === '.ts'
  const beside = join(__dirname, `drawing-thread${extension}`)
  const file = existsSync(beside) ? beside : join(__dirname, 'plot/drawing-thread.js')
  const code = `import('node:module').then(({ createRequire }) => {
    const require = createRequire(${JSON.stringify(file)})
    ${isSource ? "require('tsx/cjs')" : ''}
    require(${JSON.stringify(file)})
  })`
  const isFile = !isSource && !process.execArgv.some((flag) => flag.startsWith('--input-type'))
  try {
    return isFile ? new Worker(file, { name }) : new Worker(code, { name, eval: true })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw cause
    throw new StateError(
      'Pictures are drawn in a thread of their own, which Node.js does not allow: ' +
        'it was started with --permission and needs --allow-worker.',
      { cause },
    )
  }
}

class DrawingThread {
  readonly #worker = startedWorker()
  readonly #waiting = new Map<number, Waiting>()
  #last = 0
  #idle: NodeJS.Timeout | undefined

  /** `ended` is called once, when the thread takes no more pictures. */
  constructor(private readonly ended: () => void) {
    this.#worker.on('message', (answer: Answer) => this.#settle(answer))
    this.#worker.on('error', (error) => this.#fail(error))
    this.#worker.on('exit', () => this.#fail())
    this.#worker.unref()
  }

  draw(pieces: readonly string[], order: Order): Promise<Drawing> {
    clearTimeout(this.#idle)
    const id = ++this.#last
    const drawing = new Promise<Drawing>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    this.#worker.ref()
    const worker = this.#worker
    function* send(): Sliced<void> {
      for (const [i, piece] of pieces.entries()) {
        const request: Request = i < pieces.length - 1 ? { id, piece } : { id, piece, order }
        worker.postMessage(request)
        yield
      }
    }
    void inTurns(send())
    return drawing
  }

  #settle(answer: Answer): void {
    const { resolve, reject } = this.#waiting.get(answer.id)!
    this.#waiting.delete(answer.id)
    if ('error' in answer) reject(unpackError(answer.error))
    else resolve(answer.drawing)
    if (this.#waiting.size > 0) return
    this.#worker.unref()
    this.#idle = setTimeout(() => {
      this.ended()
      void this.#worker.terminate()
    }, settings.idleMs).unref()
  }

  #fail(cause?: Error): void {
    this.ended()
    clearTimeout(this.#idle)
    const reason = cause ? `: ${cause.message}` : ''
    for (const { reject } of this.#waiting.values())
      reject(new StateError(`The thread that draws pictures ended before this one was there${reason}.`, { cause }))
    this.#waiting.clear()
  }
}

let current: DrawingThread | undefined

/**
 * Draws a Vega-Lite specification. StateError where an optional package is missing, or where the thread fails, which
 * the next picture starts anew; OptionError, which `name` opens, for what is no plain data; errors of Vega as they are.
 */
export async function draw(name: string, spec: unknown, order: Order): Promise<Drawing> {
  const pieces = await inTurns(jsonPieces(name, spec))
  if (!current) {
    const thread: DrawingThread = new DrawingThread(() => {
      if (current === thread) current = undefined
    })
    current = thread
  }
  return current.draw(pieces, order)
}
