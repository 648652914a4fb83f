/** A model as a table. */
import { sizeOf } from '../base/shape'
import type { Engine } from './engine'
import type { LayerUse, Network } from './structure/network'
import type { Parameter } from './structure/weights'

const countText = (count: number) => count.toLocaleString('en-US')
const shapeText = (shape: readonly number[]) => `[${['m', ...shape].join(', ')}]`

function weightText(parameters: readonly Parameter[], frozen: boolean): string {
  return parameters
    .map(({ key, shape, spec }) => {
      const isFixed = spec.role === 'weight' && (frozen || !spec.trainable)
      return `${key} [${shape.join(', ')}]${isFixed ? ' (frozen)' : ''}`
    })
    .join(', ')
}

/** Nothing where the kind of the layer says it. */
function activationText({ place: { layer }, built: { activation } }: LayerUse): string {
  return activation === 'linear' || activation === layer.kind ? '' : ` ${activation}`
}

/** True where every layer reads the one before it: then nobody asks what it reads. */
function isChain({ inputs, uses, outputs }: Network): boolean {
  return (
    inputs.length === 1 &&
    outputs.length === 1 &&
    outputs[0].value === uses.length &&
    uses.every(({ from }, i) => from.length === 1 && from[0] === i)
  )
}

/** Layer, output shape, weights with shapes, and counts; for anything but chains also what it reads; then totals. */
export function summaryOf(engine: Engine, name: string | null): string {
  const { network, weights } = engine
  const withReads = !isChain(network)
  const cells = (first: string, reads: string, ...others: string[]) => [first, ...(withReads ? [reads] : []), ...others]
  const seen = new Set<LayerUse['place']>()
  const rows = network.uses.map((use) => {
    const { place } = use
    // Weights stand at the first use of a layer; the others share them.
    const own = seen.has(place) ? [] : weights.list.filter((p) => p.place === place)
    const shared = seen.has(place) && place.built.weights.length ? `those of ${place.name}` : ''
    seen.add(place)
    const count = own.reduce((n, p) => n + sizeOf(p.shape), 0)
    return cells(
      `${use.name} (${place.layer.kind}${activationText(use)})`,
      use.from.map((value) => network.nameOf(value)).join(', '),
      shapeText(use.built.outputShape),
      shared || weightText(own, !weights.isTrainable(place)),
      countText(count),
    )
  })
  const inputs = network.inputs.map((input) => {
    const dtype = input.dtype ? ` (${input.dtype})` : ''
    return cells(
      `${network.namedInputs ? `input ${input.name}` : 'input'}${dtype}`,
      '',
      shapeText(input.shape),
      '',
      '0',
    )
  })
  const header = cells('layer', 'reads', 'output', 'weights', 'parameters')
  const table = [header, ...inputs, ...rows]
  const last = header.length - 1
  const widths = header.map((_, c) => Math.max(...table.map((row) => row[c].length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, c) => (c === last ? cell.padStart(widths[c]) : cell.padEnd(widths[c])))
      .join('  ')
      .trimEnd()
  const rule = '─'.repeat(widths.reduce((n, w) => n + w + 2, -2))
  const total = (list: readonly Parameter[]) => list.reduce((n, p) => n + sizeOf(p.shape), 0)
  const all = total(weights.list)
  const trainable = total(weights.trainable)
  const products = engine.precision === engine.dtype ? '' : `, products in ${engine.precision} on a GPU`
  const outputs = network.outputs.map(({ name: output, value }) => `${output} = ${network.nameOf(value)}`)
  return [
    ...(name ? [name] : []),
    line(header),
    rule,
    ...table.slice(1).map(line),
    rule,
    ...(network.namedOutputs ? [`outputs: ${outputs.join(', ')}`] : []),
    `total parameters: ${countText(all)} (trainable: ${countText(trainable)}, other: ${countText(all - trainable)}), ` +
      `${engine.dtype}${products}`,
  ].join('\n')
}
