import type { DType } from '../base/dtype'
import { DTypeError } from '../base/errors'

/**
 * The floating dtype of a trace, which all its values share but those of whole numbers; traced tensors point here.
 *
 * A context that was started by plain numbers is `weak`: it computes in float64 until it meets a tensor, and
 * then takes that tensor's dtype. Contexts that meet in one op become one (union-find by `parent`).
 */
export class TraceContext {
  private parent: TraceContext | undefined
  private ownDType: DType
  private ownWeak: boolean
  private readonly ownConvert: boolean

  /**
   * @param weak takes the dtype of the first concrete tensor it meets
   * @param convertCaptures concrete tensors of another dtype are converted rather than refused (models do this:
   * what goes into a model is converted to the model's dtype)
   */
  constructor(dtype: DType, { weak = false, convertCaptures = false } = {}) {
    this.ownDType = dtype
    this.ownWeak = weak
    this.ownConvert = convertCaptures
  }

  private root(): TraceContext {
    if (this.parent === undefined) return this
    this.parent = this.parent.root() // shorter from now on
    return this.parent
  }

  get dtype(): DType {
    return this.root().ownDType
  }

  get convertCaptures(): boolean {
    return this.root().ownConvert
  }

  /** A concrete tensor takes part in `op`: agree on the dtype, or throw DTypeError. */
  meetTensor(op: string, dtype: DType): void {
    const root = this.root()
    if (root.ownWeak) {
      root.ownDType = dtype
      root.ownWeak = false
    } else if (root.ownDType !== dtype && !root.ownConvert) throw mixedDTypes(op, root.ownDType, dtype)
  }

  /** Traced values of two contexts take part in `op`: they become one context. */
  merge(op: string, other: TraceContext): void {
    const a = this.root()
    const b = other.root()
    if (a === b) return
    if (a.ownWeak) a.parent = b
    else if (b.ownWeak) b.parent = a
    else if (a.ownDType !== b.ownDType) throw mixedDTypes(op, a.ownDType, b.ownDType)
    else b.parent = a
  }
}

export function mixedDTypes(op: string, left: DType, right: DType): DTypeError {
  return new DTypeError(
    `${op}: cannot mix ${left} and ${right}. Convert one of the tensors, e.g. tensor(t, { dtype: '${left}' }).`,
  )
}
