'use strict'
// npm, and the command line tools among the development packages.
const fs = require('node:fs')
const path = require('node:path')
const { isWindows, root, tryRun } = require('../tools')

/** Runs a JavaScript command line tool of a development dependency, e.g. tool('eslint', 'bin/eslint.js'). */
function tool(packageName, file) {
  return path.join(root, 'node_modules', packageName, file)
}

/** npm's own JavaScript, so that its program need not be on PATH; null where it was not found. */
function npmCli() {
  const named = process.env.npm_execpath
  if (named && /npm-cli\.c?js$/.test(named)) return named
  const beside = path.resolve(fs.realpathSync(process.execPath), '../../lib/node_modules/npm/bin/npm-cli.js')
  return fs.existsSync(beside) ? beside : null
}

/** Runs npm; says how it went, as tryRun does. */
function npm(args, options = {}) {
  const cli = npmCli()
  return cli ? tryRun(process.execPath, [cli, ...args], options) : tryRun('npm', args, { shell: isWindows, ...options })
}

module.exports = { npm, npmCli, tool }
