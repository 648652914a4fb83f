/**
 * A model as one safetensors file: tensors as they are, everything else as JSON strings in the metadata
 * (`architecture`, `compiled`, `progress`, `checkpoint`) beside `format` and `version`.
 */
import { describeValue, FormatError } from '../../base/errors'
import type { Json, JsonObject } from '../../base/json'
import type { Sliced } from '../../base/slices'
import { containerParts, decodedContainer, encodeContainer, type Container } from './safetensors'
import type { ModelSnapshot } from './snapshot'

const format = 'myelin'
/** Grows when older readers would misunderstand a file. */
const version = 1

/** The bytes of a model file. Throws FormatError where names clash or sizes do not fit. */
export function encodeSnapshot(snapshot: ModelSnapshot): Uint8Array {
  return encodeContainer(containerOf(snapshot))
}

/** The same file in pieces, one after the other, made in slices. */
export function snapshotParts(snapshot: ModelSnapshot): Sliced<Uint8Array[]> {
  return containerParts(containerOf(snapshot))
}

function containerOf({ architecture, compiled, progress, checkpoint, tensors }: ModelSnapshot): Container {
  return {
    metadata: {
      format,
      version: String(version),
      architecture: stringify(architecture),
      compiled: stringify(compiled),
      progress: stringify(progress),
      checkpoint: stringify(checkpoint ?? null),
    },
    tensors,
  }
}

/**
 * Reads a model file and checks it completely, in slices. `source` names it in errors (a path).
 * Throws FormatError for anything that is not a whole, unaltered file of a known version.
 */
export function* decodedSnapshot(bytes: Uint8Array, source: string): Sliced<ModelSnapshot> {
  if (!(bytes instanceof Uint8Array))
    throw new FormatError(`${source}: expected the bytes of a model as a Uint8Array, got ${describeValue(bytes)}.`)
  const { metadata, tensors } = yield* decodedContainer(bytes, source)
  checkVersion(metadata, source)
  const read = <T>(key: string, check: (value: Checked) => T): T =>
    check(new Checked(parse(metadata, key, source), key, source))
  return {
    architecture: read('architecture', checkArchitecture),
    compiled: read('compiled', checkCompiled),
    progress: read('progress', checkProgress),
    checkpoint: parse(metadata, 'checkpoint', source),
    tensors,
  }
}

function checkVersion(metadata: Container['metadata'], source: string): void {
  if (metadata.format !== format)
    throw new FormatError(
      `${source}: expected metadata format "${format}", got ${describeValue(metadata.format)}: not a model saved by ` +
        `Myelin.`,
    )
  if (metadata.version !== String(version))
    throw new FormatError(
      `${source}: expected file version ${version}, got ${describeValue(metadata.version)}. It may come from a newer ` +
        `Myelin: update the package.`,
    )
}

/** Numbers that JSON cannot write, kept as `{"$number": "NaN"}`: a diverged history must survive a checkpoint. */
const specialNumbers: Record<string, number> = { NaN: NaN, Infinity: Infinity, '-Infinity': -Infinity, '-0': -0 }

function stringify(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) => {
    if (typeof entry !== 'number' || (Number.isFinite(entry) && !Object.is(entry, -0))) return entry
    return { $number: Object.is(entry, -0) ? '-0' : String(entry) }
  })
}

function parse(metadata: Container['metadata'], key: string, source: string): Json {
  const text = metadata[key]
  if (text === undefined) throw new FormatError(`${source}: the metadata has no "${key}".`)
  try {
    return JSON.parse(text, (_, entry: unknown) => {
      if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return entry
      const special = (entry as { $number?: unknown }).$number
      if (typeof special !== 'string' || Object.keys(entry).length !== 1 || !(special in specialNumbers)) return entry
      return specialNumbers[special]
    }) as Json
  } catch (error) {
    throw new FormatError(`${source}: metadata "${key}" is not JSON: ${(error as Error).message}`, { cause: error })
  }
}

/** A JSON value with its place, so that every mismatch says where it stands. */
class Checked {
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

function checkArchitecture(value: Checked): ModelSnapshot['architecture'] {
  const seed = value.at('seed')
  if (!/^\d{1,20}$/.test(seed.text()))
    throw new FormatError(
      `${value.source}: architecture.seed should be decimal digits, got ${describeValue(seed.value)}.`,
    )
  const dtype = value.at('dtype').named(['float32', 'float64'])
  return {
    name: value.at('name').nullable((v) => v.text()),
    inputShape: value.at('inputShape').list((v) => v.count()),
    dtype,
    // Files written before it could be chosen lack it.
    precision:
      value.at('precision').value === undefined
        ? dtype
        : value.at('precision').named(dtype === 'float32' ? ['float32', 'tf32', 'bf16'] : ['float64']),
    seed: seed.text(),
    labels: value.at('labels').nullable((v) => v.list((label) => label.text())),
    layers: value.at('layers').list((layer) => ({
      kind: layer.at('kind').text(),
      name: layer.at('name').text(),
      config: layer.at('config').object(),
    })),
  }
}

function checkCompiled(value: Checked): ModelSnapshot['compiled'] {
  return value.nullable(() => ({
    optimizer: { kind: value.at('optimizer').at('kind').text(), config: value.at('optimizer').at('config').object() },
    loss: value.at('loss').json(),
    metrics: value.at('metrics').list((v) => v.json()),
    gradientClip: value.at('gradientClip').json(),
  }))
}

function checkProgress(value: Checked): ModelSnapshot['progress'] {
  return { steps: value.at('steps').count(), epochs: value.at('epochs').count(), updates: value.at('updates').count() }
}
