'use strict'
// Mocha's spec reporter, which also writes the totals to the file MYELIN_TEST_TOTALS names.
const fs = require('node:fs')
const { reporters } = require('mocha')

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats
      const totals = JSON.stringify({ passed: passes, failed: failures, skipped: pending })
      if (process.env.MYELIN_TEST_TOTALS) fs.writeFileSync(process.env.MYELIN_TEST_TOTALS, totals)
    })
  }
}
