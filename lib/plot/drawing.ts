/**
 * Turns a Vega-Lite description into a picture, without a browser. It takes long: `drawing-thread` runs it, in a thread
 * of its own. The packages that do the work are optional: they are loaded for the first picture, and named where they
 * are missing.
 */
import { TextEncoder } from 'node:util'
import { optionalPackage } from '../base/optional-package'
import { themed, type Theme } from './theme'

/** What is drawn: SVG as text, or the bytes of a file. */
export interface Order {
  kind: 'text' | '.svg' | '.png'
  theme: Theme
}

export type Drawing = string | Uint8Array<ArrayBuffer>

/** What is used of the optional packages. */
interface VegaLite {
  compile(spec: unknown): { spec: unknown }
}
interface Vega {
  parse(spec: unknown): unknown
  View: new (
    runtime: unknown,
    options: { renderer: 'none'; logLevel: number },
  ) => {
    toSVG(): Promise<string>
    finalize(): void
  }
  Error: number
}
interface Resvg {
  Resvg: new (svg: string, options: object) => { render(): { asPng(): Uint8Array } }
}

const packageNames = { vega: 'vega', vegaLite: 'vega-lite', resvg: '@resvg/resvg-js' }

const load = <T>(name: string, install: string) => optionalPackage<T>('Pictures need', name, install)

async function drawnSvg(spec: unknown, theme: Theme): Promise<string> {
  const both = `${packageNames.vega} ${packageNames.vegaLite}`
  const vega = await load<Vega>(packageNames.vega, both)
  const vegaLite = await load<VegaLite>(packageNames.vegaLite, both)
  const view = new vega.View(vega.parse(vegaLite.compile(spec).spec), { renderer: 'none', logLevel: vega.Error })
  try {
    return themed(await view.toSVG(), theme)
  } finally {
    view.finalize()
  }
}

/** The drawing of a Vega-Lite specification; PNG in double resolution. StateError where a package is missing. */
export async function drawn(spec: unknown, { kind, theme }: Order): Promise<Drawing> {
  if (kind === 'text') return drawnSvg(spec, theme)
  if (kind === '.svg') return new TextEncoder().encode(await drawnSvg(spec, theme))
  const { Resvg } = await load<Resvg>(packageNames.resvg, packageNames.resvg)
  // PNG cannot follow the system of whoever looks at it.
  const svg = await drawnSvg(spec, theme === 'auto' ? 'light' : theme)
  // A copy: memory of a native module cannot be handed to another thread.
  return Uint8Array.from(new Resvg(svg, { fitTo: { mode: 'zoom', value: 2 } }).render().asPng())
}
