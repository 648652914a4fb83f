/** The environment variables that change what the library does. An empty one is none. */
import { OptionError } from '../base/errors'

function refuse(name: string, expected: string): never {
  throw new OptionError(
    `${name}: expected ${expected}, got '${process.env[name]}'. Change the environment variable or remove it.`,
  )
}

/**
 * 'plain' when `MYELIN_PLAN=plain` asks for plans without fusion and shared memory, else 'fused'. OptionError for any
 * other value.
 */
export function planMode(): 'fused' | 'plain' {
  const mode = process.env.MYELIN_PLAN || 'fused'
  return mode === 'plain' || mode === 'fused' ? mode : refuse('MYELIN_PLAN', "'fused' or 'plain'")
}

/** `MYELIN_DEVICE`, or undefined. OptionError for what cannot be a device's name; whether it is there shows later. */
export function namedDevice(): string | undefined {
  const device = process.env.MYELIN_DEVICE || undefined
  if (device !== undefined && !/^(cpu|auto|cuda(:\d+)?)$/.test(device))
    refuse('MYELIN_DEVICE', "'cpu', 'auto', 'cuda' or 'cuda:<number>'")
  return device
}

/** Refuses values that nothing can be done with; the core itself knows the instruction sets. */
export function checkSettings(): void {
  const threads = process.env.MYELIN_THREADS || '1'
  if (!/^\d+$/.test(threads) || Number(threads) < 1 || Number(threads) > 256)
    refuse('MYELIN_THREADS', 'an integer from 1 to 256')
  planMode()
  namedDevice()
}
