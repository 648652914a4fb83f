'use strict'
// npm run prebuilds [-- target …]: prebuilds/<platform>-<arch>/myelin[.<libc>].node, by prebuildify through
// binding.gyp, with libmyelin_cuda.so beside that for Linux x64 where there is nvcc. Targets:
// scripts/package/prebuild-targets.js; default: this machine's; `all`: every one that can be built here.
//
//   --no-cuda   without the CUDA library, which takes nvcc minutes for each of its architectures
const fs = require('node:fs')
const path = require('node:path')
const { buildCuda } = require('./build-cuda')
const { checkFloors } = require('./package/check-floors')
const { writeChecksums } = require('./package/checksums')
const { ensurePackages } = require('./build/ensure')
const { binaryOf, cudaLibrary, cudaTarget, hostTarget, recipe, targets } = require('./package/prebuild-targets')
const { tool } = require('./lib/npm')
const { root, Failure, main, readArguments, run, which } = require('./tools')
const { zigToolchain } = require('./package/zig')

/** What a source build needs: the files that the package holds for it, and binding.gyp. */
const sources = [
  'native',
  'binding.gyp',
  'CMakeLists.txt',
  'package.json',
  'scripts/cmake-build.js',
  'scripts/tools.js',
]

/** `cuda`: 'build', 'leave out', or 'keep' what is there, without nvcc. */
function prebuild(target, cuda) {
  const { cmake, strip, zig } = recipe(target)
  const work = path.join(root, 'build/prebuild', target.name)
  const stage = path.join(work, 'package')
  copySources(stage)
  // node-gyp empties <stage>/build; the objects live beside it, so that a second run compiles only what changed.
  const options = [...cmake]
  // For the C++ library that Zig compiles when it links; our own files have them from CMakeLists.txt.
  if (zig) options.push('-DCMAKE_CXX_FLAGS=-ffunction-sections -fdata-sections')
  if (zig) options.push(...zigToolchain(zig, path.join(work, 'compiler')))
  const env = {
    ...process.env,
    MYELIN_CMAKE_DIR: path.join(work, 'cmake'),
    MYELIN_CMAKE_OPTIONS: JSON.stringify(options),
    ...nodeGyp(),
  }
  const args = ['--napi', ...(strip ? ['--strip', '--strip-bin', strip] : []), '--cwd', stage, '--out', work]
  args.push('--platform', target.platform, '--arch', target.arch)
  if (target.libc) args.push('--tag-libc', target.libc)
  args.push('--target', process.version)
  run(process.execPath, [tool('prebuildify', 'bin.js'), ...args], { env })
  const made = path.join(work, 'prebuilds', path.dirname(binaryOf(target)))
  const home = path.join(root, 'prebuilds', path.dirname(binaryOf(target)))
  if (target.name === cudaTarget && cuda === 'build') addCudaLibrary(made)
  // One of an earlier run would be packed all the same.
  else if (target.name === cudaTarget && cuda === 'leave out')
    for (const folder of [made, home]) fs.rmSync(path.join(folder, cudaLibrary), { force: true })
  install(made, home)
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

/** The CUDA library, for all architectures, goes beside the binary for Linux x64. */
function addCudaLibrary(folder) {
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

/** The targets that were asked for. Throws where one is unknown or cannot be built here. */
function chosenTargets(names) {
  if (names.includes('all')) return targets.filter((target) => !recipe(target).reason)
  const unknown = names.filter((name) => !targets.some((target) => target.name === name))
  if (unknown.length > 0)
    throw new Failure(`unknown target '${unknown[0]}'; there are: ${targets.map((t) => t.name).join(', ')}, all`)
  const host = hostTarget()
  if (names.length === 0 && !host)
    throw new Failure(
      `there is no target for ${process.platform}-${process.arch}: \`npm run build\` builds for this machine`,
    )
  const wanted = names.length > 0 ? targets.filter((target) => names.includes(target.name)) : [host]
  for (const target of wanted) {
    const { reason } = recipe(target)
    if (reason) throw new Failure(reason)
  }
  return wanted
}

/** What is about to be compiled, and what not, said before the minutes that it takes. */
function announce(wanted, cuda) {
  for (const target of wanted) console.log(`to compile: ${binaryOf(target)} (minutes the first time)`)
  if (!wanted.some(({ name }) => name === cudaTarget)) return
  const library = `${path.dirname(binaryOf(targets.find(({ name }) => name === cudaTarget)))}/${cudaLibrary}`
  if (cuda === 'leave out') console.log(`left out: ${library} (--no-cuda): this package will not use GPUs`)
  else if (cuda === 'keep') console.log(`not compiled: ${library}: no nvcc on PATH, and CUDACXX does not name one`)
  else console.log(`to compile: ${library}, for every GPU architecture (many minutes; --no-cuda leaves it out)`)
}

function prebuildAll(args) {
  const { options, names } = readArguments(args, __filename, { known: { 'no-cuda': true }, names: true })
  const wanted = chosenTargets(names)
  const cuda = options['no-cuda'] ? 'leave out' : process.env.CUDACXX || which('nvcc') ? 'build' : 'keep'
  announce(wanted, cuda)
  ensurePackages()
  for (const target of wanted) prebuild(target, cuda)
  checkFloors()
}

module.exports = { nodeGyp }

if (require.main === module) main(() => prebuildAll(process.argv.slice(2)))
