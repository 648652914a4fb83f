/** What the metadata of a model file say, checked: of this version and of those before it. */
import { describeValue, FormatError } from '../../base/errors'
import { isValueName } from '../structure/describe'
import type { Checked } from './checked'
import type { ModelSnapshot } from './snapshot'

type Architecture = ModelSnapshot['architecture']

/** Values are numbered: inputs first, then uses; each use reads values before it. */
export function readArchitecture(value: Checked, version: number): Architecture {
  const common = readCommon(value)
  if (version === 1) return { ...common, ...readChain(value) }
  const inputs = value.at('inputs').list((input) => ({
    name: input.at('name').text(),
    shape: input.at('shape').list((v) => v.count()),
    dtype: input.at('dtype').nullable((v) => v.named(['int32'] as const)),
  }))
  const layers = value.at('layers').list((layer) => ({
    kind: layer.at('kind').text(),
    name: layer.at('name').text(),
    config: layer.at('config').object(),
    trainable: layer.at('trainable').flag(),
  }))
  const uses = value.at('uses').list((use) => ({
    layer: use.at('layer').count(),
    from: use.at('from').list((v) => v.count()),
  }))
  const outputs = value.at('outputs').list((output) => ({
    name: output.at('name').text(),
    value: output.at('value').count(),
  }))
  const namedInputs = value.at('namedInputs').flag()
  const namedOutputs = value.at('namedOutputs').flag()
  const architecture = { ...common, inputs, layers, uses, outputs, namedInputs, namedOutputs }
  checkPlaces(value, architecture)
  return architecture
}

/** FormatError for a place that reads what is not there. */
function checkPlaces(value: Checked, { inputs, layers, uses, outputs, namedInputs, namedOutputs }: Architecture): void {
  const fail = (problem: string): never => {
    throw new FormatError(`${value.source}: ${value.place}: ${problem}.`)
  }
  uses.forEach(({ layer, from }, i) => {
    if (layer >= layers.length) fail(`uses[${i}] is of layer ${layer}; there are ${layers.length}`)
    const before = inputs.length + i
    const bad = from.find((number) => number >= before)
    if (from.length === 0) fail(`uses[${i}] reads nothing`)
    if (bad !== undefined) fail(`uses[${i}] reads value ${bad}; there are ${before} before it`)
  })
  const unused = layers.findIndex((_, i) => uses.every(({ layer }) => layer !== i))
  if (unused >= 0) fail(`layers[${unused}] is never used`)
  const values = inputs.length + uses.length
  for (const { name, value: number } of outputs)
    if (number >= values) fail(`output '${name}' is value ${number}; there are ${values}`)
  if (inputs.length === 0 || outputs.length === 0) fail('a model has at least one input and one output')
  for (const [what, entries] of [
    ['input', inputs],
    ['output', outputs],
  ] as const)
    entries.forEach(({ name }, i) => {
      if (!isValueName(name)) fail(`${what}s[${i}]: ${JSON.stringify(name)} cannot be a name`)
      if (entries.findIndex((other) => other.name === name) !== i) fail(`two ${what}s are named '${name}'`)
    })
  if (!namedInputs && inputs.length !== 1) fail(`${inputs.length} inputs without names`)
  if (!namedOutputs && outputs.length !== 1) fail(`${outputs.length} outputs without names`)
}

function readCommon(value: Checked): Pick<Architecture, 'name' | 'dtype' | 'precision' | 'seed' | 'labels'> {
  const seed = value.at('seed')
  if (!/^\d{1,20}$/.test(seed.text()))
    throw new FormatError(
      `${value.source}: architecture.seed should be decimal digits, got ${describeValue(seed.value)}.`,
    )
  const dtype = value.at('dtype').named(['float32', 'float64'])
  return {
    name: value.at('name').nullable((v) => v.text()),
    dtype,
    // Files written before it could be chosen lack it.
    precision:
      value.at('precision').value === undefined
        ? dtype
        : value.at('precision').named(dtype === 'float32' ? ['float32', 'tf32', 'bf16'] : ['float64']),
    seed: seed.text(),
    labels: value.at('labels').nullable((v) => v.list((label) => label.text())),
  }
}

type Places = Omit<Architecture, 'name' | 'dtype' | 'precision' | 'seed' | 'labels'>

/** Version 1: a chain of layers. Dense kept among its options whether it was trainable. */
function readChain(value: Checked): Places {
  const layers = value.at('layers').list((layer) => {
    const { trainable = true, ...config } = layer.at('config').object()
    const name = layer.at('name').text()
    return { kind: layer.at('kind').text(), name, config, trainable: trainable !== false }
  })
  return {
    inputs: [{ name: 'x', shape: value.at('inputShape').list((v) => v.count()), dtype: null }],
    layers,
    uses: layers.map((_, i) => ({ layer: i, from: [i] })),
    outputs: [{ name: 'y', value: layers.length }],
    namedInputs: false,
    namedOutputs: false,
  }
}

export function readCompiled(value: Checked, version: number): ModelSnapshot['compiled'] {
  return value.nullable(() => ({
    optimizer: { kind: value.at('optimizer').at('kind').text(), config: value.at('optimizer').at('config').object() },
    outputs:
      version === 1
        ? [{ loss: value.at('loss').json(), lossWeight: 1, metrics: value.at('metrics').list((v) => v.json()) }]
        : value.at('outputs').list((output) => ({
            loss: output.at('loss').json(),
            lossWeight: output.at('lossWeight').weight(),
            metrics: output.at('metrics').list((v) => v.json()),
          })),
    gradientClip: value.at('gradientClip').json(),
  }))
}

export function readProgress(value: Checked): ModelSnapshot['progress'] {
  const steps = value.at('steps').count()
  // Files of Myelin 0.1 have none: their schedules counted all steps of a model, and go on so.
  const scheduleStart = 'scheduleStart' in value.object() ? value.at('scheduleStart').count() : 0
  if (scheduleStart > steps)
    throw new FormatError(
      `${value.source}: ${value.place}.scheduleStart should be at most ${steps}, the number of steps, got ` +
        `${scheduleStart}.`,
    )
  return { steps, epochs: value.at('epochs').count(), updates: value.at('updates').count(), scheduleStart }
}
