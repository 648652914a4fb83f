/** Reads the encoded graph as docs/internals/encoded-graph.md describes it, independently of the encoder. */
import type { AttrValue } from '../../lib/graph/node'

type DTypeName = 'float32' | 'float64' | 'int32'

export interface DecodedNode {
  op: string
  label: string
  dtype: DTypeName
  shape: number[]
  inputs: number[]
  attrs: Record<string, AttrValue>
}

export interface DecodedGraph {
  dtype: DTypeName
  precision: 'full' | 'tf32' | 'bf16'
  inputs: number
  states: number
  hypers: number
  nodes: DecodedNode[]
  fetches: number[]
  /** State, value and row numbers; undefined where the whole state is written. */
  updates: [state: number, value: number, rows: number | undefined][]
  guards: number[]
  costs: number[]
  accumulators: number[]
}

export function decode(bytes: Uint8Array): DecodedGraph {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const u8 = () => view.getUint8(at++)
  const u16 = () => view.getUint16((at += 2) - 2, true)
  const u32 = () => view.getUint32((at += 4) - 4, true)
  const f64 = () => view.getFloat64((at += 8) - 8, true)
  const str = () => {
    const length = u16()
    return Buffer.from(bytes.subarray(at, (at += length))).toString('utf8')
  }
  const many = <T>(count: number, one: () => T) => Array.from({ length: count }, one)

  const magic = u32()
  if (magic !== 0x3347594d) throw new Error(`magic ${magic.toString(16)}`)
  const dtypeName = () => (['float32', 'float64', 'int32'] as const)[u8()]
  const dtype = dtypeName()
  const precision = (['full', 'tf32', 'bf16'] as const)[u8()]
  const [inputs, states, hypers] = [u32(), u32(), u32()]
  const nodes = many(u32(), () => {
    const op = str()
    const label = str()
    const own = dtypeName()
    const shape = many(u8(), u32)
    const ids = many(u16(), u32)
    const attrs = Object.fromEntries(
      many(u8(), () => {
        const key = str()
        const type = u8()
        return [key, type === 0 ? f64() : type === 1 ? many(u32(), f64) : str()] as const
      }),
    )
    return { op, label, dtype: own, shape, inputs: ids, attrs }
  })
  const ids = () => many(u32(), u32)
  const fetches = ids()
  const updates = many(u32(), (): [number, number, number | undefined] => {
    const [state, value, rows] = [u32(), u32(), u32()]
    return [state, value, rows === 0xffffffff ? undefined : rows]
  })
  const [guards, costs, accumulators] = [ids(), ids(), ids()]
  if (at !== bytes.length) throw new Error(`${bytes.length - at} bytes left over`)
  return { dtype, precision, inputs, states, hypers, nodes, fetches, updates, guards, costs, accumulators }
}
