'use strict'
// The results of scripts/gpu.js as text. Knows nothing of how they came about.
const { stepFlops } = require('./cases')

/** Columns as wide as their widest cell; the first two to the left, numbers to the right. */
function alignColumns(rows, left = 2) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows
    .map((row) => row.map((cell, i) => (i < left ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
    .map((line) => line.trimEnd())
    .join('\n')
}

/** Three digits that say something: 1234, 12.3, 0.0123. */
function digits(value) {
  if (value === undefined || value === null || !Number.isFinite(value)) return '-'
  if (value >= 100) return value.toFixed(0)
  return value.toPrecision(3)
}
const percent = (part, whole) => (whole > 0 && Number.isFinite(part) ? `${((100 * part) / whole).toFixed(0)} %` : '-')
const ratio = (theirs, ours) => (theirs > 0 && ours > 0 ? (theirs / ours).toFixed(2) : '-')

const peakNames = {
  float32: 'FMA float32',
  float64: 'FMA float64',
  tf32: 'tensor cores TF32',
  bf16: 'tensor cores bf16',
}

/** The measured value of a peak; undefined where there is none. */
const peakOf = (peaks = [], name) => peaks.find((peak) => peak.name === name)?.value

/** GB/s: the better of the two kernels. */
const bandwidthOf = (peaks) =>
  Math.max(peakOf(peaks, 'memory copy') ?? 0, peakOf(peaks, 'memory triad') ?? 0) || undefined

const stageTable = (stages) =>
  stages.map(({ status, name, note }) => `${status.padEnd(8)} ${name.padEnd(28)} ${note}`.trimEnd()).join('\n')

const peakTable = (peaks) =>
  alignColumns(
    peaks.map(({ name, value, unit, skipped, failed }) => [
      name,
      skipped ? `skipped: ${skipped}` : failed ? `FAILED: ${failed}` : `${digits(value)} ${unit}`,
    ]),
  )

/** What a product takes of the machine: GFLOP/s and GB/s, each operand and the result once. */
function gemmRates({ m, n, k, type, microseconds }) {
  const size = type === 'float64' ? 8 : 4
  return {
    gigaflops: (2 * m * n * k) / microseconds / 1e3,
    gigabytes: ((m * k + k * n + m * n) * size) / microseconds / 1e3,
  }
}

function gemmTable(gemms, peaks) {
  const head = ['product', 'm × n × k', 'type', 'µs', 'GFLOP/s', 'of peak', 'of memory', 'PyTorch µs', 'ratio']
  const rows = gemms.map((row) => {
    const { name, type, m, n, k, transA, transB, microseconds, torchMicroseconds } = row
    const shape = `${m} × ${n} × ${k} ${transA ? 'T' : 'N'}${transB ? 'T' : 'N'}`
    if (row.oursFailed) return [name, shape, type, 'FAILED', '-', '-', '-', '-', '-']
    if (microseconds === undefined) return [name, shape, type, row.skipped ? 'skipped' : '-', '-', '-', '-', '-', '-']
    const { gigaflops, gigabytes } = gemmRates(row)
    return [
      ...[name, shape, type, digits(microseconds), digits(gigaflops)],
      percent(gigaflops, peakOf(peaks, peakNames[type])),
      percent(gigabytes, bandwidthOf(peaks)),
      digits(torchMicroseconds),
      ratio(torchMicroseconds, microseconds),
    ]
  })
  return alignColumns([head, ...rows], 3)
}

function workloadTable(workloads, peaks) {
  const head = ['workload', 'products', 'µs a step', 'TFLOP/s', 'of peak', 'CPU µs', 'PyTorch eager', 'graph', 'ratio']
  const rows = workloads.map((row) => {
    if (row.failed) return [row.name, row.precision, 'FAILED', '-', '-', '-', '-', '-', '-']
    const teraflops = stepFlops(row.workload) / row.microseconds / 1e6
    const theirs = [row.torchEagerMicroseconds, row.torchGraphMicroseconds].filter((each) => each > 0)
    return [
      ...[row.name, row.precision, digits(row.microseconds), digits(teraflops)],
      percent(teraflops * 1e3, peakOf(peaks, peakNames[row.precision])),
      ...[row.cpuMicroseconds, row.torchEagerMicroseconds, row.torchGraphMicroseconds].map(digits),
      ratio(theirs.length > 0 ? Math.min(...theirs) : undefined, row.microseconds),
    ]
  })
  return alignColumns([head, ...rows], 2)
}

const legend = `of peak: of the measured multiply-add or tensor-core peak above (the latter through the fragments that
our kernels use).
of memory: bytes of operands and result, each once, of the better measured bandwidth; above 100 %: they stayed in L2.
ratio: PyTorch's time (the better of its ways) over ours; above 1, ours is faster. Medians of alternating rounds.
PyTorch's bf16 products are given bf16 matrices; ours, float32 matrices that are rounded on the way.`

/** Everything, as the last thing the run prints. */
function reportText(results) {
  const { mode, machine, device, stages, peaks, gemms, workloads, complaints = [] } = results
  const parts = [
    `${device ? `${device.description}, compute capability ${device.computeCapability}` : (machine.gpu ?? 'no GPU')}` +
      (mode === 'stand-in' ? ' (the stand-in runtime on the CPU: no time here means anything)' : ''),
  ]
  if (peaks?.length) parts.push(peakTable(peaks))
  if (gemms?.length) parts.push(gemmTable(gemms, peaks))
  if (workloads?.length) parts.push(workloadTable(workloads, peaks))
  if (gemms?.length || workloads?.length) parts.push(legend)
  if (complaints.length > 0) parts.push(complaints.join('\n'))
  parts.push(stageTable(stages))
  return parts.join('\n\n')
}

module.exports = { alignColumns, digits, gemmRates, gemmTable, peakTable, reportText, stageTable, workloadTable }
