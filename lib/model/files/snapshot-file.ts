/**
 * A model as one safetensors file: tensors as they are, everything else as JSON strings in the metadata
 * (`architecture`, `compiled`, `progress`, `checkpoint`) beside `format` and `version`.
 */
import type { ByteSource } from '../../base/disk'
import { describeValue, FormatError } from '../../base/errors'
import type { Json } from '../../base/json'
import { jsonPieces, parsedJson } from '../../base/json-text'
import { atOnce, type Reading, type Sliced } from '../../base/slices'
import { Checked } from './checked'
import { readArchitecture, readCompiled, readProgress } from './read'
import { containerParts, decodedContainer, encodeContainer, type Container } from './safetensors'
import type { ModelSnapshot } from './snapshot'

const format = 'myelin'
/** Grows when older readers would misunderstand a file. 1: chains of layers. */
const version = 2

/** The bytes of a model file. Throws FormatError where names clash or sizes do not fit. */
export function encodeSnapshot(snapshot: ModelSnapshot): Uint8Array {
  return encodeContainer(atOnce(containerOf(snapshot)))
}

/** The same file in pieces, one after the other, made in slices. */
export function* snapshotParts(snapshot: ModelSnapshot): Sliced<Uint8Array[]> {
  return yield* containerParts(yield* containerOf(snapshot))
}

function* containerOf({ architecture, compiled, progress, checkpoint, tensors }: ModelSnapshot): Sliced<Container> {
  return {
    metadata: {
      format,
      version: String(version),
      architecture: yield* stringify(architecture),
      compiled: yield* stringify(compiled),
      progress: yield* stringify(progress),
      checkpoint: yield* stringify(checkpoint ?? null),
    },
    tensors,
  }
}

/**
 * Reads a model file and checks it completely, in slices. `source` names it in errors (a path).
 * Throws FormatError for anything that is not a whole, unaltered file of a known version.
 */
export function* decodedSnapshot(bytes: ByteSource, source: string): Reading<ModelSnapshot> {
  const check = (strings: Container['metadata'], count: number) => checkFormat(strings, count, source)
  const { metadata, tensors } = yield* decodedContainer(bytes, source, check)
  const found = checkedVersion(metadata, source)
  const read = function* <T>(key: string, check: (value: Checked, version: number) => T): Sliced<T> {
    return check(new Checked(yield* parse(metadata, key, source), key, source), found)
  }
  const architecture = yield* read('architecture', readArchitecture)
  const compiled = yield* read('compiled', readCompiled)
  if (compiled && compiled.outputs.length !== architecture.outputs.length)
    throw new FormatError(
      `${source}: compiled: expected ${architecture.outputs.length} outputs, got ${compiled.outputs.length}.`,
    )
  return {
    architecture,
    compiled,
    progress: yield* read('progress', readProgress),
    checkpoint: yield* parse(metadata, 'checkpoint', source),
    tensors,
  }
}

/** FormatError for a safetensors file that is not Myelin's, whatever else may be wrong with it. */
function checkFormat(metadata: Container['metadata'], tensors: number, source: string): void {
  if (metadata.format === format) return
  const what = `a safetensors file of ${tensors} tensor${tensors === 1 ? '' : 's'}`
  throw new FormatError(
    `${source}: not a model saved by Myelin: expected metadata format "${format}", got ` +
      `${describeValue(metadata.format)} in ${what}. Read it with readTensors, for model.setWeights.`,
  )
}

/** The version of the file. FormatError for one that is not known. */
function checkedVersion(metadata: Container['metadata'], source: string): number {
  const found = Number(metadata.version)
  if (metadata.version === String(found) && Number.isInteger(found) && found >= 1 && found <= version) return found
  throw new FormatError(
    `${source}: expected file version 1 to ${version}, got ${describeValue(metadata.version)}. It may come from a ` +
      'newer Myelin: update the package.',
  )
}

/** Numbers that JSON cannot write, kept as `{"$number": "NaN"}`: a diverged history must survive a checkpoint. */
const specialNumbers: Record<string, number> = { NaN: NaN, Infinity: Infinity, '-Infinity': -Infinity, '-0': -0 }

function* stringify(value: unknown): Sliced<string> {
  const replace = (_: string, entry: unknown) => {
    if (typeof entry !== 'number' || (Number.isFinite(entry) && !Object.is(entry, -0))) return entry
    return { $number: Object.is(entry, -0) ? '-0' : String(entry) }
  }
  return (yield* jsonPieces(value, replace)).join('')
}

function revive(entry: unknown): unknown {
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return entry
  const special = (entry as { $number?: unknown }).$number
  if (typeof special !== 'string' || Object.keys(entry).length !== 1 || !(special in specialNumbers)) return entry
  return specialNumbers[special]
}

function* parse(metadata: Container['metadata'], key: string, source: string): Sliced<Json> {
  const text = metadata[key]
  if (text === undefined) throw new FormatError(`${source}: the metadata has no "${key}".`)
  try {
    return (yield* parsedJson(Buffer.from(text), revive)) as Json
  } catch (error) {
    throw new FormatError(`${source}: metadata "${key}" is not JSON (${(error as Error).message}).`, { cause: error })
  }
}
