/** A picture that has been described but not yet drawn, and the house style. */
import { renderFile, renderSvg, type VegaLiteSpec } from './render'

/** Told apart by most colour-blind people, on light paper and in grey. */
export const palette = ['#3366aa', '#dd7722', '#22884f', '#aa3377', '#887722', '#44aabb']

const config = {
  font: 'Helvetica, Arial, sans-serif',
  axis: { labelFontSize: 12, titleFontSize: 13, titleFontWeight: 'normal', gridColor: '#e6e6e6', titlePadding: 8 },
  legend: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal', symbolStrokeWidth: 3 },
  title: { fontSize: 15, fontWeight: 600, anchor: 'start', offset: 12 },
  range: { category: palette },
  view: { stroke: '#cccccc' },
}

/** What the functions of `myelin/plot` return. */
export class Picture {
  /** The Vega-Lite description: data and marks, to look at or to change. */
  readonly spec: VegaLiteSpec

  /** @internal */
  constructor(
    readonly name: string,
    spec: VegaLiteSpec,
  ) {
    // The background is part of the picture: it stays readable on a dark page.
    this.spec = {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      background: 'white',
      padding: 12,
      config,
      ...spec,
    }
  }

  /** The picture as SVG text. StateError names the optional packages where they are missing. */
  async svg(): Promise<string> {
    return renderSvg(this.spec)
  }

  /** Writes `path`: SVG, or PNG in double resolution, by its ending. */
  async save(path: string): Promise<void> {
    await renderFile(`plot.${this.name}`, this.spec, path)
  }
}

export interface Point {
  x: number
  y: number
  series: string
}

export interface LineOptions {
  title: string
  x: string
  y: string
  /** Mark the points of the lines. */
  points?: boolean
  /** Logarithmic axis. */
  logX?: boolean
  width?: number
  height?: number
}

/** Lines, one for each series, in the order of their first points; a legend where there are several. */
export function linesSpec(values: readonly Point[], options: LineOptions): VegaLiteSpec {
  const several = new Set(values.map(({ series }) => series)).size > 1
  return {
    title: options.title,
    width: options.width ?? 480,
    height: options.height ?? 280,
    data: { values },
    mark: { type: 'line', strokeWidth: 2, point: options.points ?? false, clip: !options.points },
    encoding: {
      x: {
        field: 'x',
        type: 'quantitative',
        title: options.x,
        scale: { nice: false, ...(options.logX ? { type: 'log' } : { zero: false }) },
      },
      y: { field: 'y', type: 'quantitative', title: options.y, scale: { zero: false, padding: 8 } },
      color: { field: 'series', type: 'nominal', title: null, sort: null, legend: several ? {} : null },
    },
  }
}
