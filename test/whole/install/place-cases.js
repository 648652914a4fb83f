'use strict'
// Places where the package is used: unusual folders, other distributions, other processors.
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { which } = require('../../../scripts/tools')
const { muslRuntime } = require('./musl')
const { Skip } = require('./skip')
const { systems } = require('./supplies')

function placeCases(workshop) {
  return [
    {
      name: 'path with spaces and letters like ü and 深',
      run: () => workshop.consume('train.js', { home: workshop.copy('a folder, ü 深度') }),
    },
    { name: 'read-only node_modules', run: () => readOnly(workshop) },
    ...Object.keys(systems).map((release) => ({
      name: `Debian ${release} without compiler`,
      run: () => debian(workshop, release),
    })),
    { name: 'linux-arm64, emulated', run: () => arm64(workshop) },
    { name: 'linux-x64 with musl', run: () => musl(workshop) },
    { name: 'linux-x64 with musl, only glibc binary', run: () => withoutMusl(workshop) },
    ...['macOS arm64', 'macOS x64', 'Windows x64'].map((name) => ({
      name,
      run: () => {
        throw new Skip('not run here: .github/workflows/prebuild.yml tries it on that system')
      },
    })),
  ]
}

/** Mounted read-only where that is allowed (a chmod means nothing to root), else without the right to write. */
function readOnly(workshop) {
  const home = workshop.copy('read-only')
  const modules = path.join(home, 'node_modules')
  const env = workshop.bareEnvironment()
  const probe = `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && ! touch "$1/x" 2>/dev/null`
  const isolated = ['-rm', 'sh', '-c', `${probe} && exec "$2" train.js`, 'sh', modules, process.execPath]
  if (which('unshare') && spawnSync('unshare', ['-rm', 'sh', '-c', probe, 'sh', modules]).status === 0)
    return workshop.call(which('unshare'), isolated, { cwd: home, env: { ...env, PATH: process.env.PATH } })
  if (process.getuid?.() === 0) throw new Skip('root may write everywhere, and mounts are not allowed here')
  const folders = [modules, ...fs.readdirSync(modules, { recursive: true }).map((name) => path.join(modules, name))]
  const directories = folders.filter((name) => fs.statSync(name).isDirectory())
  directories.forEach((name) => fs.chmodSync(name, 0o555))
  try {
    return workshop.consume('train.js', { home })
  } finally {
    directories.forEach((name) => fs.chmodSync(name, 0o755))
  }
}

const isLinuxX64 = process.platform === 'linux' && process.arch === 'x64'

async function debian(workshop, release) {
  if (!isLinuxX64) throw new Skip('the case is written for Linux x64')
  const home = workshop.install()
  const node = await workshop.supplies.runtime('node-20')
  const system = await workshop.supplies.system(release)
  const inside = fs.mkdtempSync(path.join(system, 'consumer-'))
  try {
    fs.cpSync(home, inside, { recursive: true, verbatimSymlinks: true })
    fs.copyFileSync(node, path.join(inside, 'node'))
    const at = `/${path.basename(inside)}`
    const doctor = './node node_modules/myelin/dist/cli.js doctor'
    const script = `cd ${at} && ! command -v gcc cc make cmake && ./node train.js && ${doctor}`
    const output = workshop.call('chroot', [system, '/bin/sh', '-c', script], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    })
    const { libc } = systems[release]
    if (!output.includes(`glibc ${libc}`)) throw new Error(`this is not glibc ${libc}:\n${output}`)
    return `glibc ${libc}: ${output.trim().split('\n').at(-1)}`
  } finally {
    fs.rmSync(inside, { recursive: true, force: true })
  }
}

async function arm64(workshop) {
  if (!isLinuxX64) throw new Skip('the case is written for Linux x64')
  const home = workshop.install()
  const binary = path.join(home, 'node_modules/myelin/prebuilds/linux-arm64/myelin.glibc.node')
  if (!fs.existsSync(binary)) throw new Skip(workshop.notBuilt['linux-arm64'] ?? 'there is no arm64 binary')
  const emulator = which('qemu-aarch64-static')
  if (!emulator) throw new Skip('qemu-aarch64-static is not installed: sudo apt-get install qemu-user-static')
  const system = '/usr/aarch64-linux-gnu'
  if (!fs.existsSync(path.join(system, 'lib/libstdc++.so.6'))) throw new Skip(`no aarch64 libraries in ${system}`)
  const node = await workshop.supplies.runtime('node-20-arm64')
  const env = { ...workshop.bareEnvironment(), MYELIN_THREADS: String(os.availableParallelism()) }
  return workshop.call(emulator, ['-L', system, node, 'train.js'], { cwd: home, env })
}

async function musl(workshop) {
  if (!isLinuxX64) throw new Skip('the case is written for Linux x64')
  const home = workshop.install()
  if (!fs.existsSync(path.join(home, 'node_modules/myelin/prebuilds/linux-x64/myelin.musl.node')))
    throw new Skip(workshop.notBuilt['linux-x64-musl'] ?? 'there is no musl binary')
  const { program, args } = await muslRuntime(workshop)
  // node-gyp-build knows musl by Alpine's release file, which this system does not have.
  const env = { ...workshop.bareEnvironment(), LIBC: 'musl' }
  return workshop.call(program, [...args, 'train.js'], { cwd: home, env })
}

/** On musl the glibc binary, which would crash there, must not be taken. */
function withoutMusl(workshop) {
  if (!isLinuxX64) throw new Skip('the case is written for Linux x64')
  const home = workshop.copy('musl')
  fs.rmSync(path.join(home, 'node_modules/myelin/prebuilds/linux-x64/myelin.musl.node'), { force: true })
  fs.writeFileSync(path.join(home, 'musl.js'), "process.env.LIBC = 'musl'; require('./train.js')")
  const output = workshop.consumeFailing('musl.js', { home })
  if (!output.includes('no prebuilt binary for this platform')) throw new Error(output)
  return 'the glibc binary is refused, with the command that builds one'
}

module.exports = { placeCases }
