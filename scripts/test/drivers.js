'use strict'
// The native drivers (test/native/core, test/native/kernels, bench/*.cpp with --check): C++ programs over the core and
// the kernels without the addon. Each ends with 0 when all its checks pass.
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { cmakeBuild } = require('../cmake-build')
const { root, tryRun } = require('../tools')

const drivers = [
  { program: 'core_core_test', args: [] },
  { program: 'core_refusals', args: [] },
  { program: 'core_rows', args: [] },
  { program: 'core_regions', args: [] },
  { program: 'core_blocks', args: [] },
  { program: 'core_cores', args: [] },
  { program: 'core_fuzz_decode', args: [] },
  { program: 'kernels_kernels', args: [] },
  { program: 'kernels_fused', args: [] },
  { program: 'kernels_accuracy', args: [] },
  { program: 'bench_matmul', args: ['--check', '--quick'], whole: ['--check'] },
]

const driverNames = () => drivers.map(({ program }) => program)

/**
 * Builds the drivers in the folder `build` (default: that of the addon, so that no kernel is compiled twice) and runs
 * them, all or those of `only`. `whole`: with their longer checks.
 */
function runDrivers({ build = 'build/cmake', options = [], env = {}, whole = false, only = driverNames() }) {
  cmakeBuild({ binaryDir: build, options: ['-DMYELIN_TESTS=ON', ...options] })
  const totals = { passed: 0, failed: 0, skipped: 0 }
  for (const driver of drivers.filter(({ program }) => only.includes(program))) {
    const args = (whole && driver.whole) || driver.args
    const title = [driver.program, ...args, env.MYELIN_ISA].filter(Boolean).join(' ')
    const { ok } = tryRun(path.join(root, build, driver.program), args, { env: { ...process.env, ...env } })
    console.log(`${ok ? 'passed' : 'failed'}: ${title}`)
    totals[ok ? 'passed' : 'failed']++
  }
  return totals
}

/** Those of this machine, as the backend's own message names them. */
function instructionSets() {
  const script = `require(${JSON.stringify(path.join(root, 'dist'))}).tensor([1])`
  const { stderr } = spawnSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, MYELIN_ISA: 'none' },
  })
  return [...new Set(stderr.match(/x86-64-v\d|aarch64|reference/g))]
}

module.exports = { driverNames, runDrivers, instructionSets }
