let current = ''

/** The label that new nodes get: the layer or user function at work. */
export function currentLabel(): string {
  return current
}

/** Runs `fn`; nodes made meanwhile carry `label`. Inner labels win. */
export function withLabel<T>(label: string, fn: () => T): T {
  const before = current
  current = label
  try {
    return fn()
  } finally {
    current = before
  }
}

/** The op's name for messages, with the layer it belongs to (by default the one at work). */
export function whereOf(op: string, label = current): string {
  return label && label !== op ? `${op} (${label})` : op
}
