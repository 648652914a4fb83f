/** What a search found, best first, as data and as a table. */
import { inspect } from 'node:util'
import type { SearchResult, Trial } from './trial'

/** Rows that the table shows. */
const shown = 10

function text(value: unknown): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(4)))
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export class Ranking<Config> implements SearchResult<Config> {
  constructor(
    readonly best: Trial<Config>,
    readonly trials: Trial<Config>[],
  ) {}

  toString(): string {
    const names = Object.keys(this.best.config as object)
    const rows = this.trials
      .slice(0, shown)
      .map(({ trial, config, error }) => [
        String(trial),
        Number.isFinite(error) ? text(error) : 'diverged',
        ...names.map((name) => text((config as Record<string, unknown>)[name])),
      ])
    const table = [['trial', 'error', ...names], ...rows]
    const widths = table[0].map((_, j) => Math.max(...table.map((row) => row[j].length)))
    const lines = table.map((row) => row.map((cell, j) => cell.padStart(widths[j])).join('  '))
    const rest = this.trials.length - shown
    return [...lines, ...(rest > 0 ? [`… and ${rest} more`] : [])].join('\n')
  }

  [inspect.custom](): string {
    return this.toString()
  }
}
