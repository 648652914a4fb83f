'use strict'
// npm run release: everything that a release consists of, from a clean clone, up to the tarball; it never publishes.
// What this machine can build is built; binaries for other platforms are taken from prebuilds/ of this tree (artefacts
// of .github/workflows/prebuild.yml).
//
//   --allow-missing   a tarball without some platforms, for trying things out
//   --no-install      without the install matrix, where that was run apart
const crypto = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { checkList, tarballLimit } = require('./check-pack')
const { checkChecksums } = require('./package/checksums')
const { binaryOf, cudaLibrary, cudaTarget, recipe, targets } = require('./package/prebuild-targets')
const { npm } = require('./lib/npm')
const { root, Failure, main, readArguments, run, which } = require('./tools')

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`

function git(...args) {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Failure(`git ${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

/** Nothing uncommitted, and the version is named in package.json, the lock file and the change log alike. */
function checkTree() {
  const changed = git('status', '--porcelain')
  if (changed) throw new Failure(`there are uncommitted changes:\n${changed}`)
  const { version } = require('../package.json')
  const lock = require('../package-lock.json')
  if (lock.version !== version || lock.packages[''].version !== version)
    throw new Failure(
      `package-lock.json says ${lock.version}, package.json ${version}: npm install --package-lock-only`,
    )
  const log = fs.existsSync(path.join(root, 'CHANGELOG.md'))
    ? fs.readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8')
    : ''
  const entry = log.split('\n').find((line) => line.startsWith('## ') && line.split(' ').includes(version))
  if (!entry) throw new Failure(`CHANGELOG.md has no entry '## ${version}'`)
  if (entry.includes('unreleased')) console.log(`note: CHANGELOG.md still calls ${version} unreleased`)
  return version
}

function release({ allowMissing, installMatrix }) {
  const version = checkTree()
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'myelin-release-'))
  const clone = path.join(folder, 'clone')
  const inClone = (...args) => {
    const { ok, reason } = npm(args, { cwd: clone })
    if (!ok) throw new Failure(`npm ${args.join(' ')} (in a clean clone): ${reason}`)
  }
  try {
    run('git', ['clone', '--quiet', root, clone])
    shareDownloads(clone)
    inClone('ci', '--ignore-scripts', '--no-audit', '--no-fund')
    inClone('run', '--silent', 'build:ts')
    const missing = targets.flatMap((target) => provide(target, clone, inClone))
    if (missing.length > 0) console.log(`\nnot in this tarball:\n  ${missing.join('\n  ')}`)
    if (missing.length > 0 && !allowMissing)
      throw new Failure('put the artefacts of the prebuild workflow into prebuilds/, or pass --allow-missing')
    // Again over everything, now with what was taken over.
    run(
      process.execPath,
      [
        '-e',
        "require('./scripts/package/checksums').writeChecksums(); " +
          "require('./scripts/package/check-floors').checkFloors()",
      ],
      { cwd: clone },
    )
    if (installMatrix) inClone('run', '--silent', 'test:install')
    const out = path.join(root, 'build/release')
    fs.mkdirSync(out, { recursive: true })
    inClone('pack', '--silent', '--pack-destination', out)
    const tarball = path.join(out, `myelin-${version}.tgz`)
    checkTarball(tarball, version, path.join(folder, 'unpacked'))
    report(tarball, version)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Compilers and runtimes that were fetched before are no part of the release. */
function shareDownloads(clone) {
  fs.mkdirSync(path.join(clone, 'build'), { recursive: true })
  for (const name of ['runtimes', 'tools']) {
    const from = path.join(root, 'build', name)
    fs.mkdirSync(from, { recursive: true })
    fs.symlinkSync(from, path.join(clone, 'build', name), 'junction')
  }
}

/** Builds a target's binaries in the clone or takes them over; what is missing, with its reason. */
function provide(target, clone, inClone) {
  const { reason } = recipe(target)
  const missing = []
  if (!reason) inClone('run', '--silent', 'prebuilds', '--', target.name)
  else if (!takeOver(clone, binaryOf(target))) missing.push(`${target.name}: ${reason}`)
  if (target.name === cudaTarget && !process.env.CUDACXX && !which('nvcc')) {
    const library = path.join(path.dirname(binaryOf(target)), cudaLibrary)
    if (!takeOver(clone, library)) missing.push(`${library}: there is no nvcc here`)
  }
  return missing
}

/** Copies a file below prebuilds/ of this tree into the clone; false when there is none. */
function takeOver(clone, file) {
  if (!fs.existsSync(path.join(root, 'prebuilds', file))) return false
  fs.mkdirSync(path.join(clone, 'prebuilds', path.dirname(file)), { recursive: true })
  fs.copyFileSync(path.join(root, 'prebuilds', file), path.join(clone, 'prebuilds', file))
  return true
}

/**
 * The tarball itself, unpacked: its list, its version, its size, and that every binary is the one in checksums.json.
 */
function checkTarball(tarball, version, folder) {
  fs.mkdirSync(folder)
  run('tar', ['-xzf', tarball, '-C', folder])
  const home = path.join(folder, 'package')
  const files = fs
    .readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(home, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
  checkList(files)
  const read = (file) => fs.readFileSync(path.join(home, file))
  const packed = JSON.parse(read('package.json'))
  if (packed.version !== version) throw new Failure(`the tarball says version ${packed.version}, not ${version}`)
  checkChecksums(home)
  const { size } = fs.statSync(tarball)
  if (size > tarballLimit)
    throw new Failure(`the tarball has ${megabytes(size)}; the limit is ${megabytes(tarballLimit)}`)
  console.log(`\n${files.length} files, among them`)
  const binaries = files.filter((file) => /^prebuilds\/.*\.(node|so)$/.test(file))
  for (const file of binaries) console.log(`  ${file}  ${megabytes(read(file).length)}`)
}

function report(tarball, version) {
  const { repository } = require('../package.json')
  const bytes = fs.readFileSync(tarball)
  const integrity = crypto.createHash('sha512').update(bytes).digest('base64')
  const name = path.relative(root, tarball)
  console.log(`\n${name}  ${megabytes(bytes.length)} of at most ${megabytes(tarballLimit)}\nsha512-${integrity}`)
  console.log(
    [
      '',
      `Nothing was published. To publish ${version}, from a CI job with an identity token (permissions: id-token: ` +
        `write),`,
      'so that npm attests which commit and workflow the package came from:',
      ...(repository
        ? []
        : ['  (first: package.json needs "repository", the one that the job runs in; npm compares the two)']),
      `  git tag v${version} && git push --tags`,
      `  npm publish --provenance --access public ${name}`,
      'Afterwards, in an empty folder: npm install myelin && npm audit signatures',
    ].join('\n'),
  )
}

if (require.main === module) {
  main(() => {
    const known = { 'allow-missing': true, 'no-install': true }
    const { options } = readArguments(process.argv.slice(2), __filename, { known })
    release({ allowMissing: options['allow-missing'], installMatrix: !options['no-install'] })
  })
}
