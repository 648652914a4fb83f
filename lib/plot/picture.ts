/** A picture that has been described but not yet drawn, and the description of lines. */
import { checkOptions, checkSignal, oneOf } from '../base/checks'
import { drawSvg, writeDrawing, type VegaLiteSpec } from './render'
import { background, config, themes, type Theme } from './theme'

export interface DrawOptions {
  /**
   * Colours for light pages, for dark ones, or for both: an `'auto'` SVG follows the system of whoever looks at it.
   * Default 'auto' for SVG; PNG cannot follow anything, there it means 'light'.
   */
  theme?: Theme | undefined
  signal?: AbortSignal | undefined
}

/** What the functions of `myelin/plot` return. Nothing is loaded or drawn before `svg` or `save` are called. */
export class Picture {
  /** The Vega-Lite description: data and marks, to look at or to change. */
  readonly spec: VegaLiteSpec
  readonly #where: string

  /** @internal `where` names the call in messages. */
  constructor(where: string, spec: VegaLiteSpec) {
    this.#where = where
    // The background is part of the picture: it stays readable on any page.
    this.spec = {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      background,
      padding: 14,
      config,
      ...spec,
    }
  }

  /** The picture as SVG text. StateError names the optional packages where they are missing; AbortError. */
  async svg(options: DrawOptions = {}): Promise<string> {
    return drawSvg(this.spec, this.#checked('svg', options))
  }

  /** Writes `path`: SVG, or PNG in double resolution, by its ending. Whole or not at all; errors as those of `svg`. */
  async save(path: string, options: DrawOptions = {}): Promise<void> {
    await writeDrawing(this.spec, path, this.#checked('save', options))
  }

  #checked(method: string, options: DrawOptions) {
    const where = this.#where
    checkOptions(`${where}: ${method}`, options, ['theme', 'signal'])
    checkSignal(where, options?.signal)
    return { where, theme: oneOf(`${where}: theme`, options?.theme ?? 'auto', themes), signal: options?.signal }
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
  /** Logarithmic axes. */
  logX?: boolean
  logY?: boolean
  width?: number
  height?: number
}

/** The two axes of `LineOptions`, for marks whose data have x and y. */
export function axesOf(options: LineOptions): { x: VegaLiteSpec; y: VegaLiteSpec } {
  const scale = (log?: boolean) => (log ? { type: 'log' } : { zero: false })
  return {
    x: {
      field: 'x',
      type: 'quantitative',
      title: options.x,
      scale: { nice: false, padding: options.points ? 10 : 0, ...scale(options.logX) },
    },
    y: { field: 'y', type: 'quantitative', title: options.y, scale: { padding: 8, ...scale(options.logY) } },
  }
}

/** One colour for each series, in the order of their first points; a legend where there are several. */
export function linesColor(values: readonly { series: string }[], legend: VegaLiteSpec = {}): VegaLiteSpec {
  const several = new Set(values.map(({ series }) => series)).size > 1
  return { field: 'series', type: 'nominal', title: null, sort: null, legend: several ? legend : null }
}

/** Lines, one for each series. */
export function linesSpec(values: readonly Point[], options: LineOptions): VegaLiteSpec {
  const { x, y } = axesOf(options)
  // Costs, errors and norms are never negative: where they come near 0 the axis begins there, without room below.
  const [least, most] = values.reduce(([a, b], point) => [Math.min(a, point.y), Math.max(b, point.y)], [Infinity, 0])
  if (!options.logY && least > 0 && least < 0.1 * most) y.scale = { zero: false, padding: 0, domainMin: 0, nice: true }
  return {
    title: options.title,
    width: options.width ?? 480,
    height: options.height ?? 280,
    data: { values },
    mark: { type: 'line', strokeWidth: 2, point: options.points ?? false, clip: !options.points },
    encoding: { x, y, color: linesColor(values) },
  }
}
