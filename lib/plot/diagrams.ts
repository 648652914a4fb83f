/** Diagrams of networks: units and weights, and one iteration as blocks. */
import { checkOptions, isListOf, positiveInteger } from '../base/checks'
import { describeValue, OptionError } from '../base/errors'
import { Model, type AnyModel } from '../model'
import { Canvas, type Box, type Label, type Line } from './canvas'
import type { Picture } from './picture'
import { background, frame, ink, muted, palette, soft } from './theme'

/** 12 as ₁₂. */
function subscript(n: number): string {
  return String(n).replace(/\d/g, (digit) => '₀₁₂₃₄₅₆₇₈₉'[Number(digit)])
}

/** n_x, n_1, … n_L. */
function sizesOf(where: string, network: AnyModel | readonly number[]): readonly number[] {
  if (!(network instanceof Model)) {
    if (!Array.isArray(network) || network.length < 2)
      throw new OptionError(
        `${where}: expected a model or a list of layer sizes such as [3, 4, 1], got ${describeValue(network)}.`,
      )
    return Array.from(network, (n: number) => positiveInteger(`${where}: size of a layer`, n))
  }
  const { uses, inputs, outputs } = network.internals(where).engine.network
  const isChain = inputs.length === 1 && outputs.length === 1 && uses.every(({ from }, i) => from.join() === `${i}`)
  if (!isChain)
    throw new OptionError(
      `${where}: expected a model whose layers stand in a row, got one of another form. Draw it with ` +
        'plot.modelDiagram.',
    )
  const dense = network.layers.filter(({ kind }) => kind === 'dense')
  if (dense.length === 0) throw new OptionError(`${where}: the model has no dense layer to draw.`)
  return [dense[0].inputShape.at(-1)!, ...dense.map(({ outputShape }) => outputShape.at(-1)!)]
}

export interface NetworkDiagramOptions {
  /** Units that dropout has switched off, by layer from 0 (the input) and unit from 0: drawn faint, without edges. */
  dropped?: readonly (readonly [number, number])[] | undefined
  title?: string | undefined
}

/** More units than this in a layer cannot be told apart. */
const mostUnits = 64

/**
 * Units as circles, weights as lines, from a model or a list n_x, n_1, … n_L; units that are `dropped` are pale
 * and have no edges.
 */
export function networkDiagram(network: AnyModel | readonly number[], options: NetworkDiagramOptions = {}): Picture {
  const where = 'plot.networkDiagram'
  checkOptions(where, options, ['dropped', 'title'])
  const sizes = sizesOf(where, network)
  for (const n of sizes)
    if (n > mostUnits)
      throw new OptionError(
        `${where}: a layer has ${n} units; at most ${mostUnits} can be told apart. Draw a smaller one.`,
      )
  const dropped: unknown = options.dropped ?? []
  if (!isListOf(dropped, (unit) => Array.isArray(unit) && unit.length === 2))
    throw new OptionError(`${where}: dropped: expected a list of [layer, unit], got ${describeValue(dropped)}.`)
  const off = new Set((dropped as [number, number][]).map(([l, i]) => `${l},${i}`))
  for (const [l, i] of dropped as [number, number][])
    if (!(l in sizes) || !Number.isInteger(i) || i < 0 || i >= sizes[l])
      throw new OptionError(`${where}: dropped: there is no unit ${i} in layer ${l}.`)
  const last = sizes.length - 1
  const tallest = Math.max(...sizes)
  const gap = Math.max(13, Math.min(54, 620 / tallest))
  const radius = Math.min(18, 0.38 * gap)
  const [left, top, between] = [50, 56, 120]
  const canvas = new Canvas(2 * left + between * last, top + gap * tallest)
  const middle = top + (gap * tallest) / 2
  const units = sizes.flatMap((n, layer) =>
    Array.from({ length: n }, (_, unit) => {
      const faint = off.has(`${layer},${unit}`)
      const color = layer === 0 ? 0 : layer === last ? 2 : 1
      return {
        layer,
        unit,
        off: faint,
        x: left + between * layer,
        y: middle + gap * (unit - (n - 1) / 2),
        fill: faint ? background : soft[color],
        stroke: faint ? frame : palette[color],
      }
    }),
  )
  const edges = units.flatMap((to) =>
    units
      .filter((from) => from.layer === to.layer - 1 && !from.off && !to.off)
      .map((from) => ({ x: from.x, y: from.y, x2: to.x, y2: to.y })),
  )
  canvas.lines(edges, { opacity: edges.length > 400 ? 0.25 : 0.6, strokeWidth: 1 })
  canvas.circles(units, radius)
  if (radius >= 12) {
    const name = (layer: number, unit: number) =>
      layer === 0 ? `x${subscript(unit + 1)}` : layer < last ? '' : sizes[last] === 1 ? 'ŷ' : `ŷ${subscript(unit + 1)}`
    const labels = units.map(({ layer, unit, x, y, off: faint }) => ({
      x,
      y,
      text: name(layer, unit),
      color: faint ? muted : ink,
    }))
    canvas.texts(labels, { fontSize: 12 })
  }
  const heading = (l: number) => (l === 0 ? 'input' : l === last ? 'output' : 'hidden')
  const at = (l: number) => left + between * l
  const headings = sizes.map((_, l) => ({ x: at(l), y: 10, text: heading(l), color: muted }))
  canvas.texts(headings, { fontSize: 12 })
  canvas.texts(sizes.map((n, l) => ({ x: at(l), y: 28, text: `${l === 0 ? 'nₓ' : `n${subscript(l)}`} = ${n}` })))
  return canvas.picture(where, options.title ?? `Network of ${last} ${last === 1 ? 'layer' : 'layers'}`)
}

/**
 * One iteration of gradient descent as blocks, for a model or a list n_x, n_1, … n_L: each layer forward
 * with W and b, its cache z, and backward with the shapes of dW and db.
 */
export function forwardBackward(network: AnyModel | readonly number[]): Picture {
  const where = 'plot.forwardBackward'
  const sizes = sizesOf(where, network)
  const layers = sizes.length - 1
  if (layers > 12)
    throw new OptionError(`${where}: the network has ${layers} layers; at most 12 fit on a page. Draw a smaller one.`)
  const size = { width: 112, height: 56 }
  const [first, between] = [112, 170]
  const [forward, backward, below] = [40, 150, 208]
  const canvas = new Canvas(first + between * (layers - 1) + 190, below + 40)
  const boxes: Box[] = []
  const arrows: Line[] = []
  const labels: Label[] = []
  for (let l = 1; l <= layers; l++) {
    const x = first + between * (l - 1)
    const [i, before] = [subscript(l), subscript(l - 1)]
    const [from, to] = [x - size.width / 2, x + size.width / 2]
    const last = l === layers
    boxes.push({ x, y: forward, ...size, fill: soft[0], stroke: palette[0] })
    boxes.push({ x, y: backward, ...size, fill: soft[1], stroke: palette[1] })
    labels.push(
      { x, y: forward - 11, text: `W${i}  [${sizes[l]}, ${sizes[l - 1]}]` },
      { x, y: forward + 11, text: `b${i}  [${sizes[l]}]` },
      { x, y: backward - 11, text: `W${i}, b${i}` },
      { x, y: backward + 11, text: `dz${i}` },
      { x: x + 8, y: (forward + backward) / 2, text: `cache z${i}`, color: muted, align: 'left' },
      { x, y: below + 22, text: `dW${i} [${sizes[l]}, ${sizes[l - 1]}], db${i} [${sizes[l]}]` },
    )
    // In from the left, along to the next layer, down with the cache; and back.
    const start = l === 1 ? from - 46 : from - (between - size.width)
    arrows.push({ x: start, y: forward, x2: from, y2: forward })
    arrows.push({ x, y: forward + size.height / 2, x2: x, y2: backward - size.height / 2 })
    arrows.push({ x: last ? to + 60 : to + (between - size.width), y: backward, x2: to, y2: backward })
    arrows.push({ x, y: backward + size.height / 2, x2: x, y2: below + 10 })
    labels.push({ x: (start + from) / 2 - 3, y: forward - 12, text: l === 1 ? 'a₀ = x' : `a${before}` })
    labels.push({ x: to + (last ? 32 : (between - size.width) / 2), y: backward - 12, text: `da${i}` })
    if (!last) continue
    arrows.push({ x: to, y: forward, x2: to + 60, y2: forward })
    labels.push({ x: to + 66, y: forward, text: `a${i} = ŷ`, align: 'left' })
    arrows.push({ x: to + 84, y: forward + 16, x2: to + 84, y2: backward - 16 })
    labels.push({ x: to + 66, y: backward, text: 'cost', align: 'left' })
  }
  canvas.arrows(arrows)
  canvas.boxes(boxes)
  canvas.texts(labels)
  return canvas.picture(
    where,
    'One iteration of gradient descent',
    'blue: forward, orange: backward; then W := W − α·dW, b := b − α·db',
  )
}
