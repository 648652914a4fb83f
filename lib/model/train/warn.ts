/** Advice that is no error: a Node process warning, which `process.on('warning')` sees and `--no-warnings` silences. */
export function warn(message: string): void {
  process.emitWarning(message, { type: 'MyelinWarning' })
}

let warnedAboutDropout = false

/** For whoever looks at the cost curve of a network with dropout; once per process. */
export function warnAboutDropoutCurve(): void {
  if (warnedAboutDropout) return
  warnedAboutDropout = true
  warn(
    'With dropout the training cost is that of a different, random network at every step: it need not fall from ' +
      'epoch to epoch. To check a cost curve, set keepProb to 1; to judge the model, look at validationData.',
  )
}
