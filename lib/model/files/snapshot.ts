import type { DType, Precision, TensorArray } from '../../base/dtype'
import type { Json, JsonObject } from '../../base/json'

/** Everything a model is, as plain data: what files hold and `loadModel` rebuilds. */
export interface ModelSnapshot {
  architecture: {
    name: string | null
    dtype: DType
    precision: Precision
    seed: string
    labels: string[] | null
    inputs: { name: string; shape: number[]; dtype: 'int32' | null }[]
    layers: { kind: string; name: string; config: JsonObject; trainable: boolean }[]
    /** `layer`: number in `layers`. `from`: the values it reads, numbered: the inputs first, then the uses. */
    uses: { layer: number; from: number[] }[]
    outputs: { name: string; value: number }[]
    /** Whether data are given by these names, or bare. */
    namedInputs: boolean
    namedOutputs: boolean
  }
  /** What compile() was given, or null before it. */
  compiled: {
    optimizer: { kind: string; config: JsonObject }
    /** In the order of the architecture's outputs. */
    outputs: { loss: Json; lossWeight: number; metrics: Json[] }[]
    gradientClip: Json
  } | null
  /** Counters that make training continue to the same bits. */
  progress: {
    steps: number
    epochs: number
    updates: number
    /** Steps taken before the schedule of the learning rate was put in. It counts those after them. */
    scheduleStart: number
  }
  /** Only in checkpoints: what `resume` needs (fit options, history so far, data fingerprint, callback state). */
  checkpoint: Json
  /**
   * In a fixed order. Names: `dense_1.weight` for weights and states, `normalize_1.mean` for statistics,
   * `optimizer.dense_1.weight.v` for optimiser slots, `checkpoint.…` for what a checkpoint adds (best weights).
   */
  tensors: { name: string; shape: number[]; data: TensorArray }[]
}
