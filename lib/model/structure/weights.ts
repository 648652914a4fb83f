/** The values of a model: weights, statistics and optimiser slots in native memory. */
import { checkCapacity } from '../../base/capacity'
import { newArray, type DType, type NativeArray } from '../../base/dtype'
import { ShapeError } from '../../base/errors'
import { shapeText, sizeOf, type Shape } from '../../base/shape'
import { slices, type Sliced } from '../../base/slices'
import type { WeightSpec } from '../../layers'
import type { NativeBuffer } from '../../native/contract'
import { native } from '../../native/native'
import { guarded } from '../../native/runtime'
import type { Optimizer } from '../../optimizers/optimizer'
import { Tensor } from '../../tensor/tensor'
import type { LayerWeights, WeightSet } from '../../tensor/weight-set'
import type { Network, PlacedLayer } from './network'

/** A named array in native memory that plans read and replace. */
export interface StateCell {
  readonly name: string
  readonly shape: Shape
  buffer: NativeBuffer
}

/** A weight, state or statistic of a layer. */
export interface Parameter extends StateCell {
  readonly place: PlacedLayer
  /** The name of the place. */
  readonly layer: string
  readonly key: string
  readonly spec: WeightSpec
}

/** Arrays that an optimiser keeps for each trainable weight, in the order of `Optimizer.slots`. */
export type SlotTable = Map<Parameter, StateCell[]>

/** Random streams of initial values start here, apart from the layers' own streams in training. */
const initialStream = 0x01000000

/**
 * Inputs and outputs that one number of a weight connects: [out, in] for matrices, kernels [out, in, …size] times the
 * size; vectors and scalars stand for themselves.
 */
function fans(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length < 2) return { fanIn: sizeOf(shape), fanOut: sizeOf(shape) }
  const field = sizeOf(shape.slice(2))
  return { fanIn: shape[1] * field, fanOut: shape[0] * field }
}

/** `items` mapped to holders of buffers; where one of them cannot be made, those before it are freed again. */
function made<T, U extends { buffer: NativeBuffer }>(items: readonly T[], make: (item: T, index: number) => U): U[] {
  const done: U[] = []
  try {
    items.forEach((item, i) => done.push(make(item, i)))
    return done
  } catch (error) {
    for (const { buffer } of done) native.bufferDispose(buffer)
    throw error
  }
}

/** Buffers as they were at some moment. */
export interface HeldWeights {
  bufferOf(cell: StateCell): NativeBuffer
  /** Called once. */
  release(): void
}

export class Weights {
  readonly list: readonly Parameter[]
  /** Slots of the compiled optimiser. */
  slots: SlotTable = new Map()
  /** Layers that training leaves as they are. */
  readonly frozen: Set<PlacedLayer>
  /** Jobs that hold what they read, and the buffers that have been replaced meanwhile. */
  #holders = 0
  readonly #retired: NativeBuffer[] = []

  constructor(
    readonly network: Network,
    readonly dtype: DType,
    seed: bigint,
    /** Where all cells live. */
    public device: string,
    /** True where a file's values follow: weights then hold anything until they are filled. */
    blank = false,
  ) {
    this.frozen = new Set(network.layers.filter(({ layer }) => layer.trainable === false))
    const places = network.weights()
    for (const { place, spec } of places) checkCapacity(`${place.name}.${spec.name}`, spec.shape, dtype)
    this.list = made(places, ({ place, spec }, i) => {
      const name = `${place.name}.${spec.name}`
      const rest = { name, place, layer: place.name, key: spec.name, spec, shape: spec.shape }
      if (blank && spec.role !== 'statistic') return { ...rest, buffer: this.#reserve(name, spec.shape) }
      const data = spec.initializer.create(spec.shape, { ...fans(spec.shape), seed, stream: initialStream + i, dtype })
      if (data.length !== sizeOf(spec.shape))
        throw new ShapeError(`${name}: its initializer gave ${data.length} numbers for shape ${shapeText(spec.shape)}.`)
      return { ...rest, buffer: this.#create(name, data) }
    })
  }

  #create(name: string, data: NativeArray | number): NativeBuffer {
    if (typeof data === 'number') return guarded(name, () => native.bufferCreate(this.dtype, data, null, this.device))
    return guarded(name, () => native.bufferCreate(this.dtype, data.length, data, this.device))
  }

  #reserve(name: string, shape: Shape): NativeBuffer {
    return guarded(name, () => native.bufferReserve(this.dtype, sizeOf(shape), this.device))
  }

  isTrainable(place: PlacedLayer): boolean {
    return !this.frozen.has(place)
  }

  /** Weights that the optimiser changes. */
  get trainable(): Parameter[] {
    return this.list.filter((p) => p.spec.trainable && this.isTrainable(p.place))
  }

  /** What getWeights shows: weights and states. */
  get visible(): Parameter[] {
    return this.list.filter((p) => p.spec.role !== 'statistic')
  }

  get statistics(): Parameter[] {
    return this.list.filter((p) => p.spec.role === 'statistic')
  }

  /** Fresh slots for every trainable weight: all zero, or `blank` where a file's values follow. */
  makeSlots(optimizer: Optimizer, blank = false): SlotTable {
    const places = this.trainable.flatMap((p) => optimizer.slots.map((slot) => ({ p, slot })))
    const cells = made(places, ({ p, slot }) => ({
      name: `optimizer.${p.name}.${slot}`,
      shape: p.shape,
      buffer: blank ? this.#reserve(`${p.name}.${slot}`, p.shape) : this.#create(`${p.name}.${slot}`, sizeOf(p.shape)),
    }))
    return new Map(this.trainable.map((p) => [p, cells.splice(0, optimizer.slots.length)]))
  }

  /**
   * Takes all cells, and those of other optimisers, to another device, in slices: all of them at the end or, where one
   * does not fit, none.
   */
  *movingTo(device: string, others: readonly SlotTable[]): Sliced<void> {
    const cells: StateCell[] = [...this.list, ...[this.slots, ...others].flatMap((slots) => [...slots.values()].flat())]
    yield* this.#replacing(
      cells.map((cell) => [cell, cell.buffer]),
      device,
    )
    this.device = device
  }

  releaseSlots(slots: SlotTable): void {
    for (const cells of slots.values()) for (const cell of cells) native.bufferDispose(cell.buffer)
  }

  /** Puts new values into a cell. Running jobs keep the buffer they started with. */
  write(cell: StateCell, data: NativeArray): void {
    this.replace(cell, this.#create(cell.name, data))
  }

  /** The same with a buffer on this device, which then belongs to the cell. */
  replace(cell: StateCell, buffer: NativeBuffer): void {
    const old = cell.buffer
    cell.buffer = buffer
    this.#retire(old)
  }

  /** Frees a buffer that has been replaced, once no job holds what it read. */
  #retire(buffer: NativeBuffer): void {
    if (this.#holders > 0) this.#retired.push(buffer)
    else native.bufferDispose(buffer)
  }

  /** The values of this moment, for a job of several runs: none of them sees what replaces them before `release`. */
  hold(): HeldWeights {
    const buffers = new Map<StateCell, NativeBuffer>(this.list.map((p) => [p, p.buffer]))
    this.#holders++
    const release = () => {
      if (--this.#holders === 0) for (const buffer of this.#retired.splice(0)) native.bufferDispose(buffer)
    }
    return { bufferOf: (cell) => buffers.get(cell) ?? cell.buffer, release }
  }

  /** Writes the values of a cell that nothing uses yet, in slices. */
  *fill(cell: StateCell, data: NativeArray): Sliced<void> {
    for (const [from, to] of slices(data.length)) {
      guarded(cell.name, () => native.bufferWrite(cell.buffer, data.subarray(from, to), from))
      yield
    }
  }

  read(cell: StateCell): NativeArray {
    return guarded(cell.name, () => native.bufferRead(cell.buffer))
  }

  /** The same in slices, between which the cell stays what it is. */
  *copy(cell: StateCell): Sliced<NativeArray> {
    const data = newArray(this.dtype, sizeOf(cell.shape))
    for (const [from, to] of slices(data.length)) {
      data.set(
        guarded(cell.name, () => native.bufferRead(cell.buffer, from, to - from)),
        from,
      )
      yield
    }
    return data
  }

  /** Groups one tensor per parameter, all of a layer one after the other, into the layout of getWeights. */
  layOut(parameters: readonly Parameter[], tensorOf: (parameter: Parameter, index: number) => Tensor): WeightSet {
    const set: WeightSet = []
    parameters.forEach((p, i) => {
      let entry = set[set.length - 1] as unknown as Record<string, unknown> | undefined
      if (entry?.name !== p.layer) set.push((entry = { name: p.layer }) as unknown as LayerWeights)
      entry[p.key] = tensorOf(p, i)
    })
    return set
  }

  /** Copies of the arrays given. */
  get(parameters: readonly Parameter[] = this.visible): WeightSet {
    return this.layOut(parameters, (p) =>
      Tensor.fromBuffer(
        guarded(p.name, () => native.bufferClone(p.buffer, 'cpu')),
        p.shape,
        this.dtype,
      ),
    )
  }

  /** The same in slices, between which the cells stay what they are. */
  *copies(parameters: readonly Parameter[] = this.visible): Sliced<WeightSet> {
    const made: NativeBuffer[] = []
    try {
      for (const p of parameters) made.push(yield* this.#filled(p, 'cpu', p.buffer))
    } catch (error) {
      for (const buffer of made) native.bufferDispose(buffer)
      throw error
    }
    return this.layOut(parameters, (p, i) => Tensor.fromBuffer(made[i], p.shape, this.dtype))
  }

  /** Puts copies of these values into their cells: made in slices, taken all at once. */
  *replacing(values: ReadonlyMap<Parameter, NativeBuffer>): Sliced<void> {
    yield* this.#replacing([...values], this.device)
  }

  *#replacing(values: readonly (readonly [StateCell, NativeBuffer])[], device: string): Sliced<void> {
    const copies: NativeBuffer[] = []
    try {
      for (const [cell, buffer] of values) copies.push(yield* this.#filled(cell, device, buffer))
    } catch (error) {
      for (const buffer of copies) native.bufferDispose(buffer)
      throw error
    }
    for (const [i, [cell]] of values.entries()) {
      this.#retire(cell.buffer)
      cell.buffer = copies[i]
    }
  }

  /** A new buffer with the numbers of `from`, which belong to a cell. */
  *#filled({ name, shape }: StateCell, device: string, from: NativeBuffer): Sliced<NativeBuffer> {
    const count = sizeOf(shape)
    const buffer = guarded(name, () => native.bufferReserve(this.dtype, count, device))
    try {
      for (const [begin, end] of slices(count)) {
        guarded(name, () => native.bufferWrite(buffer, native.bufferRead(from, begin, end - begin), begin))
        yield
      }
    } catch (error) {
      native.bufferDispose(buffer)
      throw error
    }
    return buffer
  }

  dispose(): void {
    for (const p of this.list) this.#retire(p.buffer)
    this.releaseSlots(this.slots)
  }
}
