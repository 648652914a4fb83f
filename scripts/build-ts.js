'use strict'
// npm run build:ts: lib/ → dist/: declarations by tsc, CommonJS by esbuild (one file, because a hundred and more take
// three times as long to load), and an ES module front on the same instance.
const fs = require('node:fs')
const path = require('node:path')
const { setStamp } = require('./lib/stamps')
const { root, Failure, main, withLock } = require('./tools')

const tsStamp = 'build/ts.stamp'

function buildTs() {
  const start = Date.now()
  withLock('ts', () => {
    const ts = require('typescript')
    const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (diagnostic) => report(ts, [diagnostic]) }
    const staging = path.join(root, 'dist.new')
    const config = ts.getParsedCommandLineOfConfigFile(path.join(root, 'tsconfig.json'), { outDir: staging }, host)
    const program = ts.createProgram(config.fileNames, config.options)
    const index = program.getSourceFile(path.join(root, 'lib/index.ts'))
    if (!index) throw new Failure('lib/index.ts, the list of public exports, is missing')
    report(ts, [...config.errors, ...ts.getPreEmitDiagnostics(program)])
    // Beside dist and swapped at the end: a failed build leaves the last good one, and no module that has gone lingers.
    fs.rmSync(staging, { recursive: true, force: true })
    report(ts, program.emit(undefined, undefined, undefined, true).diagnostics)
    bundle(staging)
    writeModuleFront(staging, valueExports(ts, program, index))
    writePlotFront(staging, valueExports(ts, program, program.getSourceFile(path.join(root, 'lib/plot/index.ts'))))
    fs.rmSync(path.join(root, 'dist'), { recursive: true, force: true })
    fs.renameSync(staging, path.join(root, 'dist'))
  })
  setStamp(tsStamp, start)
}

/**
 * The library; the command line apart from it, which must come to life where the library cannot be loaded; and the file
 * that the thread for pictures runs.
 */
function bundle(outdir) {
  const external = ['./index', './doctor.js']
  require('esbuild').buildSync({
    absWorkingDir: root,
    entryPoints: ['lib/index.ts', 'lib/cli.ts', 'lib/doctor.ts', 'lib/plot/drawing-thread.ts'],
    outdir,
    bundle: true,
    packages: 'external',
    external,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // Errors and layers show the names of their classes.
    keepNames: true,
    logLevel: 'warning',
  })
  const index = path.join(outdir, 'index.js')
  fs.writeFileSync(index, lighten(fs.readFileSync(index, 'utf8')))
}

/** Modules of Node.js that take milliseconds to load, and that many programs never need. */
const slowModules = ['node:crypto', 'node:fs/promises', 'node:worker_threads', 'node:zlib']

/**
 * The bundle, quicker to load by a third: most functions keep their names unaided, and slow modules are loaded where
 * they are used.
 */
function lighten(text) {
  const lazy = text
    .replace(/^ *__name\((\w+), "\1"\);\n/gm, '')
    .replace(/^(var | +)(\w+) = require\("(node:[\w/]+)"\);$/gm, (line, begin, name, id) => {
      if (!slowModules.includes(id)) return line
      const used = new Set([...text.matchAll(new RegExp(`\\b${name}\\.(\\w+)`, 'g'))].map((match) => match[1]))
      const getters = [...used].map((key) => `get ${key}() { return require("${id}").${key}; }`)
      return `${begin}${name} = { ${getters.join(', ')} };`
    })
  const eager = slowModules.find((id) => lazy.includes(`= require("${id}")`))
  if (eager) throw new Failure(`the bundle loads ${eager} in a way that scripts/build-ts.js does not know`)
  return lazy
}

function report(ts, diagnostics) {
  if (diagnostics.length === 0) return
  const host = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => root, getNewLine: () => '\n' }
  console.error(ts.formatDiagnosticsWithColorAndContext(ts.sortAndDeduplicateDiagnostics(diagnostics), host))
  throw new Failure(`lib/ does not compile (${diagnostics.length} messages above)`)
}

/** Names that exist at run time. Node's own guess at the names of a CommonJS module misses re-exported ones. */
function valueExports(ts, program, index) {
  const checker = program.getTypeChecker()
  const isValue = (symbol) => {
    const typeOnly = symbol.declarations?.some(
      (d) => ts.isExportSpecifier(d) && (d.isTypeOnly || d.parent.parent.isTypeOnly),
    )
    if (typeOnly) return false
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    return (target.flags & ts.SymbolFlags.Value) !== 0
  }
  const names = checker.getExportsOfModule(checker.getSymbolAtLocation(index)).filter(isValue)
  return names.map((symbol) => symbol.name).sort()
}

function writeModuleFront(folder, names) {
  const list = names.map((name) => `  ${name},\n`).join('')
  const header = '// Made by scripts/build-ts.js: ES module names for the one CommonJS instance.\n'
  fs.writeFileSync(
    path.join(folder, 'index.mjs'),
    `${header}import myelin from './index.js'\n\nexport const {\n${list}} = myelin\n`,
  )
  fs.writeFileSync(path.join(folder, 'index.d.mts'), `${header}export * from './index.js'\n`)
}

/** `myelin/plot`: names of the one instance, written so that Node also finds them for `import`. */
function writePlotFront(folder, names) {
  const list = names.map((name) => `exports.${name} = plot.${name}\n`).join('')
  fs.writeFileSync(
    path.join(folder, 'plot/index.js'),
    `'use strict'\n// Made by scripts/build-ts.js.\nconst { plot } = require('../index.js')\n\n${list}`,
  )
}

module.exports = { buildTs, tsStamp }

if (require.main === module) main(buildTs)
