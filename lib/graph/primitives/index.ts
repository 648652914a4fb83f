/**
 * THE op table: one paragraph an op, by family, with everything that TypeScript knows about it (record.ts says what).
 * Tracing, derivatives, simplification, gradient checking, pictures and `ops` read it here. An op that can be composed
 * of these at no cost in precision or memory traffic is a function in lib/ops instead.
 */
import { elementwise } from './elementwise'
import { movement } from './movement'
import { products } from './products'
import { sameAsInput, type Primitive } from './record'
import { reductions } from './reductions'
import { rows } from './rows'
import { sources } from './sources'

export type { Primitive, ShapeCall } from './record'

const tracing = {
  /** The value of the first input, with a user's own gradient towards the others. The core never sees it. */
  custom: {
    arity: undefined,
    shape: sameAsInput,
    vjp: (node, dy, b) => [null, ...b.customGradients(node, dy)],
    simplify: ({ inputs: [value] }) => value,
  },
} satisfies Record<string, Primitive>

export type Table = typeof sources &
  typeof elementwise &
  typeof movement &
  typeof rows &
  typeof reductions &
  typeof products &
  typeof tracing

const table: Table = { ...sources, ...elementwise, ...movement, ...rows, ...reductions, ...products, ...tracing }

export const primitives: Readonly<Record<string, Primitive>> = table

/** The primitives that are functions of `ops`, by name: what the types of `ops` are made from. */
export type PublicPrimitives = {
  [Op in keyof Table as Table[Op] extends { readonly options: object } ? Op : never]: Table[Op]
}
