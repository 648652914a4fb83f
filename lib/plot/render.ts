/** Pictures as text and as files. */
import { extname } from 'node:path'
import { absolutePath, writeFileAtomic } from '../base/disk'
import { describeValue, OptionError } from '../base/errors'
import { draw } from './drawing-worker'
import type { Theme } from './theme'

/** A Vega-Lite specification as plain data. */
export type VegaLiteSpec = Record<string, unknown>

/** The picture as SVG text. `where` names the call in messages. */
export async function drawSvg(where: string, spec: VegaLiteSpec, theme: Theme): Promise<string> {
  return (await draw(`${where}: spec`, spec, { kind: 'text', theme })) as string
}

/** Writes the picture to `file`: SVG, or PNG in double resolution, by the ending of the name. */
export async function writeDrawing(where: string, spec: VegaLiteSpec, file: string, theme: Theme): Promise<void> {
  const kind = typeof file === 'string' ? extname(file).toLowerCase() : ''
  if (kind !== '.svg' && kind !== '.png')
    throw new OptionError(`${where}: expected a path that ends in .svg or .png, got ${describeValue(file)}.`)
  const target = absolutePath('write', file)
  await writeFileAtomic(target, (await draw(`${where}: spec`, spec, { kind, theme })) as Uint8Array)
}
