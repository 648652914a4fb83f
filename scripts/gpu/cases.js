'use strict'
// What is measured: the networks of bench/workloads.json and the matrix products they consist of, and products of other
// kinds. Tiny versions of the same, for a run without a GPU.
const workloads = require('../../bench/workloads.json')

/** Steps of an epoch here: enough that a step's time is not that of an epoch's beginning. */
const stepsPerEpoch = { tiny: 100, mnist: 100, cat: 10, deep: 100, wide: 20 }
const tinySize = 24

/**
 * { name, widths, hidden, head, batch, rows, epochs, precision }: what bench/gpu/workload.js and step_pytorch.py train.
 */
function workloadCases(tiny) {
  return Object.entries(workloads).flatMap(([name, w]) => {
    const widths = tiny ? w.widths.slice(-5).map((width) => Math.min(width, tinySize)) : w.widths
    const batch = tiny ? 8 : w.batch
    const rows = batch * (tiny ? 3 : stepsPerEpoch[name])
    const common = { widths, hidden: w.hidden, head: w.head, batch, rows, epochs: tiny ? 4 : 14 }
    const precisions = ['mnist', 'wide'].includes(name) ? ['float32', 'tf32', 'bf16'] : ['float32']
    return precisions.map((precision) => ({ name, ...common, precision }))
  })
}

/**
 * Multiplications and additions of a step: three products a layer, without the first layer's derivative of its input.
 */
const stepFlops = ({ widths, batch }) =>
  widths.slice(1).reduce((sum, out, i) => sum + 2 * batch * widths[i] * out * (i === 0 ? 2 : 3), 0)

/** The products of a training step, each shape once. */
function productsOf(name, { widths, batch }) {
  const products = widths.slice(1).flatMap((out, i) => {
    const layer = `${name} ${i + 1}`
    const input = widths[i]
    return [
      { name: `${layer} forward`, m: batch, n: out, k: input, transA: 0, transB: 1 },
      ...(i > 0 ? [{ name: `${layer} dX`, m: batch, n: input, k: out, transA: 0, transB: 0 }] : []),
      { name: `${layer} dW`, m: out, n: input, k: batch, transA: 1, transB: 0 },
    ]
  })
  const seen = new Set()
  return products.filter(({ m, n, k, transA, transB }) => {
    const key = [m, n, k, transA, transB].join()
    return !seen.has(key) && seen.add(key)
  })
}

const square = (side, transA = 0, transB = 0) => ({ name: `square ${side}`, m: side, n: side, k: side, transA, transB })

const others = [
  ...[512, 1024, 2048, 4096, 8192].map((side) => square(side)),
  { ...square(4096, 1, 0), name: 'square 4096, A transposed' },
  { ...square(4096, 0, 1), name: 'square 4096, B transposed' },
  { name: 'odd 1000', m: 1001, n: 999, k: 1003, transA: 0, transB: 0 },
  { name: 'one row', m: 1, n: 4096, k: 4096, transA: 0, transB: 0 },
  { name: 'one row, B transposed', m: 1, n: 4096, k: 4096, transA: 0, transB: 1 },
  { name: 'one column', m: 4096, n: 1, k: 4096, transA: 0, transB: 0 },
  { name: '8 rows', m: 8, n: 4096, k: 4096, transA: 0, transB: 1 },
  { name: '16 rows', m: 16, n: 4096, k: 4096, transA: 0, transB: 1 },
  { name: '10 columns', m: 4096, n: 10, k: 4096, transA: 0, transB: 1 },
  { name: 'long sum', m: 64, n: 64, k: 65536, transA: 1, transB: 0 },
  { name: 'outer product', m: 4096, n: 4096, k: 1, transA: 0, transB: 0 },
]

/** { name, m, n, k, transA, transB, type }: every product, in every type that makes sense for it. */
function gemmCases(tiny) {
  const products = [...Object.entries(workloads).flatMap(([name, w]) => productsOf(name, w)), ...others]
  return products.flatMap((product) => {
    const { m, n, k, name } = product
    const types = ['float32']
    // The tensor kernels begin above 16 rows and columns.
    if (Math.min(m, n) > 16 && k > 16) types.push('tf32', 'bf16')
    // Float64 at an eighth to a sixty-fourth of the speed: the largest would take the time of all others together.
    if (m * n * k <= 4096 ** 3 && /^(mnist|square|one row$|8 rows|10 columns)/.test(name)) types.push('float64')
    const small = tiny ? { m: Math.min(m, tinySize), n: Math.min(n, tinySize), k: Math.min(k, 2 * tinySize) } : {}
    return types.map((type) => ({ ...product, ...small, type }))
  })
}

/**
 * What compute-sanitizer sees: the tiny ones, and on a GPU results large enough for the tiles that fill one, in few
 * steps.
 */
function sanitizerCases(standIn) {
  const large = [
    { name: 'large tiles', m: 1500, n: 1400, k: 40, transA: 0, transB: 1 },
    { name: 'medium tiles, cut sum', m: 500, n: 410, k: 600, transA: 1, transB: 0 },
    { name: 'a long vector', m: 1, n: 3001, k: 2000, transA: 0, transB: 0 },
  ]
  const types = ['float32', 'tf32', 'bf16', 'float64']
  const few = gemmCases(true).filter(({ name }) => /^(mnist|cat|square 512|one|8 rows|10 columns|outer)/.test(name))
  return [...few, ...(standIn ? [] : large.flatMap((each) => types.map((type) => ({ ...each, type }))))]
}

/** What the programs call a case in their answer. */
const gemmId = ({ name, type }) => `${name} / ${type}`
/** A case as bench/gpu/gemm.cpp and gemm_pytorch.py read it. */
const gemmLine = (c) => `${c.m} ${c.n} ${c.k} ${c.transA} ${c.transB} ${c.type} ${gemmId(c)}\n`

module.exports = { workloadCases, stepFlops, gemmCases, sanitizerCases, gemmId, gemmLine }
