'use strict'
// Brings a tree, also a fresh clone, to the point where everything can run: packages, addon, dist. Does only what is
// missing or older than its sources.
const fs = require('node:fs')
const path = require('node:path')
const { buildNative, nativeStamp } = require('../build-native')
const { buildTs, tsStamp } = require('../build-ts')
const { npm } = require('../lib/npm')
const { isOlder } = require('../lib/stamps')
const { root, Failure, filesUnder, withLock, main } = require('../tools')

function ensure() {
  checkNode()
  ensurePackages()
  ensureNative()
  ensureTs()
}

function checkNode() {
  const wanted = /(\d+)\.(\d+)/.exec(require('../../package.json').engines.node)
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < Number(wanted[1]) || (major === Number(wanted[1]) && minor < Number(wanted[2]))) {
    throw new Failure(`Myelin needs Node.js ${wanted[0]} or newer; this is ${process.version}`)
  }
}

function ensurePackages() {
  if (packagesMatch()) return
  withLock('packages', () => {
    if (packagesMatch()) return
    console.log('installing development packages (npm ci)')
    const { ok, reason } = npm(['ci', '--no-audit', '--no-fund'])
    if (!ok) throw new Failure(`npm ci failed: ${reason}`)
  })
}

/** node_modules holds what package-lock.json asks for. Packages for other platforms are optional and may be absent. */
function packagesMatch() {
  const installedLock = path.join(root, 'node_modules/.package-lock.json')
  if (!fs.existsSync(installedLock)) return false
  const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8')).packages
  const installed = read(installedLock)
  return Object.entries(read(path.join(root, 'package-lock.json'))).every(
    ([name, entry]) => name === '' || entry.optional || entry.peer || installed[name]?.version === entry.version,
  )
}

function ensureNative() {
  const sources = ['CMakeLists.txt', 'package.json', 'scripts/cmake-build.js', ...filesUnder('native')]
  const isBuilt = fs.existsSync(path.join(root, 'build/Release/myelin.node'))
  if (isBuilt && !isOlder(nativeStamp, sources)) return
  console.log('building the native part')
  buildNative()
}

function ensureTs() {
  const sources = ['tsconfig.json', 'package.json', 'scripts/build-ts.js', ...filesUnder('lib', /\.ts$/)]
  const isBuilt = fs.existsSync(path.join(root, 'dist/index.d.mts'))
  if (isBuilt && !isOlder(tsStamp, sources)) return
  console.log('compiling lib to dist')
  buildTs()
}

module.exports = { ensure, ensurePackages }

if (require.main === module) main(ensure)
