/**
 * Examples on their way into a model: opened once, at the user's call; checked and copied into native memory in slices
 * when their turn has come.
 */
import { isRecord } from '../../base/checks'
import { ShapeError } from '../../base/errors'
import { inTurns, type Sliced } from '../../base/slices'
import { openRows, type RowSource } from '../../data/row-source'
import { isShaped, type DataLike } from '../../data/rows'
import { requireFinite, toFlatRows, upload, type Flat, type Home } from '../../data/transfer'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import type { Job } from '../queue/job'
import { Tensor } from '../../tensor/tensor'
import type { CompiledOutput } from '../structure/compile'
import type { Network, NetworkOutput } from '../structure/network'
import { classTable, exampleWeights, type ClassWeight, type SampleWeight } from './example-weights'
import { OpenInputs, slotsOf, type InputData, type NativeInputs } from './inputs'
import { recordOf } from '../structure/record'

/** y: targets of the only output, or targets by the name of each. */
export type TargetData = DataLike | { readonly [output: string]: DataLike }
/** One weight per row for all outputs, or for outputs by name. */
export type SampleWeights = SampleWeight | { readonly [output: string]: SampleWeight }
/** Weights of classes of the only output, or of outputs by name. */
export type ClassWeights = ClassWeight | { readonly [output: string]: ClassWeight }

/** Examples as a user gives them. */
export interface GivenExamples {
  x: InputData
  y: TargetData
  sampleWeight?: SampleWeights | undefined
  classWeight?: ClassWeights | undefined
}

/** An Engine is one. */
interface CompiledNetwork extends Pick<Home, 'dtype'> {
  network: Network
  requireCompiled(where: string): { outputs: readonly CompiledOutput[] }
}

/** Targets of one output in native memory. */
export interface NativeTargets {
  readonly output: NetworkOutput
  readonly buffer: NativeBuffer
  /** One weight per row (sample weight times class weight), or null. */
  readonly weights: NativeBuffer | null
  /** The targets and the weights once more in JavaScript memory, until nobody needs them. */
  targets: Flat | null
  exampleWeights: Flat | null
}

/** A data set in native memory. */
export interface NativeData {
  readonly rows: number
  readonly x: NativeInputs
  readonly y: readonly NativeTargets[]
  dispose(): void
}

/** The inputs of a plan that trains or evaluates. */
export function inputsOf({ x, y }: NativeData): Record<string, NativeBuffer> {
  const slots = slotsOf(x)
  for (const { output, buffer, weights } of y) {
    slots[output.slot] = buffer
    if (weights) slots[output.weightSlot] = weights
  }
  return slots
}

/** By output: whether its rows have weights. */
export function weightedOutputs({ y }: NativeData): readonly boolean[] {
  return y.map(({ weights }) => weights !== null)
}

/** y of one output, open. */
interface OpenTargets {
  readonly output: NetworkOutput
  readonly name: string
  readonly source: RowSource
  readonly sampleWeight: RowSource | null
  readonly sampleWeightName: string
  readonly classWeight: ClassWeight | undefined
  readonly classWeightName: string
}

/** x and y of a user with their weights, open. `release` gives back the references to their tensors. */
export class Examples {
  #compiled: readonly CompiledOutput[] = []

  private constructor(
    readonly where: string,
    readonly x: OpenInputs,
    readonly y: readonly OpenTargets[],
  ) {}

  /** Names and shapes of x are checked; those of y are not compared with a loss yet: see `check`. */
  static open(where: string, given: GivenExamples, network: Network, home: Pick<Home, 'dtype'>): Examples {
    const opened: { release(): void }[] = []
    const open = (name: string, value: DataLike) => {
      const source = openRows(`${where}: ${name}`, value, home.dtype)
      opened.push(source)
      return source
    }
    try {
      const byOutput = targetsByOutput(where, given, network)
      const x = OpenInputs.open(where, given.x, network, home)
      opened.push(x)
      const y = byOutput.map(({ value, sampleWeight, ...rest }) => ({
        ...rest,
        source: open(rest.name, value),
        sampleWeight: sampleWeight === undefined ? null : open(rest.sampleWeightName, sampleWeight),
      }))
      return new Examples(where, x, y)
    } catch (error) {
      for (const source of opened) source.release()
      throw error
    }
  }

  /** Opens and checks what goes into a compiled model. */
  static fitting(engine: CompiledNetwork, where: string, given: GivenExamples): Examples {
    const { outputs } = engine.requireCompiled(where)
    const examples = Examples.open(where, given, engine.network, engine)
    try {
      return examples.check(outputs)
    } catch (error) {
      examples.release()
      throw error
    }
  }

  get rows(): number {
    return this.x.rows
  }

  /** ShapeError where y does not fit the losses. */
  check(compiled: readonly CompiledOutput[]): this {
    const { where, rows, x } = this
    this.y.forEach(({ output, name, source, classWeight, classWeightName }, i) => {
      const { loss } = compiled[i]
      loss.checkTargetShape(`${where}: ${name}`, source.shape, rows, output.shape)
      if (source.shape[0] !== rows)
        throw new ShapeError(`${where}: ${x.list[0].name} has ${rows} rows but ${name} has ${source.shape[0]}.`)
      source.shape = [rows, ...loss.targetShape(output.shape)]
      if (classWeight !== undefined) classTable(`${where}: ${classWeightName}`, classWeight, compiled[i])
    })
    this.#compiled = compiled
    return this
  }

  /** Ranges, finiteness and the copy, after `check`. */
  *toNative(home: Home): Sliced<NativeData> {
    const owned: (() => void)[] = []
    const dispose = () => owned.splice(0).forEach((release) => release())
    const keep = (buffer: NativeBuffer) => {
      owned.push(() => native.bufferDispose(buffer))
      return buffer
    }
    try {
      // All of y is read and checked before anything large goes to a device.
      const read: { targets: Flat; weights: Flat | null }[] = []
      for (const i of this.y.keys()) read.push(yield* this.#read(i, home))
      const x = yield* this.x.toNative(home)
      owned.push(() => x.release())
      const y: NativeTargets[] = []
      for (const [i, { targets, weights }] of read.entries()) {
        const buffer = keep(yield* upload(this.where, targets, home))
        const weightBuffer = weights && keep(yield* upload(this.where, weights, home))
        y.push({ output: this.y[i].output, buffer, weights: weightBuffer, targets, exampleWeights: weights })
      }
      return { rows: this.rows, x, y, dispose }
    } catch (error) {
      dispose()
      throw error
    }
  }

  /** `toNative` with turns of the event loop in between. AbortError. */
  prepared(home: Home, job: Job): Promise<NativeData> {
    return inTurns(this.toNative(home), () => job.throwIfAborted())
  }

  /** Targets of an output in JavaScript memory, every value as the loss wants it, and what each row counts. */
  *#read(i: number, { dtype }: Home): Sliced<{ targets: Flat; weights: Flat | null }> {
    const { output, name, source } = this.y[i]
    const { loss } = this.#compiled[i]
    const where = `${this.where}: ${name}`
    const targets = yield* toFlatRows(source, dtype, ({ data, shape }, from) => {
      requireFinite(this.where, name, data, source.shape, from * (data.length / shape[0]))
      loss.checkTargetValues(where, data, output.shape, from)
    })
    const given = { ...this.y[i], where: this.where, targetName: name }
    return { targets, weights: yield* exampleWeights(given, targets, this.#compiled[i], dtype) }
  }

  release(): void {
    this.x.release()
    for (const { source, sampleWeight } of this.y) {
      source.release()
      sampleWeight?.release()
    }
  }
}

interface GivenTargets {
  output: NetworkOutput
  name: string
  value: DataLike
  sampleWeight: SampleWeight | undefined
  sampleWeightName: string
  classWeight: ClassWeight | undefined
  classWeightName: string
}

/** What is given for each output. */
function targetsByOutput(
  where: string,
  { y, sampleWeight, classWeight }: GivenExamples,
  { outputs, namedOutputs }: Network,
): GivenTargets[] {
  if (!namedOutputs) {
    const [output] = outputs
    const value = y as DataLike
    return [
      {
        output,
        name: 'y',
        value,
        sampleWeight: sampleWeight as SampleWeight | undefined,
        sampleWeightName: 'sampleWeight',
        classWeight: classWeight as ClassWeight | undefined,
        classWeightName: 'classWeight',
      },
    ]
  }
  const names = outputs.map(({ name }) => name)
  const targets = recordOf<DataLike>(`${where}: y`, 'output', y, names)
  const weights = isByOutput(sampleWeight, names)
    ? recordOf<SampleWeight>(`${where}: sampleWeight`, 'output', sampleWeight, names, true)
    : null
  const classes = recordOf<ClassWeight>(`${where}: classWeight`, 'output', classWeight, names, true)
  return outputs.map((output) => ({
    output,
    name: `y.${output.name}`,
    value: targets[output.name],
    sampleWeight: weights ? weights[output.name] : (sampleWeight as SampleWeight | undefined),
    sampleWeightName: weights ? `sampleWeight.${output.name}` : 'sampleWeight',
    classWeight: classes[output.name],
    classWeightName: `classWeight.${output.name}`,
  }))
}

/** Whether weights of rows are given by the names of outputs, not as one list for all. */
function isByOutput(weights: unknown, names: readonly string[]): boolean {
  if (!isRecord(weights) || weights instanceof Tensor) return false
  return names.includes('data') || !isShaped(weights)
}
