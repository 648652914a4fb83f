/**
 * Turns a Vega-Lite description into a picture, without a browser. The packages that do the work are optional: they
 * are loaded when a picture is asked for, and named where they are missing.
 */
import { extname } from 'node:path'
import { TextEncoder } from 'node:util'
import { absolutePath, writeFileAtomic } from '../base/disk'
import { describeValue, OptionError } from '../base/errors'
import { optionalPackage } from '../base/optional-package'
import { themed, type Theme } from './theme'

/** A Vega-Lite specification as plain data. */
export type VegaLiteSpec = Record<string, unknown>

/** What is used of the optional packages. */
interface VegaLite {
  compile(spec: VegaLiteSpec): { spec: unknown }
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

/** The picture as SVG text. */
export async function drawSvg(spec: VegaLiteSpec, theme: Theme): Promise<string> {
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

/** Writes the picture to `file`: SVG, or PNG in double resolution, by the ending of the name. */
export async function writeDrawing(where: string, spec: VegaLiteSpec, file: string, theme: Theme): Promise<void> {
  const ending = typeof file === 'string' ? extname(file).toLowerCase() : ''
  if (ending !== '.svg' && ending !== '.png')
    throw new OptionError(`${where}: expected a path that ends in .svg or .png, got ${describeValue(file)}.`)
  const target = absolutePath('write', file)
  if (ending === '.svg') return writeFileAtomic(target, new TextEncoder().encode(await drawSvg(spec, theme)))
  const { Resvg } = await load<Resvg>(packageNames.resvg, packageNames.resvg)
  const svg = await drawSvg(spec, theme === 'auto' ? 'light' : theme)
  return writeFileAtomic(target, new Resvg(svg, { fitTo: { mode: 'zoom', value: 2 } }).render().asPng())
}
