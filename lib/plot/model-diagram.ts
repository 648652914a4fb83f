/** A model as boxes: inputs, uses of layers, outputs, and which reads which. */
import { checkOptions } from '../base/checks'
import { describeValue, OptionError } from '../base/errors'
import { shapeText } from '../base/shape'
import { Model, type AnyModel } from '../model'
import { Canvas, textWidth } from './canvas'
import type { Picture } from './picture'
import { ink, muted, palette, soft } from './theme'

const where = 'plot.modelDiagram'

export interface ModelDiagramOptions {
  title?: string | undefined
}

/** More boxes than this cannot be read. */
const mostBoxes = 60

interface Item {
  title: string
  kind: string
  shape: string
  /** Numbers of the items that it reads. */
  from: readonly number[]
  color: number
}

/** Inputs, uses of layers and, where they have names, outputs. */
function itemsOf(model: AnyModel): Item[] {
  const { inputs, uses, outputs, namedInputs, namedOutputs } = model.internals(where).engine.network
  const shapeOf = (shape: readonly number[]) => shapeText([null, ...shape]).replace('any', 'm')
  return [
    ...inputs.map(({ name, shape, dtype }) => {
      const kind = dtype ? `input, ${dtype}` : 'input'
      return { title: namedInputs ? name : 'x', kind, shape: shapeOf(shape), from: [], color: 0 }
    }),
    ...uses.map(({ name, place, built, from }) => {
      const { kind } = place.layer
      const activation = ['linear', kind].includes(built.activation) ? '' : ` ${built.activation}`
      return { title: name, kind: kind + activation, shape: shapeOf(built.outputShape), from, color: 1 }
    }),
    ...(namedOutputs
      ? outputs.map(({ name, shape, value }) => {
          return { title: name, kind: 'output', shape: shapeOf(shape), from: [value], color: 2 }
        })
      : []),
  ]
}

/** Column of each item: one to the right of the last that it reads. */
function columnsOf(items: readonly Item[]): number[] {
  const columns: number[] = []
  for (const { from } of items) columns.push(Math.max(-1, ...from.map((i) => columns[i])) + 1)
  return columns
}

/**
 * A model of any form as boxes from left to right: a box for each input, each use of a layer and each named output,
 * with the shape of what it gives. OptionError for more than 60 of them.
 */
export function modelDiagram(model: AnyModel, options: ModelDiagramOptions = {}): Picture {
  checkOptions(where, options, ['title'])
  if (!(model instanceof Model))
    throw new OptionError(
      `${where}: expected a model made by sequential, model or loadModel, ` + `got ${describeValue(model)}.`,
    )
  const items = itemsOf(model)
  if (items.length > mostBoxes)
    throw new OptionError(
      `${where}: the model has ${items.length} inputs, layers and outputs, at most ${mostBoxes} can be read. Use ` +
        'model.summary().',
    )
  const columns = columnsOf(items)
  const rows: number[][] = []
  columns.forEach((column, i) => (rows[column] ??= []).push(i))
  const [height, between, gap] = [62, 46, 18]
  const width = (i: number) =>
    Math.max(64, 20 + Math.max(...[items[i].title, items[i].kind, items[i].shape].map((text) => textWidth(text))))
  const widths = rows.map((column) => Math.max(...column.map(width)))
  const starts = widths.map((_, c) => widths.slice(0, c).reduce((sum, w) => sum + w + between, 2))
  const total = Math.max(...rows.map((column) => column.length)) * (height + gap)
  const boxes = items.map(({ color }, i) => {
    const c = columns[i]
    const y = total / 2 + (height + gap) * (rows[c].indexOf(i) - (rows[c].length - 1) / 2)
    return { x: starts[c] + widths[c] / 2, y, width: width(i), height, fill: soft[color], stroke: palette[color] }
  })
  const arrows = items.flatMap(({ from }, i) =>
    from.map((source) => {
      const [a, b] = [boxes[source], boxes[i]]
      return { x: a.x + a.width / 2, y: a.y, x2: b.x - b.width / 2, y2: b.y }
    }),
  )
  const last = widths.length - 1
  const canvas = new Canvas(starts[last] + widths[last] + 2, total)
  // Lines first: what passes behind a box stays behind it.
  canvas.arrows(arrows)
  canvas.boxes(boxes)
  const text = (of: (item: Item) => string, dy: number, color: string) =>
    items.map((item, i) => ({ x: boxes[i].x, y: boxes[i].y + dy, text: of(item), color }))
  canvas.texts(text(({ title }) => title, -18, ink))
  canvas.texts(text(({ kind }) => kind, 0, muted))
  canvas.texts(text(({ shape }) => shape, 18, muted))
  return canvas.picture(where, options.title ?? model.name ?? 'Layers of the model')
}
