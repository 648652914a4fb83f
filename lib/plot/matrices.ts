/** Pictures of matrices: counts of classes, weights as images. */
import { checkOptions } from '../base/checks'
import { describeValue, OptionError, ShapeError } from '../base/errors'
import { shapeText } from '../base/shape'
import { ConfusionMatrix } from '../data/confusion-matrix'
import { Tensor } from '../tensor/tensor'
import { Picture } from './picture'
import { greyImage } from './raster'
import { background, ink, ramp } from './theme'

/** Of counts that are at least this share of their class the text is pale. */
const strong = 0.55

/** Counts of true (rows) against predicted (columns) classes, dark where they are a large share of the true class. */
export function confusionMatrix(matrix: ConfusionMatrix): Picture {
  const where = 'plot.confusionMatrix'
  if (!(matrix instanceof ConfusionMatrix))
    throw new OptionError(`${where}: expected what data.confusionMatrix gives, got ${describeValue(matrix)}.`)
  const { counts, labels, accuracy } = matrix
  const values = counts.flatMap((row, i) => {
    const total = row.reduce((a, b) => a + b, 0)
    return row.map((count, j) => {
      const share = total === 0 ? 0 : count / total
      const fill = count === 0 ? background : ramp[Math.round(share * (ramp.length - 1))]
      return { truth: labels[i], guess: labels[j], count, share, fill, color: share >= strong ? background : ink }
    })
  })
  const digits = Math.max(...values.map(({ count }) => String(count).length))
  const given = (field: string) => ({ field, type: 'nominal', scale: null, legend: null })
  const size = { step: Math.max(36, 10 + 9 * digits) }
  return new Picture(where, {
    title: { text: 'Confusion matrix', subtitle: `accuracy ${(100 * accuracy).toFixed(1)} %` },
    width: size,
    height: size,
    data: { values },
    encoding: {
      x: {
        field: 'guess',
        type: 'nominal',
        sort: null,
        title: 'predicted',
        axis: { labelAngle: 0, orient: 'top', domain: false, ticks: false, labelPadding: 6 },
      },
      y: {
        field: 'truth',
        type: 'nominal',
        sort: null,
        title: 'true',
        axis: { domain: false, ticks: false, labelPadding: 6 },
      },
    },
    layer: [
      { mark: 'rect', encoding: { fill: given('fill') } },
      { mark: { type: 'text', fontSize: 12 }, encoding: { text: { field: 'count' }, color: given('color') } },
    ],
  })
}

export interface WeightImagesOptions {
  /** [height, width] of one image. Default: a square. */
  size?: readonly [height: number, width: number] | undefined
  title?: string | undefined
}

/** Three significant digits, with a sign. */
const signed = (value: number) => `${value < 0 ? '−' : value > 0 ? '+' : ''}${Number(Math.abs(value).toPrecision(3))}`

/**
 * The rows of a weight matrix [units, n] as grey images, one tile a unit (the first layer of a network that sees
 * images finds edges): black for the most negative weight, white for the most positive, grey for zero.
 */
export function weightImages(weight: Tensor, options: WeightImagesOptions = {}): Picture {
  const where = 'plot.weightImages'
  checkOptions(where, options, ['size', 'title'])
  if (!(weight instanceof Tensor) || weight.rank !== 2) {
    const given = weight instanceof Tensor ? shapeText(weight.shape) : describeValue(weight)
    throw new ShapeError(`${where}: expected a weight [units, inputs], got ${given}.`)
  }
  const [units, inputs] = weight.shape
  const side = Math.sqrt(inputs)
  const size: unknown = options.size ?? [side, side]
  if (!Array.isArray(size) || size.length !== 2)
    throw new OptionError(`${where}: size: expected [height, width], got ${describeValue(size)}.`)
  const [height, width] = size as [number, number]
  if (!Number.isInteger(height) || !Number.isInteger(width) || height * width !== inputs) {
    const form = options.size ? `no image of ${height}×${width}` : 'no square image'
    throw new ShapeError(`${where}: ${inputs} inputs are ${form}. Give { size: [height, width] }.`)
  }
  const { data } = weight
  const most = data.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
  if (!Number.isFinite(most)) throw new ShapeError(`${where}: expected finite weights, got ${most}.`)
  const columns = Math.ceil(Math.sqrt(units))
  const scale = Math.max(2, Math.min(16, Math.floor(600 / (columns * (width + 1)))))
  const tiles = Array.from({ length: units }, (_, unit) => {
    const pixels = Uint8Array.from(data.subarray(unit * inputs, (unit + 1) * inputs), (w) => greyOf(w / (most || 1)))
    return {
      unit: unit + 1,
      x: (unit % columns) * (width + 1) * scale,
      y: Math.floor(unit / columns) * (height + 1) * scale,
      image: greyImage(enlarged(pixels, width, scale), width * scale, height * scale),
    }
  })
  const [wide, tall] = [(columns * (width + 1) - 1) * scale, (Math.ceil(units / columns) * (height + 1) - 1) * scale]
  const along = (field: string, end: number) => ({
    field,
    type: 'quantitative',
    axis: null,
    scale: { domain: [0, end], nice: false, zero: false },
  })
  return new Picture(where, {
    title: {
      text: options.title ?? 'First-layer weights',
      subtitle: most === 0 ? 'all zero' : `black ${signed(-most)}, grey 0, white ${signed(most)}`,
    },
    width: wide,
    height: tall,
    view: { stroke: null },
    data: { values: tiles },
    mark: { type: 'image', width: width * scale, height: height * scale, align: 'left', baseline: 'top' },
    encoding: {
      x: along('x', wide),
      y: { ...along('y', tall), sort: 'descending' },
      url: { field: 'image', type: 'nominal' },
    },
  })
}

/** −1 … 1 as 0 … 255. */
function greyOf(value: number): number {
  return Math.round(127.5 + 127.5 * value)
}

/** Every pixel as `scale` × `scale` of them: viewers that enlarge images smooth them. */
function enlarged(pixels: Uint8Array, width: number, scale: number): Uint8Array {
  const wide = width * scale
  return Uint8Array.from({ length: pixels.length * scale * scale }, (_, i) => {
    const [row, column] = [Math.floor(i / wide), i % wide]
    return pixels[Math.floor(row / scale) * width + Math.floor(column / scale)]
  })
}
