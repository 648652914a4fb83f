/** What benchmarks share: options, medians, and the measurement of a whole process. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** Takes `--name value` out of the arguments. */
export function takeOption(args: string[], name: string, fallback: string): string {
  const at = args.indexOf(`--${name}`)
  return at < 0 ? fallback : args.splice(at, 2)[1]
}

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]

/** Runs a process that ends with a line of JSON, and gives its `median`. */
export function measure(command: string, args: readonly string[], cwd?: string): number {
  const child = spawnSync(command, args, { encoding: 'utf8', cwd })
  if (child.status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${child.stderr || child.error}`)
  return (JSON.parse(child.stdout.trim().split('\n').pop() as string) as { median: number }).median
}

/** µs of a training step of Myelin as built in `tree`. */
export function measureStep(tree: string, workload: string): number {
  return measure(process.execPath, ['--import', 'tsx', join(tree, 'bench', 'step.ts'), workload], tree)
}
