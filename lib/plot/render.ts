/** Pictures as text and as files. */
import { extname } from 'node:path'
import { throwIfAborted } from '../base/checks'
import { absolutePath, writeFileAtomic } from '../base/disk'
import { describeValue, OptionError } from '../base/errors'
import { draw } from './drawing-worker'
import type { Theme } from './theme'

/** A Vega-Lite specification as plain data. */
export type VegaLiteSpec = Record<string, unknown>

interface Drawn {
  /** The call, for messages. */
  where: string
  theme: Theme
  signal?: AbortSignal | undefined
}

/** The picture as SVG text. */
export async function drawSvg(spec: VegaLiteSpec, { where, theme, signal }: Drawn): Promise<string> {
  return (await draw(where, spec, { kind: 'text', theme }, signal)) as string
}

/** Writes the picture to `file`: SVG, or PNG in double resolution, by the ending of the name. */
export async function writeDrawing(spec: VegaLiteSpec, file: string, { where, theme, signal }: Drawn): Promise<void> {
  const kind = typeof file === 'string' ? extname(file).toLowerCase() : ''
  if (kind !== '.svg' && kind !== '.png')
    throw new OptionError(`${where}: expected a path that ends in .svg or .png, got ${describeValue(file)}.`)
  const target = absolutePath('write', file)
  const bytes = (await draw(where, spec, { kind, theme }, signal)) as Uint8Array
  await writeFileAtomic(target, bytes, () => throwIfAborted(where, signal))
}
