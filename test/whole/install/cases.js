'use strict'
// The install matrix: each case is { name, run }, where run returns a remark or throws. `npm run test:install` prints
// them.
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { checkList, tarballLimit } = require('../../../scripts/check-pack')
const { which } = require('../../../scripts/tools')
const { loaderCases } = require('./loader-cases')
const { placeCases } = require('./place-cases')
const { Skip } = require('./skip')
const { sourceCases } = require('./source-cases')

const nodeVersions = ['20', '22', '24', '26']

/** Milliseconds that the first require may take. `npm run bench -- load` measures it closer. */
const coldRequire = 40
function cases(workshop) {
  const onNode = (version, use) => async () => use(await workshop.supplies.runtime(`node-${version}`))
  return [
    { name: 'package: contents and size', run: () => contents(workshop) },
    { name: 'package: needs and sizes of binaries', run: () => binaries(workshop) },
    { name: 'package: no install script', run: () => noScripts(workshop) },
    { name: 'npm install, npm ci, scripts allowed', run: () => scriptsAllowed(workshop) },
    ...nodeVersions.flatMap((version) => [
      { name: `Node ${version}: CommonJS`, run: onNode(version, (node) => workshop.consume('train.js', { node })) },
      { name: `Node ${version}: ES module`, run: onNode(version, (node) => workshop.consume('train.mjs', { node })) },
      {
        name: `Node ${version}: worker threads`,
        run: onNode(version, (node) => workshop.consume('worker.js', { node })),
      },
      { name: `Node ${version}: memory`, run: onNode(version, (node) => workshop.consume('memory.js', { node })) },
      { name: `Node ${version}: first require`, run: onNode(version, (node) => firstRequire(workshop, node)) },
      { name: `Node ${version}: myelin doctor`, run: onNode(version, (node) => doctor(workshop, node)) },
    ]),
    { name: 'TypeScript: moduleResolution node16', run: () => typeScript(workshop, 'node16', 'node16') },
    { name: 'TypeScript: moduleResolution bundler', run: () => typeScript(workshop, 'esnext', 'bundler') },
    { name: 'bundled by esbuild, package external', run: () => bundled(workshop) },
    { name: 'bundled by esbuild, package inside', run: () => bundledInside(workshop) },
    { name: 'Bun', run: () => bun(workshop) },
    { name: 'two copies in one process', run: () => twoCopies(workshop) },
    { name: 'writes nothing, anywhere', run: () => writesNothing(workshop) },
    ...placeCases(workshop),
    ...loaderCases(workshop),
    ...sourceCases(workshop),
  ]
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`
const packageFolder = (home) => path.join(home, 'node_modules/myelin')

function contents(workshop) {
  const home = packageFolder(workshop.install())
  const files = fs.readdirSync(home, { recursive: true }).map((file) => file.split(path.sep).join('/'))
  checkList(files.filter((file) => fs.statSync(path.join(home, file)).isFile()))
  const { size } = fs.statSync(workshop.pack())
  if (size > tarballLimit)
    throw new Error(`the tarball has ${megabytes(size)}; the limit is ${megabytes(tarballLimit)}`)
  const binaries = files.filter((file) => /^prebuilds\/.*\.(node|so)$/.test(file))
  const sizes = binaries.map((file) => `${file.slice(10)} ${megabytes(fs.statSync(path.join(home, file)).size)}`)
  return `tarball ${megabytes(size)}; ${sizes.join(', ')}`
}

/** Versions of the C libraries, exports and sizes, of those that are packed. */
function binaries(workshop) {
  workshop.pack()
  if (process.platform === 'linux' && !which('readelf'))
    throw new Skip('readelf is not installed: sudo apt-get install binutils')
  const output = workshop.call(process.execPath, [path.join(workshop.root, 'scripts/package/check-floors.js')])
  return `${output.trim().split('\n').length} within the limits of docs/release.md`
}

function noScripts(workshop) {
  const { scripts, gypfile } = require(path.join(packageFolder(workshop.install()), 'package.json'))
  const running = ['preinstall', 'install', 'postinstall', 'prepare'].filter((name) => scripts?.[name])
  if (running.length > 0) throw new Error(`npm would run ${running.join(', ')}`)
  if (gypfile !== false) throw new Error('without "gypfile": false npm runs node-gyp by itself')
  return 'npm has nothing to run'
}

/**
 * Of all commands that may run scripts, without any tool that a script could use: none is run, and the package works.
 */
function scriptsAllowed(workshop) {
  const home = path.join(workshop.folder, 'scripts-allowed')
  fs.mkdirSync(home)
  fs.writeFileSync(path.join(home, 'package.json'), '{ "name": "consumer", "version": "1.0.0", "private": true }\n')
  const env = { ...process.env, PATH: workshop.bareEnvironment().PATH }
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--foreground-scripts']
  for (const command of [['install', workshop.pack()], ['ci'], ['install'], ['rebuild']]) {
    const output = workshop.npm([...command, ...flags], { cwd: home, env })
    if (/^> /m.test(output)) throw new Error(`npm ${command[0]} ran a script:\n${output}`)
  }
  fs.cpSync(path.join(workshop.install(), 'train.js'), path.join(home, 'train.js'))
  return workshop.consume('train.js', { home })
}

/**
 * Of several processes the fastest: the others measure what else the machine does. Where even that one was kept
 * waiting, the processor time is compared with that of Node's own start in the same process, which is what 40 ms are on
 * a quiet machine.
 */
function firstRequire(workshop, node) {
  const home = workshop.install()
  const script =
    'const [start, c, t] = [process.cpuUsage(), process.cpuUsage(), performance.now()]\n' +
    "require('myelin')\n" +
    'const [wall, used] = [performance.now() - t, process.cpuUsage(c)]\n' +
    'console.log(JSON.stringify([wall, (used.user + used.system) / (start.user + start.system)]))'
  const env = workshop.bareEnvironment(node)
  const runs = []
  const sorted = (column) => runs.map((run) => run[column]).sort((a, b) => a - b)
  while (runs.length < 9 || (sorted(0)[0] > coldRequire && runs.length < 25))
    runs.push(JSON.parse(workshop.call(node, ['-e', script], { cwd: home, env })))
  const median = (column) => sorted(column)[runs.length >> 1]
  const text = `${sorted(0)[0].toFixed(1)} ms, median ${median(0).toFixed(1)} ms of ${runs.length}`
  if (sorted(0)[0] <= coldRequire) return text
  const share = `${text}: ${median(1).toFixed(2)} of the processor time of Node's own start`
  if (median(1) > 1) throw new Error(`${share}; the limit is ${coldRequire} ms, or 1 on a busy machine`)
  return `${share} (a busy machine)`
}

function doctor(workshop, node) {
  const home = workshop.install()
  const cli = fs.realpathSync(path.join(home, 'node_modules/.bin/myelin'))
  const output = workshop.call(node, [cli, 'doctor'], { cwd: home, env: workshop.bareEnvironment(node) })
  if (!/as published/.test(output)) throw new Error(`the published binary was not chosen:\n${output}`)
  return output
}

function typeScript(workshop, module, moduleResolution) {
  const home = workshop.copy(`typescript-${moduleResolution}`)
  const tsc = path.join(workshop.root, 'node_modules/typescript/bin/tsc')
  const out = path.join(home, 'out')
  const flags = ['--strict', '--target', 'es2022', '--module', module, '--moduleResolution', moduleResolution]
  // Declarations of Node.js, as every TypeScript project for it has; nothing else of this repository.
  const types = ['--types', 'node', '--typeRoots', path.join(workshop.root, 'node_modules/@types')]
  workshop.call(process.execPath, [tsc, ...flags, ...types, '--outDir', out, 'consumer.ts'], { cwd: home })
  if (moduleResolution === 'bundler') fs.renameSync(path.join(out, 'consumer.js'), path.join(out, 'consumer.mjs'))
  const file = path.join(out, moduleResolution === 'bundler' ? 'consumer.mjs' : 'consumer.js')
  return workshop.consume(file, { home })
}

function bundle(home, external) {
  const outfile = path.join(home, 'out/bundle.js')
  const options = { bundle: true, platform: 'node', external, outfile, logLevel: 'silent' }
  require('esbuild').buildSync({ entryPoints: [path.join(home, 'train.js')], ...options })
  return outfile
}

function bundled(workshop) {
  const home = workshop.copy('bundled')
  return workshop.consume(bundle(home, ['myelin']), { home })
}

/** Which cannot work, and has to say so. */
function bundledInside(workshop) {
  const home = workshop.copy('bundled-inside')
  const output = workshop.consumeFailing(bundle(home, []), { home })
  const expected = "external: ['myelin']"
  if (!output.includes(expected)) throw new Error(`the error does not say '${expected}':\n${output}`)
  return 'the error says what to tell the bundler'
}

async function bun(workshop) {
  const program = await workshop.supplies.runtime('bun')
  const where = { cwd: workshop.install(), env: workshop.bareEnvironment() }
  const output = ['train.js', 'memory.js'].map((file) => workshop.call(program, [file], where)).join('; ')
  return `Bun ${workshop.call(program, ['--version']).trim()}: ${output}`
}

function twoCopies(workshop) {
  const copies = ['first-copy', 'second-copy'].map((name) => packageFolder(workshop.copy(name)))
  return workshop.consume('two-copies.js', { args: copies })
}

/** Names, sizes and dates of everything below a folder. */
function snapshot(folder) {
  const files = fs.readdirSync(folder, { recursive: true }).sort()
  return files.map((file) => {
    const { size, mtimeMs } = fs.lstatSync(path.join(folder, file))
    return `${file} ${size} ${mtimeMs}`
  })
}

function writesNothing(workshop) {
  const home = workshop.copy('untouched')
  const env = workshop.bareEnvironment()
  const folders = [home, env.HOME, env.TMPDIR]
  const before = folders.map(snapshot)
  workshop.call(process.execPath, ['train.js'], { cwd: home, env })
  workshop.call(process.execPath, [path.join(packageFolder(home), 'dist/cli.js'), 'doctor'], { cwd: home, env })
  const changed = folders.map(snapshot).flatMap((files, i) => files.filter((file) => !before[i].includes(file)))
  if (changed.length > 0) throw new Error(`written: ${changed.join(', ')}`)
  return `package, home and temporary folder are as they were${systemCalls(workshop, home)}`
}

/** What strace sees of a training run: no file is opened for writing, made, renamed or removed anywhere. */
function systemCalls(workshop, home) {
  const strace = which('strace')
  const env = workshop.bareEnvironment()
  // A container may forbid tracing.
  if (!strace || spawnSync(strace, ['-o', '/dev/null', '/bin/true']).status !== 0)
    return ' (strace cannot be used here)'
  const log = path.join(workshop.folder, 'system-calls')
  const calls =
    'open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,truncate'
  workshop.call(strace, ['-f', '-qq', '-e', `trace=${calls}`, '-o', log, process.execPath, 'train.js'], {
    cwd: home,
    env,
  })
  const lines = fs.readFileSync(log, 'utf8').split('\n')
  if (!lines.some((line) => line.includes('myelin.'))) throw new Error('strace did not see the library being opened')
  const opens = /\bopen(at)?\(/
  const written = lines.filter(
    (line) => /^\d+ +\w+\(/.test(line) && (!opens.test(line) || /O_WRONLY|O_RDWR|O_CREAT/.test(line)),
  )
  const others = written.filter((line) => !/"\/dev\/(null|tty)"|"\/proc\/self\//.test(line))
  if (others.length > 0) throw new Error(`written: ${others.slice(0, 5).join('; ')}`)
  return '; strace sees nothing written anywhere'
}

module.exports = { cases }
