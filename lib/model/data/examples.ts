/**
 * Examples on their way into a model: opened once, at the user's call; checked and copied into native memory in slices
 * when their turn has come.
 */
import { ShapeError } from '../../base/errors'
import { shapeText, sizeOf, type Shape } from '../../base/shape'
import { inTurns, type Sliced } from '../../base/slices'
import { openRows, type RowSource } from '../../data/row-source'
import type { DataLike } from '../../data/rows'
import { requireFinite, toFlatRows, toNative, upload, type Flat, type Home, type NativeRows } from '../../data/transfer'
import type { Loss } from '../../losses'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import { Tensor } from '../../tensor/tensor'
import type { Job } from '../queue/job'
import { exampleWeights, type ClassWeight, type SampleWeight } from './example-weights'

/** Examples as a user gives them. */
export interface GivenExamples {
  x: DataLike
  y: DataLike
  sampleWeight?: SampleWeight | undefined
  classWeight?: ClassWeight | undefined
}

/** What examples must fit. */
export interface ExampleShapes {
  inputShape: Shape
  outputShape: Shape
}

/** An Engine is one. */
interface CompiledNetwork extends Home {
  network: ExampleShapes
  requireCompiled(where: string): { loss: Loss }
}

/** A data set in native memory. */
export interface NativeData {
  rows: number
  x: NativeBuffer
  xShape: number[]
  y: NativeBuffer
  /** One weight per row (sample weight times class weight), or null. */
  weights: NativeBuffer | null
  /** y and the weights once more in JavaScript memory, until nobody needs them. */
  targets: Flat | null
  exampleWeights: Flat | null
  dispose(): void
}

/** The inputs of a plan that trains or evaluates. */
export function inputsOf({ x, y, weights }: NativeData): Record<string, NativeBuffer> {
  return { x, y, ...(weights ? { weights } : {}) }
}

/** x and y of a user with their weights, open. `release` gives back the references to their tensors. */
export class Examples {
  readonly #classWeight: ClassWeight | undefined
  #loss: Loss | null = null
  #outputShape: Shape = []

  private constructor(
    readonly where: string,
    readonly x: RowSource,
    readonly y: RowSource,
    readonly sampleWeight: RowSource | null,
    classWeight: ClassWeight | undefined,
  ) {
    this.#classWeight = classWeight
  }

  /** Errors name x, y or sampleWeight. Shapes are not compared with a network yet: see `check`. */
  static open(
    where: string,
    { x, y, sampleWeight, classWeight }: GivenExamples,
    { dtype }: Pick<Home, 'dtype'>,
  ): Examples {
    const opened: RowSource[] = []
    const open = (name: string, value: DataLike) => {
      const source = openRows(`${where}: ${name}`, value, dtype)
      opened.push(source)
      return source
    }
    try {
      const weights = sampleWeight === undefined ? null : open('sampleWeight', sampleWeight)
      return new Examples(where, open('x', x), open('y', y), weights, classWeight)
    } catch (error) {
      for (const source of opened) source.release()
      throw error
    }
  }

  /** Opens and checks what goes into a compiled model. */
  static fitting(engine: CompiledNetwork, where: string, given: GivenExamples): Examples {
    const { loss } = engine.requireCompiled(where)
    const examples = Examples.open(where, given, engine)
    try {
      return examples.check(engine.network, loss)
    } catch (error) {
      examples.release()
      throw error
    }
  }

  get rows(): number {
    return this.x.shape[0]
  }

  /** ShapeError where x does not fit the network or y its loss. */
  check({ inputShape, outputShape }: ExampleShapes, loss: Loss): this {
    checkX(this.where, this.x, inputShape)
    const { where, rows, y } = this
    loss.checkTargetShape(`${where}: y`, y.shape, rows, outputShape)
    if (y.shape[0] !== rows) throw new ShapeError(`${where}: x has ${rows} rows but y has ${y.shape[0]}.`)
    y.shape = [rows, ...loss.targetShape(outputShape)]
    this.#loss = loss
    this.#outputShape = outputShape
    return this
  }

  /** Ranges, finiteness and the copy, after `check`. */
  *toNative(home: Home): Sliced<NativeData> {
    const targets = yield* this.#targets(home)
    const width = sizeOf(this.#outputShape)
    const classes = width === 1 ? 2 : width
    const weights = exampleWeights(this.where, targets, this.sampleWeight, this.#classWeight, classes, home.dtype)
    const owned: (() => void)[] = []
    const dispose = () => owned.splice(0).forEach((release) => release())
    const keep = (buffer: NativeBuffer) => {
      owned.push(() => native.bufferDispose(buffer))
      return buffer
    }
    try {
      const x = yield* toNative(this.where, 'x', this.x, home)
      owned.push(() => x.release())
      const y = keep(yield* upload(this.where, targets, home))
      const weightBuffer = weights && keep(yield* upload(this.where, weights, home))
      const shared = { rows: this.rows, targets, exampleWeights: weights, dispose }
      return { x: x.buffer, xShape: x.shape, y, weights: weightBuffer, ...shared }
    } catch (error) {
      dispose()
      throw error
    }
  }

  /** `toNative` with turns of the event loop in between. AbortError. */
  prepared(home: Home, job: Job): Promise<NativeData> {
    return inTurns(this.toNative(home), () => job.throwIfAborted())
  }

  /** y in JavaScript memory, every value as the loss wants it. */
  #targets({ dtype }: Home): Sliced<Flat> {
    const { y } = this
    const where = `${this.where}: y`
    return toFlatRows(y, dtype, ({ data, shape }, from) => {
      requireFinite(this.where, 'y', data, y.shape, from * (data.length / shape[0]))
      this.#loss!.checkTargetValues(where, data, this.#outputShape, from)
    })
  }

  release(): void {
    for (const source of [this.x, this.y, this.sampleWeight]) source?.release()
  }
}

/** x by itself, open: for predictions. */
export function openX(where: string, value: DataLike, { dtype }: Pick<Home, 'dtype'>): RowSource {
  return openRows(`${where}: x`, value, dtype)
}

/** x in native memory. The caller disposes of it; `source` stays open. */
export function nativeX(
  where: string,
  source: RowSource,
  engine: Home & { network: ExampleShapes },
): Sliced<NativeRows> {
  checkX(where, source, engine.network.inputShape)
  return toNative(where, 'x', source, engine)
}

/** `nativeX` with turns of the event loop in between. AbortError. */
export async function preparedX(
  engine: Home & { network: ExampleShapes },
  job: Job,
  x: RowSource,
): Promise<NativeRows> {
  return inTurns(nativeX(job.what, x, engine), () => job.throwIfAborted())
}

/** ShapeError unless the rows are [m, ...inputShape]. */
function checkX(where: string, source: RowSource, inputShape: Shape): void {
  const [, ...rest] = source.shape
  if (source.shape.length > 0 && rest.join() === inputShape.join()) return
  const expected = shapeText([null, ...inputShape])
  throw new ShapeError(
    `${where}: x: expected shape ${expected} (examples are rows), got ` +
      `${shapeText(source.shape)}.${rowsHint(source, inputShape)}`,
  )
}

/** How numbers without rows become examples. */
function rowsHint({ shape, given }: RowSource, inputShape: Shape): string {
  if (shape.join() === inputShape.join()) return ' For one example wrap it: [example].'
  if (shape.length !== 1) return ''
  const size = sizeOf(inputShape)
  const rows = shapeText([shape[0] % size === 0 ? shape[0] / size : 'm', ...inputShape])
  if (given instanceof Tensor) return ` Give it rows: ops.reshape(x, ${rows}).`
  if (!Array.isArray(given)) return ` A flat typed array needs its shape: tensor(data, ${rows}).`
  if (inputShape.join() === '1') return ' For one number per example: x.map((v) => [v]).'
  return ` A flat array needs its shape: tensor(x, ${rows}).`
}
