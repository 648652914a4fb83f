/** Advice that is no error: a Node process warning, which `process.on('warning')` sees and `--no-warnings` silences. */
export function warn(message: string): void {
  process.emitWarning(message, { type: 'MyelinWarning' })
}
