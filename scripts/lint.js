'use strict'
// npm run lint: eslint, prettier and clang-format over everything, the order of the rooms of lib/
// (.dependency-cruiser.cjs) and native/ (test/native-floors.js), and how large files and lines may be
// (test/source-limits.js). --fix writes instead of complaining.
const { tool } = require('./lib/npm')
const { root, Failure, tryRun, filesUnder, main, readArguments } = require('./tools')
const { ensurePackages } = require('./build/ensure')
const { upwardIncludes } = require('./test/native-floors')
const { sourceProblems } = require('./test/source-limits')

const folders = ['lib', 'test', 'bench', 'examples', 'scripts']

/** Names of the checks that failed. */
function lint({ fix = false } = {}) {
  const scripts = folders.flatMap((folder) => filesUnder(folder, /\.[cm]?[tj]s$/))
  scripts.push('eslint.config.mjs', '.dependency-cruiser.cjs')
  const json = [
    'package.json',
    'tsconfig.json',
    'tsconfig.test.json',
    'test/types/tsconfig.json',
    '.mocharc.json',
    '.prettierrc.json',
  ]
  const native = ['native', 'test', 'bench'].flatMap((folder) => filesUnder(folder, /\.(h|cpp)$/))
  native.push(...['native', 'bench'].flatMap((folder) => filesUnder(folder, /\.cuh?$/)))
  const clangFormat = require(tool('clang-format', 'index.js')).getNativeBinary()
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] }
  const checks = {
    eslint: () => tryRun(process.execPath, [tool('eslint', 'bin/eslint.js'), ...(fix ? ['--fix'] : []), ...scripts]),
    prettier: () =>
      tryRun(
        process.execPath,
        [tool('prettier', 'bin/prettier.cjs'), fix ? '--write' : '--check', '--log-level', 'warn', ...scripts, ...json],
        { cwd: root },
      ),
    floors: () =>
      tryRun(process.execPath, [
        tool('dependency-cruiser', 'bin/dependency-cruise.mjs'),
        ...['--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'lib'],
      ]),
    'floors of native': () => {
      const found = upwardIncludes()
      for (const line of found) console.error(line)
      if (found.length === 0) console.log('✔ no include of native/ points to a room above')
      return { ok: found.length === 0, reason: `${found.length} complaints` }
    },
    limits: () => {
      const problems = sourceProblems()
      problems.forEach((problem) => console.error(problem))
      return { ok: problems.length === 0, reason: `${problems.length} files or lines are too large` }
    },
    'clang-format': () => tryRun(clangFormat, fix ? ['-i', ...native] : ['--dry-run', '-Werror', ...native], quiet),
  }
  return Object.keys(checks).filter((name) => {
    const { ok, reason } = checks[name]()
    if (!ok) console.error(`${name}: ${reason}`)
    return !ok
  })
}

module.exports = { lint }

if (require.main === module) {
  main(() => {
    const { options } = readArguments(process.argv.slice(2), __filename, { known: { fix: true } })
    ensurePackages()
    const failed = lint(options)
    if (failed.length > 0)
      throw new Failure(`${failed.join(' and ')} complained; \`npm run format\` repairs what can be repaired`)
    console.log('eslint, prettier and clang-format have nothing to say')
  })
}
