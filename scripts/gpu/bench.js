'use strict'
// The stages of scripts/gpu.js that measure. What they found stands in context.results (peaks, gemms, workloads), also
// when a later measurement fails: results are kept line by line.
const { jsonLines, lastLine } = require('./child')
const { minute, outcome, tail } = require('./checks')
const { gemmCases, gemmId, gemmLine, workloadCases } = require('./cases')

/** Of what there is; undefined of nothing. */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]

/** Peaks of arithmetic and memory, and times of launches. */
async function peaks(context) {
  const run = await context.run(context.program('gpu_peaks'), context.standIn ? ['--tiny'] : [], {
    seconds: 10 * minute,
  })
  const found = jsonLines(run.output)
  context.results.peaks = found
  const failed = found.filter((line) => line.failed)
  if (failed.length > 0)
    return outcome('failed', failed.map(({ name, failed: why }) => `${name}: ${why}`).join('; '), tail(run.output))
  if (!run.ok) return outcome('failed', run.reason, tail(run.output))
  const skipped = found.filter((line) => line.skipped).length
  return outcome('passed', `${found.length - skipped} measured, ${skipped} skipped`)
}

/** Adds the answers of one round to the rows. */
function collect(rows, lines, whose) {
  const byId = new Map(lines.map((line) => [line.name, line]))
  for (const row of rows) {
    const line = byId.get(gemmId(row))
    if (!line) continue
    if (line.microseconds) row[whose].push(median(line.microseconds))
    if (line.launches) row.launches = line.launches
    if (line.way) row.torchWay = line.way
    if (line.skipped) row.skipped = line.skipped
    if (line.failed) row[`${whose}Failed`] = line.failed
  }
}

async function gemms(context) {
  const rows = gemmCases(context.standIn).map((each) => ({ ...each, ours: [], torch: [] }))
  context.results.gemms = rows
  const problems = []
  for (let round = 1; round <= context.options.rounds; round++) {
    console.log(`round ${round}`)
    const [program, ...args] = context.gemm({ tiny: context.standIn })
    // What was skipped or has failed once does so again.
    const left = rows.filter((row) => !row.skipped && !row.oursFailed)
    const input = left.map(gemmLine).join('')
    const run = await context.run(program, args, { seconds: 30 * minute, input, quiet: true })
    const lines = jsonLines(run.output)
    collect(rows, lines, 'ours')
    if (!run.ok && !lines.some((line) => line.failed)) problems.push(run.reason)
    const unknown = lines.filter((line) => line.failed && !rows.some((row) => gemmId(row) === line.name))
    problems.push(...unknown.map((line) => `${line.name}: ${line.failed}`))
    if (problems.length > 0) break
    await gemmsOfPyTorch(context, rows)
  }
  for (const row of rows) {
    row.microseconds = median(row.ours)
    row.torchMicroseconds = median(row.torch)
    if (row.oursFailed) problems.push(`${gemmId(row)}: ${row.oursFailed}`)
    else if (!row.skipped && row.ours.length === 0) problems.push(`${gemmId(row)}: no answer`)
  }
  if (problems.length > 0) return outcome('failed', problems.slice(0, 5).join('; '), problems.join('\n'))
  const skipped = rows.filter((row) => row.skipped)
  const note = `${rows.length - skipped.length} products checked and timed, ${context.torchNote()}`
  return outcome('passed', skipped.length > 0 ? `${note}; ${skipped.length} skipped: ${skipped[0].skipped}` : note)
}

async function gemmsOfPyTorch(context, rows) {
  const { torch } = context
  if (torch.reason) return
  const left = rows.filter((row) => !row.skipped && !row.torchFailed)
  const args = ['bench/gpu/gemm_pytorch.py', torch.device, ...(context.standIn ? ['--tiny'] : [])]
  const input = left.map(gemmLine).join('')
  const run = await context.run(torch.program, args, { seconds: 30 * minute, input, quiet: true })
  collect(rows, jsonLines(run.output), 'torch')
  if (!run.ok) context.complain(`PyTorch's products: ${run.reason}: ${lastLine(run.output)}`)
}

/** Whether the costs of the first steps agree: both compute the same thing. */
function costsDiffer(ours, theirs, precision) {
  // Rounded operands: 2^-8 of each term in bf16; Adam makes steps of full size of the smallest gradients.
  const tolerance = precision === 'bf16' ? 0.1 : precision === 'tf32' ? 0.02 : 2e-3
  return ours.some((cost, i) => !(Math.abs(cost - theirs[i]) <= tolerance * Math.max(1, Math.abs(theirs[i]))))
}

async function ourWorkload(context, workload, device) {
  const seconds = 20 * minute
  const args = ['bench/gpu/workload.js', JSON.stringify(workload), device]
  const run = await context.run(process.execPath, args, { seconds, quiet: true })
  const [found] = jsonLines(run.output)
  if (!run.ok || !found) throw new Error(`on ${device}: ${run.reason || 'no answer'}: ${lastLine(run.output)}`)
  if (!found.finite) throw new Error(`on ${device}: a cost is not finite`)
  return found
}

/** One round of one workload; throws what is wrong with ours. */
async function workloadRound(context, row) {
  const gpu = await ourWorkload(context, row.workload, 'cuda')
  row.ours.push(median(gpu.microseconds))
  if (row.cpuMicroseconds === undefined) {
    const cpu = await ourWorkload(context, { ...row.workload, epochs: 3 }, 'cpu')
    row.cpuMicroseconds = median(cpu.microseconds)
    if (costsDiffer(gpu.costs, cpu.costs, row.precision))
      throw new Error(`the first costs are ${gpu.costs} on the GPU and ${cpu.costs} on the CPU`)
  }
  const { torch } = context
  if (torch.reason) return
  const args = ['bench/gpu/step_pytorch.py', JSON.stringify(row.workload), torch.device]
  const run = await context.run(torch.program, args, { seconds: 20 * minute, quiet: true })
  const lines = jsonLines(run.output)
  for (const line of lines.filter((each) => each.microseconds)) {
    row.torch[line.name] ??= []
    row.torch[line.name].push(median(line.microseconds))
    if (line.costs && costsDiffer(gpu.costs, line.costs, row.precision))
      throw new Error(`the first costs are ${gpu.costs} here and ${line.costs} in PyTorch`)
  }
  for (const line of lines.filter((each) => each.failed)) context.complain(`PyTorch, ${row.name}: ${line.failed}`)
  if (!run.ok) context.complain(`PyTorch, ${row.name}: ${run.reason}: ${lastLine(run.output)}`)
}

async function workloads(context) {
  const rows = workloadCases(context.standIn).map((workload) => ({
    name: workload.name,
    precision: workload.precision,
    workload,
    ours: [],
    torch: {},
  }))
  context.results.workloads = rows
  for (const row of rows) {
    for (let round = 1; round <= context.options.rounds && !row.failed; round++) {
      try {
        await workloadRound(context, row)
      } catch (error) {
        row.failed = error.message
      }
    }
    row.microseconds = median(row.ours)
    row.torchEagerMicroseconds = median(row.torch.eager ?? [])
    row.torchGraphMicroseconds = median(row.torch.graph ?? [])
    const text = row.failed ?? `${row.microseconds.toFixed(1)} us a step`
    console.log(`${row.name} ${row.precision}: ${text}`)
    context.save()
  }
  const failed = rows.filter((row) => row.failed)
  const texts = failed.map((row) => `${row.name} ${row.precision}: ${row.failed}`)
  if (failed.length > 0) return outcome('failed', texts.join('; '))
  return outcome('passed', `${rows.length} workloads, ${context.torchNote()}`)
}

module.exports = { peaks, gemms, workloads, costsDiffer, median }
