/**
 * The sum of the derivatives that flow into one value from its uses. A slice gives back zeros of the whole value's
 * shape with a block in them, and `take` gives back rows among zeros. Of many slices or rows of one value, the sum
 * over such arrays would cost the number of uses times the value. Here the blocks are put side by side, and the rows
 * are added in one go, so that the cost is that of the blocks and rows themselves.
 */
import { sizeOf, type Shape } from '../base/shape'
import * as b from './build'
import { withLabel } from './label'
import type { Node } from './node'

/** A block inside an array, which is 0 elsewhere. */
interface Block {
  readonly value: Node
  readonly begin: readonly number[]
}

/** The sum of `parts`, which have one shape, in their order: blocks and rows where the first of them stands. */
export function sumOf(parts: readonly Node[]): Node {
  const alike = { pad: { join: joinBlocks, found: [] as Node[] }, scatterAdd: { join: joinRows, found: [] as Node[] } }
  const kindOf = ({ op }: Node) => (op === 'pad' || op === 'scatterAdd' ? alike[op] : undefined)
  for (const part of parts) kindOf(part)?.found.push(part)
  const terms = parts.flatMap((part) => {
    const { found, join } = kindOf(part) ?? { found: [] }
    if (join === undefined || found.length < 2) return [part]
    return part === found[0] ? [withLabel(part.label, () => join(found))] : []
  })
  // Named after the uses, as what they gave is: the value itself may be a weight that no layer computed.
  return terms.reduce((sum, term) => withLabel(term.label, () => b.add(sum, term)))
}

/** Sums of rows among zeros as one such sum. */
function joinRows(parts: readonly Node[]): Node {
  const [count, ...row] = parts[0].shape
  const flat = (node: Node, rest: Shape) => b.reshape(node, [sizeOf(node.shape) / sizeOf(rest), ...rest])
  const ids = parts.map(({ inputs }) => flat(inputs[0], []))
  const rows = parts.map(({ inputs }) => flat(inputs[1], row))
  return b.scatterAdd(b.concat(ids, 0), b.concat(rows, 0), count)
}

function blockOf(padded: Node): Block {
  let [value, begin] = [padded, padded.shape.map(() => 0)]
  // A slice of a slice is one block.
  for (; value.op === 'pad'; value = value.inputs[0]) {
    const before = value.attrs.before as readonly number[]
    begin = begin.map((d, axis) => d + before[axis])
  }
  return { value, begin }
}

/** Paddings of one shape as one. */
function joinBlocks(parts: readonly Node[]): Node {
  const { shape } = parts[0]
  const inwards = shape.map((_, axis) => shape.length - 1 - axis)
  let blocks = parts.map(blockOf)
  // Blocks in a row along an axis, and then such rows: the parts of a split, the patches of a picture.
  for (const axis of inwards) blocks = joinAlong(axis, blocks)
  // Blocks that lie askew get as wide as all of them together, one axis after the other, until they are in a row.
  for (const wide of inwards) {
    if (blocks.length === 1) break
    const [from, to] = hull(wide, blocks)
    blocks = blocks.map((block) => widen(wide, block, from, to))
    for (const axis of inwards) blocks = joinAlong(axis, blocks)
  }
  return b.pad(blocks[0].value, blocks[0].begin, shape)
}

const endOf = (axis: number, { value, begin }: Block) => begin[axis] + value.shape[axis]

/** Where blocks begin and end along an axis, taken together. */
function hull(axis: number, blocks: readonly Block[]): [from: number, to: number] {
  let [from, to] = [Infinity, 0]
  for (const block of blocks) {
    from = Math.min(from, block.begin[axis])
    to = Math.max(to, endOf(axis, block))
  }
  return [from, to]
}

/** The block with zeros along an axis, so that it reaches from `from` to `to`. */
function widen(axis: number, { value, begin }: Block, from: number, to: number): Block {
  const before = begin.map((d, i) => (i === axis ? d - from : 0))
  const shape = value.shape.map((d, i) => (i === axis ? to - from : d))
  return { value: b.pad(value, before, shape), begin: begin.map((d, i) => (i === axis ? from : d)) }
}

/** Blocks that differ along `axis` alone become one each. */
function joinAlong(axis: number, blocks: readonly Block[]): Block[] {
  const groups = new Map<string, Block[]>()
  for (const block of blocks) {
    const others = (numbers: readonly number[]) => numbers.filter((_, i) => i !== axis)
    const key = `${others(block.begin)} ${others(block.value.shape)}`
    const group = groups.get(key)
    if (group) group.push(block)
    else groups.set(key, [block])
  }
  return [...groups.values()].map((group) => inARow(axis, separated(axis, group)))
}

/** The same sum in blocks that do not overlap, from the first to the last. */
function separated(axis: number, blocks: readonly Block[]): Block[] {
  const sorted = [...blocks].sort((p, q) => p.begin[axis] - q.begin[axis] || endOf(axis, p) - endOf(axis, q))
  const result: Block[] = []
  let [together, end]: [Block[], number] = [[], -1]
  for (const block of sorted) {
    if (together.length && block.begin[axis] >= end) {
      result.push(overlapping(axis, together))
      together = []
    }
    together.push(block)
    end = Math.max(end, endOf(axis, block))
  }
  return [...result, overlapping(axis, together)]
}

/** Blocks in order that overlap, as one: the sum of as few rows of separate blocks as hold them all. */
function overlapping(axis: number, blocks: readonly Block[]): Block {
  if (blocks.length === 1) return blocks[0]
  const rows: Block[][] = []
  for (const block of sumEqual(axis, blocks)) {
    const row = rows.find((r) => endOf(axis, r[r.length - 1]) <= block.begin[axis])
    if (row) row.push(block)
    else rows.push([block])
  }
  const [from, to] = hull(axis, blocks)
  return rows.map((row) => widen(axis, inARow(axis, row), from, to)).reduce(sum)
}

/** Of blocks in order, each with the sum of those in its place. */
function sumEqual(axis: number, blocks: readonly Block[]): Block[] {
  const result: Block[] = []
  for (const block of blocks) {
    const last = result[result.length - 1]
    const isSame = last?.begin[axis] === block.begin[axis] && endOf(axis, last) === endOf(axis, block)
    if (isSame) result[result.length - 1] = sum(last, block)
    else result.push(block)
  }
  return result
}

/** Of two blocks in one place. */
const sum = (p: Block, q: Block): Block => ({ begin: p.begin, value: b.add(p.value, q.value) })

/** Separate blocks as one: each with the zeros behind it, up to the next. */
function inARow(axis: number, blocks: readonly Block[]): Block {
  const parts = blocks.map((block, i) => {
    const to = i + 1 < blocks.length ? blocks[i + 1].begin[axis] : endOf(axis, block)
    return widen(axis, block, block.begin[axis], to).value
  })
  return { value: b.concat(parts, axis), begin: blocks[0].begin }
}
