'use strict'
// npm run prebuilds [-- target …]: prebuilds/<platform>-<arch>/myelin[.<libc>].node, by prebuildify through binding.gyp, with
// libmyelin_cuda.so beside that for Linux x64 where there is nvcc. Targets: scripts/prebuild-targets.js; default: this
// machine's; `all`: every one that can be built here.
const fs = require('node:fs')
const path = require('node:path')
const { buildCuda } = require('./build-cuda')
const { checkFloors } = require('./check-floors')
const { writeChecksums } = require('./checksums')
const { ensurePackages } = require('./ensure')
const { binaryOf, cudaLibrary, cudaTarget, hostTarget, recipe, targets } = require('./prebuild-targets')
const { root, Failure, main, run, tool } = require('./tools')
const { zigToolchain } = require('./zig')

/** What a source build needs: the files that the package holds for it, and binding.gyp. */
const sources = [
  'native',
  'binding.gyp',
  'CMakeLists.txt',
  'package.json',
  'scripts/cmake-build.js',
  'scripts/tools.js',
]

function prebuild(target) {
  const { cmake, strip, zig, reason } = recipe(target)
  if (reason) throw new Failure(reason)
  const home = path.join(root, 'build/prebuild', target.name)
  const stage = path.join(home, 'package')
  copySources(stage)
  // node-gyp empties <stage>/build; the objects live beside it, so that a second run compiles only what changed.
  const options = [...cmake, '-DCMAKE_CXX_FLAGS=-ffunction-sections -fdata-sections']
  if (zig) options.push(...zigToolchain(zig, path.join(home, 'compiler')))
  const env = {
    ...process.env,
    MYELIN_CMAKE_DIR: path.join(home, 'cmake'),
    MYELIN_CMAKE_OPTIONS: JSON.stringify(options),
    ...nodeGyp(),
  }
  const args = ['--napi', ...(strip ? ['--strip', '--strip-bin', strip] : []), '--cwd', stage, '--out', home]
  args.push('--platform', target.platform, '--arch', target.arch)
  if (target.libc) args.push('--tag-libc', target.libc)
  args.push('--target', process.version)
  run(process.execPath, [tool('prebuildify', 'bin.js'), ...args], { env })
  const made = path.join(home, 'prebuilds', path.dirname(binaryOf(target)))
  addCudaLibrary(target, made)
  install(made, path.join(root, 'prebuilds', path.dirname(binaryOf(target))))
  writeChecksums()
}

/** A copy, because node-gyp deletes and writes build/ where it runs. Dates are kept: make goes by them. */
function copySources(stage) {
  for (const source of sources) {
    const to = path.join(stage, source)
    fs.rmSync(to, { recursive: true, force: true })
    fs.cpSync(path.join(root, source), to, { recursive: true, preserveTimestamps: true })
  }
  const modules = path.join(stage, 'node_modules')
  fs.rmSync(modules, { force: true })
  fs.symlinkSync(path.join(root, 'node_modules'), modules, 'junction')
}

/** npm's own node-gyp, and this Node's headers where they are installed: then nothing is fetched. */
function nodeGyp() {
  const prefix = path.resolve(fs.realpathSync(process.execPath), '../..')
  const env = {}
  if (fs.existsSync(path.join(prefix, 'include/node/node_api.h'))) env.npm_config_nodedir = prefix
  const program = path.join(prefix, 'lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js')
  if (fs.existsSync(program)) env.PREBUILD_NODE_GYP = program
  return env
}

/** The CUDA library, for all architectures, goes beside the binary for Linux x64, wherever there is nvcc. */
function addCudaLibrary(target, folder) {
  if (target.name !== cudaTarget) return
  const outputDir = 'build/cuda-release'
  if (!buildCuda({ outputDir })) return
  const to = path.join(folder, cudaLibrary)
  fs.copyFileSync(path.join(root, outputDir, cudaLibrary), to)
  run('strip', ['--strip-unneeded', to])
}

/** Other variants of the same platform (musl beside glibc) stay. */
function install(from, to) {
  fs.mkdirSync(to, { recursive: true })
  for (const name of fs.readdirSync(from)) {
    // Renamed into place: a process that has the old one open keeps it.
    const next = path.join(to, `${name}.new`)
    fs.copyFileSync(path.join(from, name), next)
    fs.renameSync(next, path.join(to, name))
  }
}

function prebuildAll(names) {
  ensurePackages()
  if (names.includes('all')) names = targets.filter((target) => !recipe(target).reason).map((target) => target.name)
  const unknown = names.filter((name) => !targets.some((target) => target.name === name))
  if (unknown.length > 0)
    throw new Failure(`unknown target '${unknown[0]}'; there are: ${targets.map((t) => t.name).join(', ')}`)
  const host = hostTarget()
  if (names.length === 0 && !host)
    throw new Failure(
      `there is no target for ${process.platform}-${process.arch}: \`npm run build\` builds for this machine`,
    )
  const wanted = names.length > 0 ? targets.filter((target) => names.includes(target.name)) : [host]
  wanted.forEach(prebuild)
  checkFloors()
}

module.exports = { nodeGyp }

if (require.main === module) main(() => prebuildAll(process.argv.slice(2)))
