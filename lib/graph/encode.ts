/** From a Program to the bytes that the core decodes (see docs/internals/encoded-graph.md). */
import { createHash } from 'node:crypto'
import { TextEncoder } from 'node:util'
import type { Precision, TensorDType } from '../base/dtype'
import { MyelinError, ShapeError } from '../base/errors'
import { maxDimension, shapeText } from '../base/shape'
import { atOnce, type Sliced } from '../base/slices'
import { constantValue, createNode } from './build'
import { captureNode } from './leaves'
import type { AttrValue, Node, Program } from './node'
import { primitives } from './primitives'
import { nodesOfSlice, reachable, reaching } from './reachable'
import { simplifying } from './simplify'

export interface Encoded {
  readonly bytes: Uint8Array
  /** What the extra input slots after the declared ones take, in order: captured tensors (or numbers). */
  readonly captures: unknown[]
}

/** For a cache of plans. */
export interface Keyed {
  /** Equal for programs of equal structure, whatever their captures hold. */
  readonly key: string
  readonly captures: unknown[]
  /** Who finds `key` in a cache needs no bytes. */
  encoded(): Encoded
}

const magic = 0x3347594d
const dtypeCodes: Record<TensorDType, number> = { float32: 0, float64: 1, int32: 2 }
/** In the place of the row numbers of an update that writes the whole state. */
const allRows = 0xffffffff
const precisionCodes: Record<Precision, number> = { float32: 0, float64: 0, tf32: 1, bf16: 2 }

/** A growing little-endian buffer. */
class Writer {
  private bytes = new Uint8Array(1 << 14)
  private view = new DataView(this.bytes.buffer)
  private length = 0

  private room(size: number): number {
    if (this.length + size > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + size))
      grown.set(this.bytes)
      this.bytes = grown
      this.view = new DataView(grown.buffer)
    }
    const at = this.length
    this.length += size
    return at
  }
  // room() may replace the view: it is called before `this.view` is read.
  u8(value: number): void {
    const at = this.room(1)
    this.view.setUint8(at, value)
  }
  u16(value: number): void {
    const at = this.room(2)
    this.view.setUint16(at, value, true)
  }
  u32(value: number): void {
    const at = this.room(4)
    this.view.setUint32(at, value, true)
  }
  f64(value: number): void {
    const at = this.room(8)
    this.view.setFloat64(at, value, true)
  }
  str(value: string): void {
    // UTF-8 takes at most three bytes for each UTF-16 unit.
    const at = this.room(2 + 3 * value.length)
    const space = this.bytes.subarray(at + 2, at + 2 + Math.min(3 * value.length, 0xffff))
    const { written } = encoder.encodeInto(value, space)
    this.view.setUint16(at, written, true)
    this.length = at + 2 + written
  }
  u32s(values: readonly number[]): void {
    this.u32(values.length)
    for (const v of values) this.u32(v)
  }
  start(): void {
    this.length = 0
  }
  /** What was written, valid until the next start. */
  done(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }
}
const encoder = new TextEncoder()
/** Keys are made at every call of a traced function, in one go: they share the memory. */
const keyWriter = new Writer()

function writeAttr(w: Writer, key: string, value: AttrValue): void {
  w.str(key)
  if (typeof value === 'number') {
    w.u8(0)
    w.f64(value)
  } else if (typeof value === 'string') {
    w.u8(2)
    w.str(value)
  } else {
    w.u8(1)
    w.u32(value.length)
    for (const v of value) w.f64(v)
  }
}

/** The field has 32 bits: a longer axis would wrap and silently become a short one. */
function dimension(node: Node, size: number): number {
  if (size <= maxDimension) return size
  throw new ShapeError(
    `${node.label || node.op}: shape ${shapeText(node.shape)} has an axis of ${size} elements; ` +
      'at most 2^32 − 1 are supported.',
  )
}

/** Replaces scalar constants by captured inputs, each number once. */
function lift(roots: readonly Node[]): Node[] {
  const replacement = new Map<Node, Node>()
  const byValue = new Map<number, Node>()
  for (const node of reachable(roots)) {
    const inputs = node.inputs.map((n) => replacement.get(n)!)
    let result = node
    const value = node.shape.length === 0 ? constantValue(node) : undefined
    if (value !== undefined) {
      const known = Object.is(value, -0) ? undefined : byValue.get(value)
      result = known ?? captureNode(value, [])
      if (!Object.is(value, -0)) byValue.set(value, result)
    } else if (inputs.some((n, i) => n !== node.inputs[i]))
      result = createNode(node.op, inputs, node.attrs, node.shape, node)
    replacement.set(node, result)
  }
  return roots.map((root) => replacement.get(root)!)
}

/** A simplified program, its nodes in order. */
interface Layout {
  readonly program: Program
  readonly nodes: readonly Node[]
  readonly ids: ReadonlyMap<Node, number>
  /** Of the leaves. */
  readonly slots: ReadonlyMap<Node, number>
  readonly captures: unknown[]
  /** Nodes by what they are for, as in `groupsOf`. */
  readonly roots: readonly (readonly Node[])[]
}

function groupsOf({ fetches, updates, guards, costs, accumulators }: Program): readonly (readonly Node[])[] {
  const values = updates.map((u) => u.value)
  const rows = updates.flatMap((u) => u.rows ?? [])
  return [fetches, values, rows, guards, costs, accumulators]
}

function* layOut(program: Program, prepare = (roots: readonly Node[]): readonly Node[] => roots): Sliced<Layout> {
  const groups = groupsOf(program)
  const roots = prepare(yield* simplifying(groups.flat()))
  // Declared leaves are always written, so that the core knows the shape of every slot.
  const leaves = [...program.inputs, ...program.states, ...program.hypers]
  const nodes = yield* reaching([...leaves, ...roots])

  const slots = new Map<Node, number>()
  for (const group of [program.inputs, program.states, program.hypers])
    group.forEach((node, slot) => slots.set(node, slot))
  const captures: unknown[] = []
  for (const node of nodes) {
    if (slots.has(node) || !primitives[node.op].leaf) continue
    if (node.capture === undefined)
      throw new MyelinError(
        `A traced value was used outside of its function: ${node.op} '${node.label}' does not belong to this graph. ` +
          'Return values from the traced function instead of keeping them.',
      )
    slots.set(node, program.inputs.length + captures.length)
    captures.push(node.capture)
  }
  const ids = new Map(nodes.map((node, id) => [node, id]))
  let next = 0
  const take = ({ length }: readonly Node[]) => roots.slice(next, (next += length))
  return { program, nodes, ids, slots, captures, roots: groups.map(take) }
}

function* write(w: Writer, layout: Layout, withLabels: boolean): Sliced<Uint8Array> {
  const { program, nodes, ids, slots, captures, roots } = layout
  const idOf = (node: Node) => ids.get(node)!
  w.start()
  w.u32(magic)
  w.u8(dtypeCodes[program.dtype])
  w.u8(precisionCodes[program.precision ?? program.dtype])
  w.u32(program.inputs.length + captures.length)
  w.u32(program.states.length)
  w.u32(program.hypers.length)
  w.u32(nodes.length)
  for (const [i, node] of nodes.entries()) {
    if (i % nodesOfSlice === nodesOfSlice - 1) yield
    w.str(node.op)
    w.str(withLabels ? node.label : '')
    w.u8(dtypeCodes[node.dtype ?? program.dtype])
    w.u8(node.shape.length)
    for (const d of node.shape) w.u32(dimension(node, d))
    w.u16(node.inputs.length)
    for (const input of node.inputs) w.u32(idOf(input))
    const slot = slots.get(node)
    const attrs = slot === undefined ? Object.entries(node.attrs) : [['slot', slot] as [string, AttrValue]]
    w.u8(attrs.length)
    for (const [key, value] of attrs) writeAttr(w, key, value)
  }
  const [fetches, values, rows, guards, costs, accumulators] = roots.map((group) => group.map(idOf))
  w.u32s(fetches)
  w.u32(values.length)
  let row = 0
  program.updates.forEach((update, i) => {
    w.u32(idOf(update.state))
    w.u32(values[i])
    w.u32(update.rows ? rows[row++] : allRows)
  })
  w.u32s(guards)
  w.u32s(costs)
  w.u32s(accumulators)
  return w.done()
}

/** Simplifies the program and writes it. Captured tensors become inputs after the declared ones. */
export function* encoding(program: Program): Sliced<Encoded> {
  const layout = yield* layOut(program)
  return { bytes: yield* write(new Writer(), layout, true), captures: layout.captures }
}

/** The same without a pause. */
export function encode(program: Program): Encoded {
  return atOnce(encoding(program))
}

/**
 * The same for functions that are traced on each call. Scalar constants become captured inputs, so that programs which
 * differ in numbers alone share a plan.
 */
export function encodeKeyed(program: Program): Keyed {
  const layout = atOnce(layOut(program, lift))
  const { captures } = layout
  const structure = atOnce(write(keyWriter, layout, false))
  return {
    key: createHash('sha256').update(structure).digest('base64'),
    captures,
    encoded: () => ({ bytes: atOnce(write(new Writer(), layout, true)), captures }),
  }
}
