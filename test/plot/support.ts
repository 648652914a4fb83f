/** What the tests of pictures share: the drawn numbers, and a strict look at the drawing. */
import { Resvg } from '@resvg/resvg-js'
import { expect } from 'chai'
import type * as plot from '../../lib/plot'

export interface Spec {
  title?: string | { text: string; subtitle?: string }
  width?: number
  height?: number
  data?: { values: object[] }
  mark?: string | { type: string }
  encoding?: Record<string, { scale?: { domain?: number[] } }>
  layer?: Spec[]
  hconcat?: Spec[]
  vconcat?: Spec[]
  concat?: Spec[]
}

export type Point = { x: number; y: number; series: string }

export const specOf = (picture: plot.Picture): Spec => picture.spec as Spec

/** The drawn numbers of a picture, or of one of its layers. */
export function drawn<T>(picture: plot.Picture | Spec, layer?: number): T[] {
  const spec = 'spec' in picture ? specOf(picture as plot.Picture) : (picture as Spec)
  return ((layer === undefined ? spec : spec.layer![layer]).data?.values ?? []) as T[]
}

/** [x, y] of the points of one series. */
export function seriesOf(points: readonly Point[], series: string): [number, number][] {
  return points.filter((p) => p.series === series).map(({ x, y }) => [x, y])
}

/** Throws where the text is not well-formed XML, or no SVG: resvg's parser is a strict one. */
export function parse(svg: string): InstanceType<typeof Resvg> {
  return new Resvg(svg)
}

/**
 * The picture as SVG: well formed, with these texts, in both themes; nothing that is drawn is outside the page, and
 * nothing of the light page is left in the dark one.
 */
export async function showsAs(picture: plot.Picture, ...texts: string[]): Promise<string> {
  const svg = await picture.svg()
  expect(svg).to.match(/^<svg/)
  for (const text of texts) expect(svg).to.include(text)
  parse(svg)
  const dark = await picture.svg({ theme: 'dark' })
  parse(dark)
  expect(dark).to.not.match(/"#(ffffff|24292f|e7e9ec)"/)
  // Every colour is one of the house style, and so has a partner for dark pages.
  const partners = new Set([...svg.matchAll(/\.myelin \[\w+="(#\w+)"\]/g)].map(([, color]) => color))
  for (const [, color] of svg.matchAll(/\b(?:fill|stroke)="(?!none|transparent)([^"]*)"/g))
    expect(partners, 'colours of the house style').to.include(color)
  // Without the background, which is the whole page.
  const bare = parse((await picture.svg({ theme: 'light' })).replace(/<rect[^>]*\/>/, ''))
  const box = bare.getBBox()!
  expect(box.x, 'left').to.be.at.least(0)
  expect(box.y, 'top').to.be.at.least(0)
  expect(box.x + box.width, 'right').to.be.at.most(bare.width)
  expect(box.y + box.height, 'bottom').to.be.at.most(bare.height)
  return svg
}

interface Feature {
  level: number
  geometry: { coordinates: [number, number][][] }
}

/** The borders of the drawn areas, in the numbers of the axes: what lies on the frame itself is left out. */
export function bordersOf(frame: Spec, layer: number): { level: number; x: number; y: number }[] {
  const axes = frame.layer!.find((part) => part.encoding?.x?.scale?.domain)!.encoding!
  const [x, y] = [axes.x.scale!.domain!, axes.y.scale!.domain!]
  return drawn<Feature>(frame, layer).flatMap(({ level, geometry }) =>
    geometry.coordinates
      .flat()
      .filter(([a, b]) => a > 1e-6 && b > 1e-6 && a < frame.width! - 1e-6 && b < frame.height! - 1e-6)
      .map(([a, b]) => ({
        level,
        x: x[0] + (a / frame.width!) * (x[1] - x[0]),
        y: y[1] - (b / frame.height!) * (y[1] - y[0]),
      })),
  )
}
