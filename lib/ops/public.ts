import * as written from '.'
import { fromTable, type FromTable } from './from-table'

/** Every operation on tensors and numbers: at once on values, recorded in traced functions. */
export const ops: Readonly<FromTable & Omit<typeof written, keyof FromTable>> = Object.freeze({
  ...fromTable,
  ...written,
})
