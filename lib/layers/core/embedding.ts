import { oneOf, positiveInteger } from '../../base/checks'
import type { TensorDType } from '../../base/dtype'
import { OptionError } from '../../base/errors'
import type { JsonObject } from '../../base/json'
import { initializers, toInitializer, type InitializerSpec } from '../../initializers'
import * as ops from '../../ops'
import { checkRegularizer, type Regularizer } from '../../regularizers'
import type { Tensor } from '../../tensor/tensor'
import { makeLayer, type Layer } from '../layer'
import { commonOptions, onlyInput, type CommonOptions } from '../options'

export interface EmbeddingOptions extends CommonOptions {
  /** How many ids there are: they are 0 to vocabulary − 1. */
  vocabulary: number
  /** How many numbers stand for an id. */
  units: number
  /**
   * Which rows a training step changes. 'all' (default): all, as the optimiser says; those of ids that are not in the
   * batch have a gradient of 0, and move where momentum moves them. 'touched': those of ids in the batch alone, with
   * what the optimiser keeps for them; the others stay. Not with a regularizer, which would pull at every row.
   */
  updates?: 'all' | 'touched' | undefined
  /** Default: uniform in ±0.05. */
  embeddingsInitializer?: InitializerSpec | undefined
  embeddingsRegularizer?: Regularizer | undefined
}

/**
 * A learnt list of numbers for each id: the rows of `weight` [vocabulary, units] that the ids name, […, units] for ids
 * [m, …]. Ids come from an input of the model, by itself or behind layers that only move numbers (reshape, concat); an
 * input that nobody else reads is of whole numbers by itself. Ids that a function of yours computes are not checked: of
 * one outside the table the row is NaN, and of a fraction the whole part is taken. OptionError for options that are
 * wrong.
 */
export function embedding(options: EmbeddingOptions): Layer<{ readonly weight: Tensor }> {
  const where = 'layers.embedding'
  const names = ['vocabulary', 'units', 'updates', 'embeddingsInitializer', 'embeddingsRegularizer']
  const common = commonOptions(where, options, names)
  const given: Partial<EmbeddingOptions> = options ?? {}
  const vocabulary = positiveInteger(`${where}: vocabulary`, given.vocabulary)
  const units = positiveInteger(`${where}: units`, given.units)
  const updates = oneOf(`${where}: updates`, given.updates ?? 'all', ['all', 'touched'])
  const initializer = toInitializer(
    `${where}: embeddingsInitializer`,
    given.embeddingsInitializer ?? initializers.uniform({ min: -0.05, max: 0.05 }),
  )
  const regularizer = checkRegularizer(`${where}: embeddingsRegularizer`, given.embeddingsRegularizer)
  if (regularizer && updates === 'touched')
    throw new OptionError(
      `${where}: expected updates: 'touched' or an embeddingsRegularizer, got both: a penalty changes every row.`,
    )
  const config: JsonObject = { vocabulary, units, updates, embeddingsInitializer: initializer.config }
  if (regularizer) config.embeddingsRegularizer = regularizer.config
  return makeLayer({
    kind: 'embedding',
    ...common,
    config,
    build: (inputs, layerName) => ({
      outputShape: [...onlyInput(layerName, inputs), units],
      weights: [
        {
          name: 'weight',
          shape: [vocabulary, units],
          initializer,
          regularizer,
          role: 'weight',
          trainable: true,
          updates,
        },
      ],
      activation: 'linear',
      wholeNumbers: { below: vocabulary },
      call([x], w) {
        const isWhole = (x.dtype as TensorDType) === 'int32'
        return { a: ops.take(w.weight, isWhole ? x : ops.cast(x, 'int32')) }
      },
    }),
  })
}
