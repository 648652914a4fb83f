'use strict'
// npm run release: everything that a release consists of, from a clean clone, up to the tarball; it never publishes. Binaries
// for other platforms than this one are taken from prebuilds/ of this tree (artefacts of .github/workflows/prebuild.yml).
//   --allow-missing   a tarball without some platforms, for trying things out
const crypto = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { binaryOf, recipe, targets } = require('./prebuild-targets')
const { root, Failure, isWindows, main, run, which } = require('./tools')

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
  if (!log.includes(version)) throw new Failure(`CHANGELOG.md has no entry for ${version}`)
  return version
}

function release({ allowMissing }) {
  const version = checkTree()
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'myelin-release-'))
  const clone = path.join(folder, 'clone')
  try {
    run('git', ['clone', '--quiet', root, clone])
    const here = { cwd: clone }
    const npm = (...args) => run('npm', args, { ...here, shell: isWindows })
    npm('ci', '--ignore-scripts', '--no-audit', '--no-fund')
    npm('run', '--silent', 'build:ts')
    if (process.env.CUDACXX || which('nvcc')) npm('run', '--silent', 'build:cuda')
    const missing = []
    for (const target of targets) {
      if (!recipe(target).reason) npm('run', '--silent', 'prebuilds', '--', target.name)
      else if (!takeOver(clone, target)) missing.push(target.name)
    }
    if (missing.length > 0) console.log(`not in this tarball: ${missing.join(', ')}`)
    if (missing.length > 0 && !allowMissing)
      throw new Failure('put the artefacts of the prebuild workflow into prebuilds/, or pass --allow-missing')
    // Again over everything, now with what was taken over.
    run(
      process.execPath,
      ['-e', "require('./scripts/prebuild').writeChecksums(); require('./scripts/check-floors').checkFloors()"],
      here,
    )
    npm('run', '--silent', 'test:install')
    const out = path.join(root, 'build/release')
    fs.mkdirSync(out, { recursive: true })
    npm('pack', '--silent', '--ignore-scripts', '--pack-destination', out)
    report(path.join(out, `myelin-${version}.tgz`), version)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Copies a platform's binaries of this tree into the clone; false when there are none. */
function takeOver(clone, target) {
  const binary = binaryOf(target)
  if (!fs.existsSync(path.join(root, 'prebuilds', binary))) return false
  fs.mkdirSync(path.join(clone, 'prebuilds', path.dirname(binary)), { recursive: true })
  fs.copyFileSync(path.join(root, 'prebuilds', binary), path.join(clone, 'prebuilds', binary))
  return true
}

function report(tarball, version) {
  const bytes = fs.readFileSync(tarball)
  const integrity = crypto.createHash('sha512').update(bytes).digest('base64')
  console.log(`\n${path.relative(root, tarball)}  ${(bytes.length / 1e6).toFixed(2)} MB\nsha512-${integrity}`)
  console.log(
    `\nNothing was published. To publish ${version}, from a CI job with an identity token, so that npm attests`,
  )
  console.log(`where the package was built:\n  git tag v${version} && git push --tags`)
  console.log(`  npm publish --provenance --access public ${path.relative(root, tarball)}`)
}

if (require.main === module) main(() => release({ allowMissing: process.argv.includes('--allow-missing') }))
