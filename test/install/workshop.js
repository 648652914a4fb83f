'use strict'
// What the install cases share: a temporary folder, the tarball, runtimes from the registry (kept in build/runtimes), and
// programs run with nothing but a bare PATH.
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { binaryOf, hostTarget } = require('../../scripts/prebuild-targets')
const { root, isOlder, filesUnder } = require('../../scripts/tools')

/** A case that cannot run here. */
class Skip extends Error {}

const consumers = path.join(__dirname, 'consumers')

function makeWorkshop() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'myelin-install-'))
  const cleanups = []
  let installed = null
  let tarball = null

  /** Runs a program and returns what it printed; throws with all of it when it fails. `input` options as for spawnSync. */
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
    const cli =
      process.env.npm_execpath ??
      path.resolve(fs.realpathSync(process.execPath), '../../lib/node_modules/npm/bin/npm-cli.js')
    if (!fs.existsSync(cli)) throw new Skip('npm was not found beside Node.js')
    return call(process.execPath, [cli, ...args], options)
  }

  /** The packed package; the binary for this machine is made first when it is missing or older than its sources. */
  function pack() {
    if (tarball) return tarball
    const target = hostTarget()
    if (!target) throw new Error(`there is no prebuild target for ${process.platform}-${process.arch}`)
    const sources = [
      'CMakeLists.txt',
      ...filesUnder('native', /\.(h|cpp|map)$/).filter((file) => !file.includes('cuda')),
    ]
    const binary = path.join('prebuilds', binaryOf(target))
    if (isOlder(binary, sources)) call(process.execPath, [path.join(root, 'scripts/prebuild.js'), target.name])
    npm(['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
    tarball = path.join(
      folder,
      fs.readdirSync(folder).find((name) => name.endsWith('.tgz')),
    )
    return tarball
  }

  /** npm install of the tarball into an empty folder, scripts off, PATH bare. Made once. */
  function install() {
    if (installed) return installed
    const home = path.join(folder, 'installed')
    fs.mkdirSync(home)
    fs.writeFileSync(path.join(home, 'package.json'), '{ "name": "consumer", "version": "1.0.0", "private": true }\n')
    // npm keeps its own settings and cache; only PATH is bare.
    const env = { ...process.env, PATH: bareEnvironment().PATH }
    npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', pack()], { cwd: home, env })
    fs.cpSync(consumers, home, { recursive: true })
    installed = home
    return home
  }

  return {
    folder,
    root,
    call,
    npm,
    pack,
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
    /** The program `file` of a package of the registry, kept in build/runtimes. */
    runtime(name, spec, file) {
      const home = path.join(root, 'build/runtimes', name)
      const program = path.join(home, 'node_modules/runtime', file)
      if (!fs.existsSync(program)) {
        fs.mkdirSync(home, { recursive: true })
        fs.writeFileSync(path.join(home, 'package.json'), '{ "name": "runtime-holder", "private": true }\n')
        const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--force', '--no-save']
        try {
          npm(['install', ...flags, `runtime@npm:${spec}`], { cwd: home })
        } catch (error) {
          throw new Skip(`${spec} could not be had: ${error.message.split('\n').slice(0, 2).join(' ')}`)
        }
      }
      return program
    },
    onClose: (cleanup) => cleanups.push(cleanup),
    close() {
      cleanups.forEach((cleanup) => cleanup())
      fs.rmSync(folder, { recursive: true, force: true })
    },
  }
}

module.exports = { makeWorkshop, Skip }
