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

/** Two layers in a row could be one. */
export function warnOfCollapse(where: string, pairs: readonly (readonly [string, string])[]): void {
  for (const [first, second] of pairs)
    warn(
      `${where}: '${first}' and '${second}' have no non-linear activation between them: together they can only do ` +
        `what one linear layer can. Give '${first}' an activation such as 'relu'.`,
    )
}
