/** The house style: both themes can be read, and one drawing serves both. */
import { expect } from 'chai'
import * as plot from '../../lib/plot'
import { diverging, ink, muted, palette, ramp, soft, themed } from '../../lib/plot/theme'

/** Relative luminance and contrast as the Web Content Accessibility Guidelines 2 define them. */
function luminance(hex: string): number {
  const channel = (k: number) => {
    const c = parseInt(hex.slice(1 + 2 * k, 3 + 2 * k), 16) / 255
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2)
}
function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}
const inDark = (color: string) => /"(#[0-9a-f]{6})"/.exec(themed(`<svg class=""><g fill="${color}"/>`, 'dark'))![1]

describe('the house style', () => {
  for (const [theme, of] of [
    ['light', (color: string) => color],
    ['dark', inDark],
  ] as const) {
    const paper = of('#ffffff')
    it(`${theme}: text has a contrast of 4.5 at least, lines 3`, () => {
      for (const text of [ink, muted]) expect(contrast(of(text), paper), text).to.be.at.least(4.5)
      for (const line of palette) expect(contrast(of(line), paper), line).to.be.at.least(3)
      // Text in boxes, lines on the rings of a bowl.
      for (const box of soft) expect(contrast(of(ink), of(box)), box).to.be.at.least(4.5)
      for (const ring of [...ramp, ...diverging]) expect(contrast(of(ink), of(ring)), ring).to.be.at.least(3)
    })
  }

  it('every colour has a partner of its own', () => {
    const colors = [ink, muted, ...palette, ...ramp, ...diverging, ...soft]
    expect(new Set(colors).size).to.equal(colors.length)
    for (const color of colors) expect(inDark(color), color).to.not.equal(color)
  })

  it('a picture for both themes is the light one with rules for the dark, for its own elements only', async () => {
    const picture = plot.activation('tanh')
    // Every drawing has numbers of its own for what clips it.
    const drawing = async (theme?: plot.Theme) => (await picture.svg({ theme })).replace(/clip\d+/g, 'clip')
    const [light, dark, both] = [await drawing('light'), await drawing('dark'), await drawing()]
    const style = /<style>(.*?)<\/style>/.exec(both)!
    expect(both.replace(style[0], '').replace('class="myelin ', 'class="')).to.equal(light)
    const rules = [...style[1].matchAll(/\.myelin \[(fill|stroke)="(#\w+)"\]\{\1:(#\w+)\}/g)]
    expect(rules.length).to.be.above(4)
    // The rules, applied, are the dark picture.
    const applied = rules.reduce(
      (svg, [, name, from, to]) => svg.replaceAll(`${name}="${from}"`, `${name}="${to}"`),
      light,
    )
    expect(applied).to.equal(dark)
  })
})
