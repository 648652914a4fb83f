/**
 * A map that forgets what has not been used for longest, when it holds more than `capacity` entries or more than
 * `budget` of weight. `forget` is called with what it drops. An entry that outweighs the budget alone is dropped by
 * the next one.
 */
export class LruMap<K, V> {
  private readonly map = new Map<K, { value: V; weight: number }>()
  private weight = 0

  constructor(
    private readonly capacity: number,
    private readonly budget = Infinity,
    private readonly forget: (value: V) => void = () => {},
  ) {}

  get(key: K): V | undefined {
    const entry = this.map.get(key)
    if (entry === undefined) return undefined
    this.map.delete(key)
    this.map.set(key, entry)
    return entry.value
  }

  set(key: K, value: V, weight = 0): void {
    this.drop(key)
    while (this.map.size > 0 && (this.map.size >= this.capacity || this.weight + weight > this.budget))
      this.drop(this.map.keys().next().value as K)
    this.map.set(key, { value, weight })
    this.weight += weight
  }

  /** Forgets everything. */
  clear(): void {
    for (const key of [...this.map.keys()]) this.drop(key)
  }

  private drop(key: K): void {
    const entry = this.map.get(key)
    if (entry === undefined) return
    this.map.delete(key)
    this.weight -= entry.weight
    this.forget(entry.value)
  }

  get size(): number {
    return this.map.size
  }
}
