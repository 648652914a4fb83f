/**
 * Copies of this package in one process: two versions in node_modules, or a module registry that was reset. What one
 * makes is foreign to the other, though its class has the same name.
 */
const mark = Symbol.for('myelin.copy')
const thisCopy = Symbol('this copy of Myelin')

/** Marks what a class makes as made by this copy. */
export function markClass(made: { readonly prototype: object }): void {
  Object.defineProperty(made.prototype, mark, { value: thisCopy })
}

export function isOfAnotherCopy(value: object): boolean {
  const found = (value as { [mark]?: unknown })[mark]
  return found !== undefined && found !== thisCopy
}
