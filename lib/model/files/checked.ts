/** JSON from files, checked piece by piece. */
import { describeValue, FormatError } from '../../base/errors'
import type { Json, JsonObject } from '../../base/json'

/** A JSON value with its place, so that every mismatch says where it stands. */
export class Checked {
  constructor(
    readonly value: unknown,
    readonly place: string,
    readonly source: string,
  ) {}

  private fail(expected: string): never {
    throw new FormatError(`${this.source}: ${this.place} should be ${expected}, got ${describeValue(this.value)}.`)
  }

  at(key: string): Checked {
    return new Checked(this.object()[key], `${this.place}.${key}`, this.source)
  }

  object(): JsonObject {
    if (this.value === null || typeof this.value !== 'object' || Array.isArray(this.value)) this.fail('an object')
    return this.value as JsonObject
  }

  list<T>(check: (entry: Checked) => T): T[] {
    if (!Array.isArray(this.value)) this.fail('a list')
    return (this.value as unknown[]).map((entry, i) => check(new Checked(entry, `${this.place}[${i}]`, this.source)))
  }

  flag(): boolean {
    if (typeof this.value !== 'boolean') this.fail('true or false')
    return this.value as boolean
  }

  /** A finite number of at least 0. */
  weight(): number {
    if (typeof this.value !== 'number' || !Number.isFinite(this.value) || this.value < 0)
      this.fail('a number of at least 0')
    return this.value as number
  }

  text(): string {
    if (typeof this.value !== 'string') this.fail('a string')
    return this.value as string
  }

  count(): number {
    if (!Number.isSafeInteger(this.value) || (this.value as number) < 0) this.fail('an integer of at least 0')
    return this.value as number
  }

  nullable<T>(check: (value: Checked) => T): T | null {
    return this.value === null ? null : check(this)
  }

  json(): Json {
    if (this.value === undefined) this.fail('present')
    return this.value as Json
  }

  named<T extends string>(names: readonly T[]): T {
    if (!names.includes(this.value as T)) this.fail(names.map((name) => `'${name}'`).join(' or '))
    return this.value as T
  }
}
