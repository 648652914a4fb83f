/** Boxes, circles, arrows and texts at places in pixels, from the top left: what diagrams are made of. */
import { Picture } from './picture'
import type { VegaLiteSpec } from './render'
import { ink, muted } from './theme'

export interface Box {
  /** Of the middle. */
  x: number
  y: number
  width: number
  height: number
  fill: string
  stroke: string
}

export interface Line {
  x: number
  y: number
  x2: number
  y2: number
}

export interface Label {
  x: number
  y: number
  text: string
  color?: string
  align?: 'left' | 'center' | 'right'
}

/** About the width of a text of this size in pixels. */
export function textWidth(text: string, fontSize = 13): number {
  return Math.ceil(0.62 * fontSize * text.length)
}

/** A drawing area of `width` × `height` pixels. */
export class Canvas {
  readonly #layers: VegaLiteSpec[] = []
  readonly #x: VegaLiteSpec
  readonly #y: VegaLiteSpec

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    const axis = (field: string, domain: number[]) => ({
      field,
      type: 'quantitative',
      axis: null,
      scale: { domain, nice: false, zero: false },
    })
    this.#x = axis('x', [0, width])
    this.#y = axis('y', [height, 0])
  }

  #add(values: readonly object[], mark: VegaLiteSpec, encoding: VegaLiteSpec = {}): void {
    if (values.length > 0)
      this.#layers.push({ data: { values }, mark, encoding: { x: this.#x, y: this.#y, ...encoding } })
  }

  boxes(boxes: readonly Box[]): void {
    const values = boxes.map(({ x, y, width, height, ...rest }) => ({
      ...rest,
      x: x - width / 2,
      x2: x + width / 2,
      y: y - height / 2,
      y2: y + height / 2,
    }))
    const mark = { type: 'rect', cornerRadius: 5, strokeWidth: 1.5, opacity: 1 }
    this.#add(values, mark, { x2: { field: 'x2' }, y2: { field: 'y2' }, fill: given('fill'), stroke: given('stroke') })
  }

  /** Circles with `radius`, in a colour of their own each. */
  circles(circles: readonly { x: number; y: number; fill: string; stroke: string }[], radius: number): void {
    const mark = { type: 'circle', size: Math.PI * radius ** 2, opacity: 1, strokeWidth: 1.5 }
    this.#add(circles, mark, { fill: given('fill'), stroke: given('stroke') })
  }

  lines(lines: readonly Line[], mark: VegaLiteSpec = {}): void {
    const between = { x2: { field: 'x2' }, y2: { field: 'y2' } }
    this.#add(lines, { type: 'rule', color: muted, strokeWidth: 1.2, ...mark }, between)
  }

  /** Lines with a head at their end. */
  arrows(arrows: readonly Line[]): void {
    this.lines(arrows, { strokeWidth: 1.5 })
    const heads = arrows.map(({ x, y, x2, y2 }) => {
      const length = Math.hypot(x2 - x, y2 - y) || 1
      // The middle of the head lies a little before its point; 0° points up.
      const angle = (Math.atan2(y2 - y, x2 - x) * 180) / Math.PI + 90
      return { x: x2 - (4 * (x2 - x)) / length, y: y2 - (4 * (y2 - y)) / length, angle }
    })
    const mark = { type: 'point', shape: 'triangle', filled: true, size: 60, opacity: 1, color: muted }
    this.#add(heads, mark, { angle: { field: 'angle', type: 'quantitative', scale: null } })
  }

  texts(labels: readonly Label[], mark: VegaLiteSpec = {}): void {
    for (const align of ['left', 'center', 'right']) {
      const values = labels.filter((label) => (label.align ?? 'center') === align && label.text !== '')
      this.#add(
        values.map((label) => ({ ...label, color: label.color ?? ink })),
        { type: 'text', fontSize: 13, align, baseline: 'middle', ...mark },
        { text: { field: 'text', type: 'nominal' }, color: given('color') },
      )
    }
  }

  picture(where: string, title: string, subtitle?: string): Picture {
    return new Picture(where, {
      title: subtitle === undefined ? title : { text: title, subtitle },
      width: this.width,
      height: this.height,
      view: { stroke: null },
      layer: this.#layers,
    })
  }
}

/** A colour that stands in the data. */
function given(field: string): VegaLiteSpec {
  return { field, type: 'nominal', scale: null, legend: null }
}
