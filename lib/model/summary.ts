/** A model as a table. */
import { sizeOf } from '../base/shape'
import type { Engine } from './engine'
import type { Parameter } from './structure/weights'

const countText = (count: number) => count.toLocaleString('en-US')
const shapeText = (shape: readonly number[]) => `[${shape.join(', ')}]`

function weightText(weights: readonly Parameter[]): string {
  return weights
    .map((p) => `${p.key} ${shapeText(p.shape)}${p.spec.trainable || p.spec.statistic ? '' : ' (frozen)'}`)
    .join(', ')
}

function activationText(activation: string): string {
  return activation === 'linear' ? '' : ` ${activation}`
}

/** Layer, output shape, weights with shapes, and counts; then totals. */
export function summaryOf(engine: Engine, name: string | null): string {
  const { network, weights } = engine
  const rows = network.layers.map((place) => {
    const own = weights.list.filter((p) => p.layer === place.name)
    const count = own.reduce((n, p) => n + sizeOf(p.shape), 0)
    return [
      `${place.name} (${place.layer.kind}${activationText(place.built.activation)})`,
      shapeText(['m', ...place.built.outputShape] as never),
      weightText(own),
      countText(count),
    ]
  })
  const header = ['layer', 'output', 'weights', 'parameters']
  const table = [header, ['input', shapeText(['m', ...network.inputShape] as never), '', '0'], ...rows]
  const widths = header.map((_, c) => Math.max(...table.map((row) => row[c].length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, c) => (c === 3 ? cell.padStart(widths[c]) : cell.padEnd(widths[c])))
      .join('  ')
      .trimEnd()
  const rule = '─'.repeat(widths.reduce((n, w) => n + w + 2, -2))
  const total = (list: readonly Parameter[]) => list.reduce((n, p) => n + sizeOf(p.shape), 0)
  const all = total(weights.list)
  const trainable = total(weights.trainable)
  const products = engine.precision === engine.dtype ? '' : `, products in ${engine.precision} on a GPU`
  return [
    ...(name ? [name] : []),
    line(table[0]),
    rule,
    ...table.slice(1).map(line),
    rule,
    `total parameters: ${countText(all)} (trainable: ${countText(trainable)}, other: ${countText(all - trainable)}), ` +
      `${engine.dtype}${products}`,
  ].join('\n')
}
