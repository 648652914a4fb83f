'use strict'
// Runs mocha over TypeScript through tsx and returns its totals.
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { tool } = require('../lib/npm')
const { tryRun } = require('../tools')

/**
 * { passed, failed, skipped }. `args`: mocha's command line (specs, --grep …). A run that breaks off counts as failed.
 */
function runMocha(args, env = {}) {
  const totals = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'myelin-mocha-')), 'totals.json')
  const reporter = path.join(__dirname, 'mocha-reporter.js')
  const { ok, reason } = tryRun(process.execPath, [tool('mocha', 'bin/mocha.js'), '--reporter', reporter, ...args], {
    env: { ...process.env, ...env, MYELIN_TEST_TOTALS: totals },
  })
  const counted = fs.existsSync(totals) ? JSON.parse(fs.readFileSync(totals, 'utf8')) : null
  fs.rmSync(path.dirname(totals), { recursive: true, force: true })
  // Nothing to count where it was asked for something else than tests: --version, --list-reporters.
  if (!counted && ok) return { passed: 0, failed: 0, skipped: 0 }
  if (!counted || (!ok && counted.failed === 0)) {
    console.error(`mocha broke off: ${reason}`)
    return { passed: counted?.passed ?? 0, failed: (counted?.failed ?? 0) + 1, skipped: counted?.skipped ?? 0 }
  }
  return counted
}

module.exports = { runMocha }
