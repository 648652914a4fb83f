/** The profile of training steps as a table: by kind of work, then what the threads did besides. */
import type { StepProfile } from '../../lib/native/contract'

const kinds: readonly (readonly [string, RegExp])[] = [
  ['products, forward', /^matmul\+/],
  ['products, derivatives of weights', /^matmul .*ᵀ·/],
  ['products, other', /^matmul/],
  ['updates', /^(fused|commit|take) .*(weight|bias|alpha|gamma|beta|table)/],
  ['guards', /^guard/],
  ['sums and softmax', /^(sum|max|argmax|softmax)/],
  ['other element-wise work', /./],
]

export function whereItWent({ steps, workers, nanoseconds, instructions, busy }: StepProfile): string {
  const micros = (value: number) => value / steps / 1000
  const all = micros(nanoseconds) * workers
  const totals = new Map(kinds.map(([kind]) => [kind, 0]))
  instructions.forEach((text, i) => {
    const [kind] = kinds.find(([, pattern]) => pattern.test(text)) as (typeof kinds)[number]
    totals.set(kind, (totals.get(kind) as number) + micros(busy[i]))
  })
  const worked = [...totals.values()].reduce((a, b) => a + b, 0)
  totals.set('gathering rows, waiting, between', all - worked)
  const rows = [...totals].map(
    ([kind, time]) =>
      `${kind.padEnd(34)} ${time.toFixed(1).padStart(9)} µs ${((100 * time) / all).toFixed(1).padStart(5)} %`,
  )
  return [
    `${micros(nanoseconds).toFixed(1)} µs a step on ${workers} threads; µs of all threads, over ${steps} steps:`,
    ...rows,
  ].join('\n')
}
