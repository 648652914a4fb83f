'use strict'
// What the published package holds. As npm's `prepack` (it runs in a clone at `npm pack` and `npm publish`, never where
// the package is installed) it refuses to pack a tree that was not built; `npm run release` and the install matrix hold
// the tarball's list against the one below.
const fs = require('node:fs')
const path = require('node:path')
const { checkChecksums } = require('./package/checksums')
const { binaryOf, hostTarget } = require('./package/prebuild-targets')
const { isOlder } = require('./lib/stamps')
const { root, Failure, filesUnder, main } = require('./tools')

/** Every packed file is one of these: what is loaded; types; binaries; sources to build those; papers. */
const allowed = [
  /^dist\/(index|cli|doctor|plot\/(index|drawing-thread))\.js$/,
  /^dist\/index\.mjs$/,
  /^dist\/.*\.d\.m?ts$/,
  /^prebuilds\/(linux|darwin|win32)-(x64|arm64)\/myelin(\.(glibc|musl))?\.node$/,
  /^prebuilds\/linux-x64\/libmyelin_cuda\.so$/,
  /^prebuilds\/checksums\.json$/,
  /^native\/.*\.(h|cpp|cu|cuh|def|map)$/,
  // Not binding.gyp: where npm finds that, `npm ci` runs node-gyp, "gypfile": false or not (no lock file carries it).
  /^(CMakeLists\.txt|package\.json)$/,
  /^scripts\/(build-cuda|cmake-build|tools)\.js$/,
  /^(LICENSE|README\.md|CHANGELOG\.md|THIRD-PARTY\.md|ARCHITECTURE\.md|docs\/(api|install)\.md)$/,
]

/** Without these it does not work. */
const required = [
  'dist/index.js',
  'dist/index.mjs',
  'dist/index.d.ts',
  'dist/index.d.mts',
  'dist/cli.js',
  'dist/doctor.js',
  'dist/plot/index.js',
  'dist/plot/drawing-thread.js',
  'dist/plot/index.d.ts',
  'prebuilds/checksums.json',
  'native/addon/addon.cpp',
  'native/addon/exports.map',
  'native/cuda/exports.map',
  'CMakeLists.txt',
  'package.json',
  'scripts/build-cuda.js',
  'scripts/cmake-build.js',
  'scripts/tools.js',
  'LICENSE',
  'THIRD-PARTY.md',
  'README.md',
  'CHANGELOG.md',
  'docs/api.md',
  'docs/install.md',
]

/** Bytes. */
const tarballLimit = 15_000_000

/** Throws when a list of packed files (relative, with slashes) lacks something or holds what users do not need. */
function checkList(files) {
  const missing = required.filter((file) => !files.includes(file))
  const stray = files.filter((file) => !allowed.some((pattern) => pattern.test(file)))
  const problems = []
  if (missing.length > 0) problems.push(`the package lacks ${missing.join(', ')}`)
  if (stray.length > 0) problems.push(`not for users: ${stray.slice(0, 10).join(', ')}`)
  if (!files.some((file) => file.endsWith('.node'))) problems.push('there is no binary in the package')
  if (problems.length > 0) throw new Failure(`${problems.join('; ')} (scripts/check-pack.js has the list)`)
}

/** Refuses a tree that was not built, or built before its sources changed. */
function checkTree() {
  const escape = '`npm pack --ignore-scripts` packs the tree as it is'
  const built = path.join(root, 'dist/index.js')
  if (!fs.existsSync(built)) throw new Failure(`there is no dist/: run \`npm run build:ts\` first. (${escape}.)`)
  if (isOlder('build/ts.stamp', filesUnder('lib', /\.ts$/)))
    throw new Failure(`dist/ is older than lib/: run \`npm run build:ts\` first. (${escape}.)`)
  const host = hostTarget()
  const binaries = filesUnder('prebuilds', /\.node$/)
  if (binaries.length === 0 || (host && !fs.existsSync(path.join(root, 'prebuilds', binaryOf(host)))))
    throw new Failure(
      'there is no binary for this machine in prebuilds/: run `npm run prebuilds` first, or ' +
        `\`npm run prebuilds -- --no-cuda\`, which leaves out the CUDA library and its minutes of nvcc. (${escape}.)`,
    )
  checkChecksums()
}

module.exports = { checkList, tarballLimit }

if (require.main === module) main(checkTree)
