/**
 * The house style. Every colour of a picture is one of the tokens below, each with a partner for dark pages, so that
 * one drawing serves both: dark is the light picture with its tokens exchanged.
 */

/** 'auto': light, and dark where the reader's system is (an SVG decides when it is shown). */
export type Theme = 'auto' | 'light' | 'dark'
export const themes = ['auto', 'light', 'dark'] as const

type Pair = readonly [light: string, dark: string]

const paper: Pair = ['#ffffff', '#14171c']
const inkPair: Pair = ['#24292f', '#e6e9ee']
const mutedPair: Pair = ['#6b7280', '#9aa3af']
const gridPair: Pair = ['#e7e9ec', '#2a3038']
const framePair: Pair = ['#cdd3da', '#3f4853']
/** Told apart by most colour-blind people, and in grey. */
const seriesPairs: readonly Pair[] = [
  ['#3366aa', '#6ea1e6'],
  ['#d96a14', '#f29a4e'],
  ['#22884f', '#4fbf83'],
  ['#aa3377', '#e27db3'],
  ['#857216', '#c9b650'],
  ['#2f97a8', '#6cd0e0'],
]

/** `share` of `color` on `ground`, both #rrggbb. */
function mix(ground: string, color: string, share: number): string {
  const part = (hex: string, k: number) => parseInt(hex.slice(1 + 2 * k, 3 + 2 * k), 16)
  const of = (k: number) => Math.round(part(ground, k) + share * (part(color, k) - part(ground, k)))
  return `#${[0, 1, 2].map((k) => of(k).toString(16).padStart(2, '0')).join('')}`
}

const tint = (color: Pair, share: number): Pair => [mix(paper[0], color[0], share), mix(paper[1], color[1], share)]

/** From the paper to a strong blue. */
const rampPairs = Array.from({ length: 16 }, (_, k) => tint(seriesPairs[0], 0.05 + (0.72 * k) / 15))
/** From the second colour (0) by the paper to the first (1). */
const divergingPairs = Array.from({ length: 10 }, (_, k) =>
  tint(k < 5 ? seriesPairs[1] : seriesPairs[0], 0.043 + 0.11 * (k < 5 ? 4 - k : k - 5)),
)
const softPairs = seriesPairs.map((color) => tint(color, 0.31))

const light = ([color]: Pair) => color
export const background = light(paper)
export const ink = light(inkPair)
export const muted = light(mutedPair)
export const frame = light(framePair)
/** Lines and dots, in the order of the series. */
export const palette = seriesPairs.map(light)
/** Lines on the blue ramp. */
export const onRamp = [ink, ...palette.slice(1)]
export const ramp = rampPairs.map(light)
export const diverging = divergingPairs.map(light)
/** Areas of classes, and of boxes, in the colours of the series. */
export const soft = softPairs.map(light)

const pairs: readonly Pair[] = [
  paper,
  inkPair,
  mutedPair,
  gridPair,
  framePair,
  ...seriesPairs,
  ...rampPairs,
  ...divergingPairs,
  ...softPairs,
]
const darkOf = new Map<string, string>(pairs)

const axis = {
  labelFontSize: 12,
  titleFontSize: 13,
  titleFontWeight: 'normal',
  titlePadding: 8,
  labelFlush: false,
  gridColor: light(gridPair),
  labelColor: ink,
  titleColor: ink,
  domainColor: muted,
  tickColor: muted,
}

/** Defaults of every picture, as Vega-Lite's `config`. */
export const config = {
  // Named beside the generic family because PNG renderers do not all know what that is.
  font: 'Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif',
  axis,
  legend: {
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    symbolStrokeWidth: 3,
    labelColor: ink,
    titleColor: ink,
    rowPadding: 4,
    labelLimit: 0,
  },
  title: {
    fontSize: 15,
    fontWeight: 600,
    anchor: 'start',
    offset: 12,
    color: ink,
    subtitleColor: muted,
    subtitleFontSize: 12,
    subtitlePadding: 5,
  },
  header: { labelColor: ink, titleColor: ink },
  // What has neither a colour nor several series.
  mark: { color: palette[0] },
  text: { color: ink, fontSize: 12 },
  rule: { color: muted },
  range: { category: palette },
  view: { stroke: frame },
  concat: { spacing: 36 },
}

const colorAttribute = /\b(fill|stroke)="(#[0-9a-f]{6})"/g

/** The drawing in another theme than the light one it was made in. */
export function themed(svg: string, theme: Theme): string {
  if (theme === 'light') return svg
  if (theme === 'dark')
    return svg.replace(colorAttribute, (all, name: string, color: string) =>
      darkOf.has(color) ? `${name}="${darkOf.get(color)!}"` : all,
    )
  const used = new Set([...svg.matchAll(colorAttribute)].map(([, name, color]) => `${name} ${color}`))
  const rules = [...used].flatMap((entry) => {
    const [name, color] = entry.split(' ')
    return darkOf.has(color) ? [`.myelin [${name}="${color}"]{${name}:${darkOf.get(color)!}}`] : []
  })
  const style = `<style>@media (prefers-color-scheme:dark){${rules.join('')}}</style>`
  // The class keeps the rules to this drawing where it is pasted into a page.
  return svg.replace(/<svg([^>]*?)class="/, '<svg$1class="myelin ').replace(/<svg[^>]*>/, (tag) => tag + style)
}
