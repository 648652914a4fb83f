'use strict'
// npm run gpu [-- options]: everything there is to know about the CUDA backend on a machine with a GPU and the CUDA
// toolkit. Builds, runs the whole test suite and the CUDA tests on the GPU, and compute-sanitizer where it is
// installed; then measures what the GPU can do, the matrix products and the workloads of bench/, beside PyTorch where
// it is. Ends with one table, out/gpu.json (written after every stage), and exit code 1 if anything failed. Options:
// scripts/gpu/options.js.
const fs = require('node:fs')
const path = require('node:path')
const { ensure } = require('./build/ensure')
const { build, device, onGpu, outcome, sanitizer, suite, tools } = require('./gpu/checks')
const { gemms, peaks, workloads } = require('./gpu/bench')
const { runLimited } = require('./gpu/child')
const { describeMachine, findPyTorch } = require('./gpu/machine')
const { chooseStages, parseOptions } = require('./gpu/options')
const { reportText } = require('./gpu/table')
const { root, main, which } = require('./tools')

/** `needed`: nothing can follow where it failed. `bench`: left out by --no-bench. */
const allStages = [
  { name: 'tools', needed: true, run: tools },
  { name: 'build', needed: true, run: build },
  { name: 'device', needed: true, run: device },
  { name: 'npm test', run: suite },
  { name: 'tests on the GPU', run: onGpu },
  ...['memcheck', 'racecheck', 'synccheck'].map((tool) => ({
    name: `compute-sanitizer ${tool}`,
    run: (context) => sanitizer(context, tool),
  })),
  { name: 'bench: peaks', bench: true, run: peaks },
  { name: 'bench: matrix products', bench: true, run: gemms },
  { name: 'bench: workloads', bench: true, run: workloads },
]

/** What the stages share: how to run programs, where the built ones are, and the results so far. */
class Context {
  constructor(options) {
    this.options = options
    this.standIn = options.standIn
    this.library = null
    this.programs = null
    this.torch = findPyTorch(options.python, options.standIn)
    this.results = {
      format: 1,
      mode: options.standIn ? 'stand-in' : 'gpu',
      machine: {
        ...describeMachine(),
        torch: this.torch.torch ?? null,
        computeSanitizer: which('compute-sanitizer') !== null,
      },
      options,
      stages: [],
      complaints: this.torch.reason ? [`Not compared with PyTorch: ${this.torch.reason}.`] : [],
    }
  }

  env() {
    return { ...process.env, ...(this.library ? { MYELIN_CUDA_LIBRARY: this.library } : {}) }
  }
  run(command, args, options) {
    return runLimited(command, args, { env: this.env(), ...options, seconds: options.seconds * this.options.patience })
  }
  program(name) {
    return path.join(this.programs, name)
  }
  gemm({ tiny }) {
    return [this.program('gpu_gemm'), this.library, ...(tiny ? ['--tiny'] : [])]
  }
  torchNote() {
    return this.torch.reason ? 'not compared with PyTorch' : `PyTorch ${this.torch.torch}`
  }
  /** What went wrong with others than ours: printed with the results, and not a failure. */
  complain(text) {
    if (!this.results.complaints.includes(text)) this.results.complaints.push(text)
  }
  save() {
    const file = path.resolve(root, this.options.output)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(`${file}.new`, JSON.stringify(this.results, null, 2) + '\n')
    fs.renameSync(`${file}.new`, file)
  }
}

async function runStage(stage, context) {
  const began = Date.now()
  let found
  try {
    found = await stage.run(context)
  } catch (error) {
    found = outcome('failed', error instanceof Error ? error.message : String(error))
  }
  context.results.stages.push({ name: stage.name, ...found, seconds: Math.round((Date.now() - began) / 1000) })
  console.log(`== ${stage.name}: ${found.status}${found.note ? `, ${found.note}` : ''}`)
  context.save()
  return found.status
}

async function gpu(args) {
  const options = parseOptions(args)
  const stages = chooseStages(allStages, options)
  ensure()
  const context = new Context(options)
  let missing = null
  for (const stage of stages) {
    if (missing) {
      context.results.stages.push({ name: stage.name, ...outcome('skipped', `needs '${missing}'`), seconds: 0 })
      continue
    }
    console.log(`\n== ${stage.name}`)
    const status = await runStage(stage, context)
    if (stage.needed && status !== 'passed') missing = stage.name
  }
  context.save()
  console.log(`\n${reportText(context.results)}\n\nin numbers: ${options.output}`)
  const failed = context.results.stages.filter(({ status }) => status === 'failed')
  for (const { name, note } of failed) console.error(`\nerror: ${name}: ${note}`)
  if (failed.length > 0) process.exitCode = 1
}

main(() => gpu(process.argv.slice(2)))
