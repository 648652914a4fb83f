'use strict'
// A reporter of mocha that prints nothing but the test files that were loaded, as one line of JSON.
const path = require('node:path')

module.exports = class {
  constructor(runner) {
    const root = path.resolve(__dirname, '../..')
    const files = Object.keys(require.cache).filter((file) => file.endsWith('.test.ts'))
    const names = files.map((file) => path.relative(root, file).split(path.sep).join('/')).sort()
    runner.once('end', () => console.log(JSON.stringify(names)))
  }
}
