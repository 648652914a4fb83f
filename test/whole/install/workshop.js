'use strict'
// What the install cases share: a temporary folder, the tarball, and programs run with nothing but a bare PATH.
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { writeChecksums } = require('../../../scripts/package/checksums')
const {
  binaryOf,
  cudaLibrary,
  cudaTarget,
  hostTarget,
  recipe,
  targets,
} = require('../../../scripts/package/prebuild-targets')
const { makeSupplies } = require('./supplies')
const { Skip } = require('./skip')
const { npmCli } = require('../../../scripts/lib/npm')
const { isOlder } = require('../../../scripts/lib/stamps')
const { root, filesUnder, which } = require('../../../scripts/tools')

const consumers = path.join(__dirname, 'consumers')

/** Besides this machine's. */
const triedHere = ['linux-arm64', 'linux-x64-musl']

/** Is a binary missing or older than its sources and recipes? */
function isStale(target) {
  const isCuda = (file) => file.includes('cuda') // as whole folder or in the name
  const sources = filesUnder('native', /\.(h|cpp|cu|cuh|map)$/)
  const binary = path.join('prebuilds', binaryOf(target))
  const recipes = ['CMakeLists.txt', 'scripts/package/prebuild-targets.js', 'scripts/package/zig.js']
  if (isOlder(binary, [...recipes, ...sources.filter((file) => !isCuda(file))])) return true
  const hasCuda = target.name === cudaTarget && (process.env.CUDACXX || which('nvcc'))
  return hasCuda && isOlder(path.join(path.dirname(binary), cudaLibrary), sources)
}

/** What `make` returns or throws, made once: every case that needs it says the first reason. */
function once(make) {
  let made
  return () => {
    made ??= attempt(make)
    if (made.error) throw made.error
    return made.value
  }
}

function attempt(make) {
  try {
    return { value: make() }
  } catch (error) {
    return { error }
  }
}

function makeWorkshop() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'myelin-install-'))
  const supplies = makeSupplies()
  const notBuilt = {}

  /**
   * Runs a program and returns what it printed; throws with all of it when it fails. `input` options as for spawnSync.
   */
  function call(program, args, options = {}) {
    const result = spawnSync(program, args, { encoding: 'utf8', timeout: 400_000, maxBuffer: 2 ** 26, ...options })
    const output = `${result.stdout ?? ''}${result.stderr ?? ''}`
    if (result.error || result.status !== 0) {
      const why = result.error?.message ?? (result.signal ? `ended by ${result.signal}` : `code ${result.status}`)
      throw new Error(`${path.basename(program)} ${args.join(' ')}: ${why}\n${output}`)
    }
    return output
  }

  /** No compiler, cmake, make or python: a PATH with a shell and one Node. HOME and TMPDIR are empty folders. */
  function bareEnvironment(node = process.execPath) {
    const bin = fs.mkdtempSync(path.join(folder, 'bin-'))
    fs.symlinkSync(fs.realpathSync('/bin/sh'), path.join(bin, 'sh'))
    fs.symlinkSync(node, path.join(bin, 'node'))
    const [home, tmp] = ['home', 'tmp'].map((name) => fs.mkdtempSync(path.join(folder, `${name}-`)))
    return { PATH: bin, HOME: home, TMPDIR: tmp, LANG: 'C.UTF-8' }
  }

  function npm(args, options) {
    const cli = npmCli()
    if (!cli) throw new Skip('npm was not found beside Node.js')
    return call(process.execPath, [cli, ...args], options)
  }

  /**
   * The packed package. Binaries that can be tried here are made first when they are missing or older than their
   * sources.
   */
  const pack = once(() => {
    if (!hostTarget()) throw new Error(`there is no prebuild target for ${process.platform}-${process.arch}`)
    for (const target of targets.filter((each) => triedHere.includes(each.name) || each === hostTarget())) {
      const { reason } = recipe(target)
      if (reason) notBuilt[target.name] = reason
      else if (isStale(target)) build(target)
    }
    // Of binaries that were put there by hand too, as the release workflow does.
    writeChecksums()
    npm(['pack', '--silent', '--pack-destination', folder], { cwd: root })
    return path.join(
      folder,
      fs.readdirSync(folder).find((name) => name.endsWith('.tgz')),
    )
  })

  function build(target) {
    try {
      call(process.execPath, [path.join(root, 'scripts/prebuild.js'), target.name], { timeout: 1_800_000 })
    } catch (error) {
      if (target === hostTarget()) throw error
      notBuilt[target.name] = error.message.trim().split('\n').at(-1)
    }
  }

  /** npm install of the tarball into an empty folder, scripts off, PATH bare. Made once. */
  const install = once(() => {
    const file = pack()
    const home = path.join(folder, 'installed')
    fs.mkdirSync(home)
    fs.writeFileSync(path.join(home, 'package.json'), '{ "name": "consumer", "version": "1.0.0", "private": true }\n')
    // npm keeps its own settings and cache; only PATH is bare.
    const env = { ...process.env, PATH: bareEnvironment().PATH }
    npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', file], { cwd: home, env })
    fs.cpSync(consumers, home, { recursive: true })
    return home
  })

  return {
    folder,
    root,
    supplies,
    call,
    npm,
    pack,
    /** Why the tarball lacks the binary of a target. */
    notBuilt,
    install,
    bareEnvironment,
    /** A copy of the installation, in a folder of this name. */
    copy(name) {
      const to = path.join(folder, name)
      fs.cpSync(install(), to, { recursive: true, verbatimSymlinks: true })
      return to
    },
    /** Runs a consumer's file with a Node in an installation. */
    consume(file, { node = process.execPath, home = install(), args = [], env = {} } = {}) {
      return call(node, [file, ...args], { cwd: home, env: { ...bareEnvironment(node), ...env } })
    },
    /** Like consume, for what must fail: its output. A crash (a signal) is an error here. */
    consumeFailing(file, { home, node = process.execPath }) {
      const result = spawnSync(node, [file], { cwd: home, env: bareEnvironment(node), encoding: 'utf8' })
      if (result.signal) throw new Error(`ended by ${result.signal} instead of with an error`)
      if (result.status === 0) throw new Error(`it worked, and should not have: ${result.stdout}`)
      return result.stderr
    },
    close() {
      fs.rmSync(folder, { recursive: true, force: true })
    },
  }
}

module.exports = { makeWorkshop }
