'use strict'
// The platforms that Myelin is published for, and where each binary is made. `crossFrom`: on which other platforms it
// can be built; `tools`: programs that this needs; `zig`: or what to ask Zig's compiler for, which comes from npm
// (scripts/package/zig.js); `cmake`: options that make CMake build for that platform from this one.
const { which } = require('../tools')

const aarch64 = 'aarch64-linux-gnu'

const targets = [
  { name: 'linux-x64', platform: 'linux', arch: 'x64', libc: 'glibc', cmake: ['-DMYELIN_OLD_GLIBC=ON'] },
  {
    name: 'linux-arm64',
    platform: 'linux',
    arch: 'arm64',
    libc: 'glibc',
    cmake: ['-DMYELIN_OLD_GLIBC=ON'],
    crossFrom: {
      'linux-x64': {
        tools: [`${aarch64}-g++`],
        install: `sudo apt-get install g++-${aarch64}`,
        strip: `${aarch64}-strip`,
        cmake: [
          '-DCMAKE_SYSTEM_NAME=Linux',
          '-DCMAKE_SYSTEM_PROCESSOR=aarch64',
          `-DCMAKE_CXX_COMPILER=${aarch64}-g++`,
          `-DCMAKE_C_COMPILER=${aarch64}-gcc`,
          // Only programs of this machine, libraries of the other.
          '-DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER',
        ],
      },
    },
  },
  {
    name: 'linux-x64-musl',
    platform: 'linux',
    arch: 'x64',
    libc: 'musl',
    cmake: [],
    crossFrom: {
      'linux-x64': {
        tools: [],
        zig: 'x86_64-linux-musl',
        strip: 'strip',
        cmake: ['-DCMAKE_SYSTEM_NAME=Linux', '-DCMAKE_SYSTEM_PROCESSOR=x86_64'],
      },
    },
  },
  { name: 'darwin-arm64', platform: 'darwin', arch: 'arm64', cmake: ['-DCMAKE_OSX_DEPLOYMENT_TARGET=12.0'] },
  { name: 'darwin-x64', platform: 'darwin', arch: 'x64', cmake: ['-DCMAKE_OSX_DEPLOYMENT_TARGET=12.0'] },
  {
    name: 'win32-x64',
    platform: 'win32',
    arch: 'x64',
    // node-gyp on Windows wants Visual Studio, whose compiler cannot build the kernels.
    crossOnly: true,
    cmake: [],
    crossFrom: {
      'linux-x64': {
        tools: [],
        zig: 'x86_64-windows-gnu',
        strip: null,
        cmake: ['-DCMAKE_SYSTEM_NAME=Windows', '-DCMAKE_SYSTEM_PROCESSOR=AMD64'],
      },
    },
  },
]

const isMusl = () => process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime

/** The target that this machine is, or undefined. */
function hostTarget() {
  const libc = process.platform === 'linux' ? (isMusl() ? 'musl' : 'glibc') : undefined
  return targets.find((t) => t.platform === process.platform && t.arch === process.arch && t.libc === libc)
}

/** How to build a target here: { cmake, strip, zig }, or { reason } why not. `strip`: null when the linker does it. */
function recipe(target) {
  const host = hostTarget()
  if (target === host && !target.crossOnly) return { cmake: target.cmake, strip: 'strip' }
  const cross = host && target.crossFrom?.[host.name]
  if (!cross) {
    const machines = [...(target.crossOnly ? [] : [target.name]), ...Object.keys(target.crossFrom ?? {})]
    return { reason: `${target.name} is built on ${machines.join(' or ')} (.github/workflows/prebuild.yml)` }
  }
  const missing = cross.tools.filter((tool) => !which(tool))
  if (missing.length > 0) return { reason: `${missing.join(', ')} is missing: ${cross.install}` }
  return { cmake: [...target.cmake, ...cross.cmake], strip: cross.strip, zig: cross.zig }
}

/** Folder and file name below prebuilds/, as node-gyp-build looks for them. */
function binaryOf(target) {
  const tag = target.libc ? `.${target.libc}` : ''
  return `${target.platform}-${target.arch}/myelin${tag}.node`
}

/** The CUDA library lies beside the binary of this target. */
const cudaTarget = 'linux-x64'
const cudaLibrary = 'libmyelin_cuda.so'

module.exports = { targets, cudaTarget, cudaLibrary, hostTarget, recipe, binaryOf }
