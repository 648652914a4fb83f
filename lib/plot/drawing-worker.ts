/**
 * The thread in which pictures are drawn, so that the event loop goes on. There is one, started for the first picture
 * and ended when none has been asked for a while. It keeps a process alive only while a picture is drawn.
 */
import { existsSync } from 'node:fs'
import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { throwIfAborted } from '../base/checks'
import { clearTimeout, setTimeout } from '../base/clock'
import { AbortError, StateError } from '../base/errors'
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

  /** AbortError, which `where` opens, as soon as `signal` is aborted. */
  async draw(where: string, pieces: readonly string[], order: Order, signal?: AbortSignal): Promise<Drawing> {
    clearTimeout(this.#idle)
    const id = ++this.#last
    const drawing = new Promise<Drawing>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    const abort = () => this.#abort(id, new AbortError(`${where}: aborted.`, { cause: signal?.reason }))
    signal?.addEventListener('abort', abort)
    this.#worker.ref()
    void inTurns(this.#send(id, pieces, order))
    try {
      return await drawing
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  *#send(id: number, pieces: readonly string[], order: Order): Sliced<void> {
    for (const [i, piece] of pieces.entries()) {
      const request: Request = i < pieces.length - 1 ? { id, piece } : { id, piece, order }
      this.#worker.postMessage(request)
      yield
    }
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id)
    if (!waiting) return
    this.#waiting.delete(answer.id)
    if ('error' in answer) waiting.reject(unpackError(answer.error))
    else waiting.resolve(answer.drawing)
    if (this.#waiting.size > 0) return
    this.#worker.unref()
    this.#idle = setTimeout(() => this.#end(), settings.idleMs).unref()
  }

  /** Ends what nobody waits for any longer. */
  #abort(id: number, error: AbortError): void {
    this.#waiting.get(id)?.reject(error)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#end()
  }

  #end(): void {
    this.ended()
    this.#worker.unref()
    void this.#worker.terminate()
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
 * the next picture starts anew; OptionError, which `where` opens, for what is no plain data; AbortError; errors of Vega
 * as they are.
 */
export async function draw(where: string, spec: unknown, order: Order, signal?: AbortSignal): Promise<Drawing> {
  const pieces = await inTurns(jsonPieces(`${where}: spec`, spec), () => throwIfAborted(where, signal))
  throwIfAborted(where, signal)
  if (!current) {
    const thread: DrawingThread = new DrawingThread(() => {
      if (current === thread) current = undefined
    })
    current = thread
  }
  return current.draw(where, pieces, order, signal)
}
