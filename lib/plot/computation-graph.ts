/** A traced function as boxes. */
import { checkOptions } from '../base/checks'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { shapeText, type Shape } from '../base/shape'
import { Graph, type GraphNode } from '../functions/trace'
import { primitives } from '../graph/primitives'
import { toFlat, type TensorLike } from '../tensor/tensor'
import { Canvas, textWidth } from './canvas'
import type { Picture } from './picture'
import { ink, palette, soft } from './theme'

export interface ComputationGraphOptions {
  /** One value for each argument: every box then has its value and the derivative of the result by it. */
  at?: readonly TensorLike[] | undefined
  title?: string | undefined
}

const mostNodes = 60

/** Nested arrays of ones. */
function ones(shape: Shape): TensorLike {
  return shape.reduceRight<TensorLike>((inner, n) => new Array(n).fill(inner) as TensorLike, 1)
}

/** A value as text that fits into a box. */
function short(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(Number(value.toPrecision(5))).replace('-', '−')
  const text = JSON.stringify(value, (_, v: unknown) =>
    typeof v === 'number' ? Number(v.toPrecision(3)) : v,
  ).replaceAll('-', '−')
  return text.length > 24 ? `${text.slice(0, 23)}…` : text
}

/** 'a + b' for an op with a symbol, 'log(a)' for one without. An operand that itself has a symbol gets brackets. */
function formulaOf(op: string, operands: readonly string[], compound: (i: number) => boolean): string {
  const { symbol } = primitives[op]
  if (symbol === undefined) return `${op}(${operands.join(', ')})`
  const closed = operands.map((operand, i) => (compound(i) ? `(${operand})` : operand))
  return closed.length === 1 ? `${symbol}${closed[0]}` : closed.join(` ${symbol} `)
}

/**
 * For each node 'u = b × c', 'L = −log(a)'; 'u = mul' where that grows long. A value without a name stands in the
 * formulas of others as its formula.
 */
function titlesOf(nodes: readonly GraphNode[], constants: ReadonlyMap<string, string>): string[] {
  const shown = new Map<string, string>()
  const compound = new Set<string>()
  return nodes.map(({ name, op, inputs }) => {
    const unnamed = name.startsWith('%')
    if (op === 'constant') {
      shown.set(name, constants.get(name) ?? '')
      return constants.get(name) || op
    }
    if (op === 'input') {
      shown.set(name, name)
      return name
    }
    const operands = inputs.map((input) => shown.get(input) ?? '')
    let formula = formulaOf(op, operands, (i) => compound.has(inputs[i]))
    if (operands.includes('') || formula.length > 24) formula = op
    if (unnamed && primitives[op].symbol !== undefined) compound.add(name)
    shown.set(name, !unnamed ? name : formula === op ? '' : formula)
    return unnamed ? formula : `${name} = ${formula}`
  })
}

/** Column of each node: one to the right of the last of its inputs; a source just left of its first user. */
function columnsOf(nodes: readonly GraphNode[]): Map<string, number> {
  const column = new Map<string, number>()
  for (const { name, inputs } of nodes) column.set(name, Math.max(-1, ...inputs.map((input) => column.get(input)!)) + 1)
  for (const { name, inputs } of nodes) {
    const users = nodes.filter((node) => node.inputs.includes(name)).map((node) => column.get(node.name)!)
    if (inputs.length === 0 && users.length > 0) column.set(name, Math.min(...users) - 1)
  }
  return column
}

/** One value for each argument, of its shape. */
function checkValues(where: string, graph: Graph, at: unknown): void {
  const inputs = graph.nodes.filter(({ op }) => op === 'input')
  if (!Array.isArray(at)) throw new OptionError(`${where}: expected a list of arguments, got ${describeValue(at)}.`)
  if (at.length !== inputs.length)
    throw new OptionError(`${where}: expected ${inputs.length} arguments, got ${at.length}.`)
  for (const [i, { shape }] of inputs.entries()) {
    const given = toFlat(`${where}: argument ${i}`, at[i] as TensorLike, 'float64').shape
    if (given.join() !== shape.join())
      throw new ShapeError(`${where}: argument ${i}: expected shape ${shapeText(shape)}, got ${shapeText(given)}.`)
  }
}

/**
 * A traced function as boxes from left to right; with `at`, also every value and, below
 * it, the derivative of the result by it.
 */
export function computationGraph(graph: Graph, options: ComputationGraphOptions = {}): Picture {
  const where = 'plot.computationGraph'
  checkOptions(where, options, ['at', 'title'])
  if (!(graph instanceof Graph))
    throw new OptionError(`${where}: expected what trace(f, shapes) gives, got ${describeValue(graph)}.`)
  if (graph.nodes.length > mostNodes)
    throw new OptionError(
      `${where}: the graph has ${graph.nodes.length} nodes, at most ${mostNodes} can be read. Use graph.toDot().`,
    )
  if (options.at !== undefined) checkValues(`${where}: at`, graph, options.at)
  const evaluated = options.at === undefined ? null : graph.evaluate(...options.at)
  // Constants are the same wherever the graph is evaluated.
  const anywhere =
    evaluated ?? graph.evaluate(...graph.nodes.filter(({ op }) => op === 'input').map(({ shape }) => ones(shape)))
  const constants = new Map(
    anywhere
      .filter(({ op, value }) => op === 'constant' && typeof value === 'number')
      .map(({ name, value }) => [name, short(value)]),
  )
  const titles = titlesOf(graph.nodes, constants)
  const column = columnsOf(graph.nodes)
  const rows: string[][] = []
  for (const { name } of graph.nodes) (rows[column.get(name)!] ??= []).push(name)
  const boxes = graph.nodes.map((node, i) => {
    const derivative = node.op === 'constant' ? undefined : evaluated?.[i].derivative
    const lines = {
      title: titles[i],
      value: titles[i] === constants.get(node.name) ? '' : short(evaluated?.[i].value),
      derivative: derivative === undefined ? '' : `d = ${short(derivative)}`,
    }
    const width = Math.max(64, 20 + Math.max(...Object.values(lines).map((text) => textWidth(text))))
    return { ...lines, name: node.name, source: node.inputs.length === 0, width }
  })
  const height = evaluated ? 66 : 34
  const [between, gap] = [46, 20]
  const tallest = Math.max(...rows.map((names) => names.length))
  const total = tallest * (height + gap)
  // Each column is as wide as its widest box.
  const widths = rows.map((names) =>
    Math.max(...boxes.filter(({ name }) => names.includes(name)).map(({ width }) => width)),
  )
  const starts = widths.map((_, c) => widths.slice(0, c).reduce((sum, w) => sum + w + between, 2))
  const placed = boxes.map((box) => {
    const c = column.get(box.name)!
    const y = total / 2 + (height + gap) * (rows[c].indexOf(box.name) - (rows[c].length - 1) / 2)
    return {
      ...box,
      x: starts[c] + widths[c] / 2,
      y,
      height,
      fill: soft[box.source ? 0 : 1],
      stroke: palette[box.source ? 0 : 1],
    }
  })
  const boxOf = new Map(placed.map((box) => [box.name, box]))
  const arrows = graph.nodes.flatMap(({ name, inputs }) =>
    inputs.map((input) => {
      const [from, to] = [boxOf.get(input)!, boxOf.get(name)!]
      return { x: from.x + from.width / 2, y: from.y, x2: to.x - to.width / 2, y2: to.y }
    }),
  )
  const canvas = new Canvas(starts[starts.length - 1] + widths[widths.length - 1] + 2, total)
  canvas.arrows(arrows)
  canvas.boxes(placed)
  const line = (field: 'title' | 'value' | 'derivative', dy: number, color: string) =>
    canvas.texts(placed.map((box) => ({ x: box.x, y: box.y + (box.value === '' ? 0 : dy), text: box[field], color })))
  line('title', -20, ink)
  line('value', 1, palette[2])
  line('derivative', 21, palette[3])
  const legend = evaluated ? 'green: value; d: derivative of the result by it' : undefined
  return canvas.picture(where, options.title ?? 'Computation graph', legend)
}
