/** The programs of a model: what one step of training, evaluation, prediction … computes, for one batch shape. */
import type { Sliced } from '../../base/slices'
import { take } from '../../graph/build'
import { withLabel } from '../../graph/label'
import type { Program } from '../../graph/node'
import { isRanked } from '../../metrics'
import * as ops from '../../ops'
import type { Optimizer } from '../../optimizers/optimizer'
import type { Tensor } from '../../tensor/tensor'
import type { Compiled, CompiledOutput, GradientClip } from '../structure/compile'
import type { ForwardPass } from '../structure/network'
import type { SlotTable, StateCell } from '../structure/weights'
import { answerFetches } from './answers'
import { namedCosts, outputCosts, penalties, totalCost, weightedSum, type OutputCost } from './costs'
import { derivatives, derivativesFor, type Derivative } from './derivatives'
import { clip, updateGuards } from './safeguards'
import { mustNode, programOf, trace, type BatchShape, type BuiltProgram, type Parts, type Tracer } from './tracer'

/** The statistics of all metrics, and how many each has: none where it needs all rows. */
function metricStatistics(
  outputs: readonly CompiledOutput[],
  costs: readonly OutputCost[],
): { statistics: Tensor[]; statisticCounts: number[] } {
  const groups = outputs.flatMap(({ metrics, prefix }, i) =>
    metrics.map((metric) =>
      isRanked(metric)
        ? []
        : withLabel(`metric ${prefix}${metric.name}`, () => metric.statistics(costs[i].y, costs[i].a)),
    ),
  )
  return { statistics: groups.flat(), statisticCounts: groups.map((group) => group.length) }
}

/** The update of every weight by its derivative, and the values that say whether it may be made. */
function* updates(
  tracer: Tracer,
  optimizer: Optimizer,
  slots: SlotTable,
  changes: readonly Derivative[],
  rule: GradientClip | null = null,
): Sliced<{ updates: Program['updates']; guards: Tensor[] }> {
  const hyper: Record<string, Tensor> = {}
  for (const name of ['learningRate', ...optimizer.hypers]) hyper[name] = tracer.hyper(name)
  const guards = changes.length ? updateGuards(changes, rule, tracer.dtype) : []
  const all: Program['updates'][] = []
  for (const { parameter, gradient, rows } of changes) {
    yield
    const own = withLabel(parameter.name, () => {
      const cells = [parameter, ...slots.get(parameter)!]
      // Of a table the rows alone, of its slots too.
      const [weight, ...kept] = cells.map((cell) => {
        const state = tracer.state(cell)
        return rows ? tracer.tensor(take(mustNode(state), rows)) : state
      })
      const next = optimizer.update(weight, gradient, kept, hyper)
      const isTouched = !rows && parameter.spec.updates === 'touched' ? touchedRows(gradient) : null
      return [next.weight, ...next.slots].map((value, k) => {
        const state = tracer.state(cells[k])
        const changed = isTouched ? ops.select(isTouched, value, state) : value
        return { state: mustNode(state), value: mustNode(changed), ...(rows && { rows }) }
      })
    })
    all.push(own)
  }
  return { updates: all.flat(), guards }
}

/** 1 for the rows of a whole gradient that hold anything but 0, which are those that the step read. */
function touchedRows(gradient: Tensor): Tensor {
  const axis = gradient.shape.map((_, i) => i).slice(1)
  return ops.greater(ops.max(ops.abs(gradient), { axis, keepDims: true }), 0)
}

/** New values of the states, as the layers gave them. */
function stateUpdates({ weights }: Parts, tracer: Tracer, pass: ForwardPass): { cell: StateCell; value: Tensor }[] {
  return pass.updates.map(({ place, key, value }) => {
    const cell = weights.list.find((p) => p.place === place && p.key === key)!
    tracer.state(cell)
    return { cell, value }
  })
}

/**
 * Forward, backward, penalties, guards and updates, those of the layers' states included: all are committed together.
 * Costs: [J, J without penalties, …the losses of outputs with names]. Totals: the metrics' statistics. Fetches: what
 * the metrics need that depend on all rows.
 */
export function trainProgram(parts: Parts, compiled: Compiled, shape: BatchShape): Sliced<BuiltProgram> {
  return programOf(parts, function* (tracer) {
    const { outputs } = compiled
    const pass = yield* trace(parts, tracer, shape.batch, true)
    const each = outputCosts(tracer, pass, outputs, shape)
    const mean = weightedSum(
      outputs,
      each.map((cost) => cost.mean),
    )
    const cost = totalCost(parts, tracer, mean, shape.batch)
    const { trainable, slots } = parts.weights
    const found = yield* derivativesFor(compiled.optimizer, tracer, cost, trainable)
    const raw = found.map(({ gradient }) => gradient)
    const { clipped, guards } = clip(raw, compiled.gradientClip, tracer.dtype)
    const changes = found.map((derivative, i) => ({ ...derivative, gradient: clipped[i] }))
    const step = yield* updates(tracer, compiled.optimizer, slots, changes, compiled.gradientClip)
    const states = stateUpdates(parts, tracer, pass)
    const { statistics, statisticCounts } = metricStatistics(outputs, each)
    return tracer.finish({
      fetches: answerFetches(outputs, each),
      updates: [
        ...step.updates,
        ...states.map(({ cell, value }) => ({ state: mustNode(tracer.state(cell)), value: mustNode(value) })),
      ],
      guards: [cost, ...guards, ...step.guards, ...states.map(({ value }) => value)],
      costs: [{ name: 'cost', value: cost }, { name: 'dataLoss', value: mean }, ...namedCosts(outputs, each)],
      totals: statistics,
      statisticCounts,
    })
  })
}

/**
 * Totals: [sum of the losses of each output, …metrics' statistics]. Costs: the penalties 'perExample' (to be
 * divided by m) and 'absolute', where there are any. Fetches: what the metrics need that depend on all rows.
 */
export function evaluateProgram(parts: Parts, { outputs }: Compiled, shape: BatchShape): Sliced<BuiltProgram> {
  return programOf(parts, function* (tracer) {
    const pass = yield* trace(parts, tracer, shape.batch, false)
    const each = outputCosts(tracer, pass, outputs, shape)
    const { statistics, statisticCounts } = metricStatistics(outputs, each)
    const found = penalties(parts, tracer)
    const costs = (['perExample', 'absolute'] as const).flatMap((name) => {
      const value = found[name]
      return value ? [{ name, value }] : []
    })
    return tracer.finish({
      fetches: answerFetches(outputs, each),
      costs,
      totals: [...each.map(({ sum }) => sum), ...statistics],
      statisticCounts,
    })
  })
}

function predicted({ network }: Parts, pass: ForwardPass): { name: string; value: Tensor }[] {
  return network.outputs.map(({ name }, i) => ({ name, value: pass.outputs[i].a }))
}

/** Fetches each output by its name. */
export function predictProgram(parts: Parts, batch: number): Sliced<BuiltProgram> {
  return programOf(parts, function* (tracer) {
    const pass = yield* trace(parts, tracer, batch, false)
    return tracer.finish({ fetches: predicted(parts, pass) })
  })
}

/** Fetches `name.z` (where the layer has one) and `name.a` of every use of a layer. */
export function activationsProgram(parts: Parts, batch: number, training: boolean): Sliced<BuiltProgram> {
  return programOf(parts, function* (tracer) {
    const pass = yield* trace(parts, tracer, batch, training)
    const fetches = pass.uses.flatMap(({ name, output }) => [
      ...(output.z ? [{ name: `${name}.z`, value: output.z }] : []),
      { name: `${name}.a`, value: output.a },
    ])
    return tracer.finish({ fetches })
  })
}

/**
 * Fetches J, J without penalties, and (if asked) dJ/dW of every trainable weight. Changes no state. `random` false: a
 * training step without dropout.
 */
export function costProgram(
  parts: Parts,
  outputs: readonly CompiledOutput[],
  shape: BatchShape,
  { training, random, withGradients }: { training: boolean; random?: boolean; withGradients: boolean },
): Sliced<BuiltProgram> {
  return programOf(parts, function* (tracer) {
    const pass = yield* trace(parts, tracer, shape.batch, training, random)
    const each = outputCosts(tracer, pass, outputs, shape)
    const mean = weightedSum(
      outputs,
      each.map((cost) => cost.mean),
    )
    const cost = totalCost(parts, tracer, mean, shape.batch)
    const wrt = withGradients ? parts.weights.trainable : []
    const found = yield* derivatives(tracer, cost, wrt)
    return tracer.finish({
      fetches: [
        { name: 'cost', value: cost },
        { name: 'dataLoss', value: mean },
        ...wrt.map((p, i) => ({ name: p.name, value: found[i] })),
      ],
    })
  })
}

/** Updates of all trainable weights from gradients given as inputs, one per trainable weight. */
export function applyProgram(parts: Parts, optimizer: Optimizer, slots: SlotTable): Sliced<BuiltProgram> {
  return programOf(parts, function* (tracer) {
    const { trainable } = parts.weights
    const given = trainable.map((p) => tracer.input(p.name, p.shape))
    const changes = trainable.map((parameter, i) => ({ parameter, gradient: given[i], rows: null }))
    return tracer.finish(yield* updates(tracer, optimizer, slots, changes))
  })
}
