/** What the examples share: where their pictures go, and how they say what there is to notice. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Tensor } from 'myelin'
import type { Picture } from 'myelin/plot'

const folder = 'out'

/** The path of a file in the folder for what examples write. */
export function outFile(name: string): string {
  mkdirSync(folder, { recursive: true })
  return join(folder, name)
}

/** Writes a picture as out/NAME.svg, to be opened in a browser, and says so. */
export async function save(name: string, picture: Picture): Promise<void> {
  const path = outFile(`${name}.svg`)
  await picture.save(path)
  console.log(`wrote ${path}`)
}

/** What a reader should notice. `holds` is the same claim, measured: where it is false the program ends with code 1. */
export function notice(sentence: string, holds: boolean): void {
  console.log(`\n${holds ? '→' : 'NOT SO →'} ${sentence}\n`)
  if (!holds) process.exitCode = 1
}

/** Rows of cells as text, the first row being the heading; numbers are aligned to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const isText = rows[0].map((_, column) => rows.slice(1).every((row) => !/^[\d.,−-]+( %)?$/.test(row[column])))
  const pad = (cell: string, i: number) => (isText[i] ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

/** 0.0312 as "3.1 %". */
export function percent(share: number, places = 1): string {
  return `${(100 * share).toFixed(places)} %`
}

/** The largest distance between the entries of two tensors or lists. */
export function apart(a: Tensor | readonly number[], b: Tensor | readonly number[]): number {
  const [left, right] = [a, b].map((list) => Array.from('data' in list ? list.data : list))
  if (left.length !== right.length) return NaN
  return Math.max(...left.map((value, i) => Math.abs(value - right[i])))
}

/** A distance in few digits: 4e-16. */
export function digits(distance: number): string {
  return String(Number(distance.toExponential(0)))
}

/**
 * The library gives advice as warnings of the process. Those that `act` causes are collected instead of printed.
 */
export async function adviceOf(act: () => unknown): Promise<string[]> {
  const heard: string[] = []
  const others = process.listeners('warning')
  process.removeAllListeners('warning').on('warning', ({ message }) => heard.push(message))
  await act()
  await setImmediate() // warnings come at the next turn
  process.removeAllListeners('warning')
  others.forEach((listener) => process.on('warning', listener))
  return heard
}

/** Runs an example; an exception ends it with code 1. */
export function run(main: () => Promise<void>): void {
  main().catch((error) => {
    console.error(error)
    process.exitCode = 1
  })
}
