/** Pictures of 784 pixels in ten classes that a small network tells apart, in fixed positions. */
export function digits(rows: number): { x: number[][]; y: number[] } {
  const y = Array.from({ length: rows }, (_, i) => i % 10)
  const x = y.map((digit, i) =>
    Array.from(
      { length: 784 },
      (_, p) => (Math.floor(p / 79) === digit ? 0.8 : 0) + 0.2 * Math.abs(Math.sin(i * 784 + p)),
    ),
  )
  return { x, y }
}

/** Runs `work` with what progress bars write kept off the screen. */
export async function quietly(work: () => Promise<void>): Promise<void> {
  const { write } = process.stderr
  process.stderr.write = () => true
  try {
    await work()
  } finally {
    process.stderr.write = write
  }
}
