'use strict'
// npm run quickstart [-- arguments]: from a fresh clone to a trained network.
const { ensure } = require('./ensure')
const { main, root, tryRun } = require('./tools')

main(() => {
  ensure()
  const args = ['--import', 'tsx', 'examples/quickstart.ts', ...process.argv.slice(2)]
  if (!tryRun(process.execPath, args, { cwd: root }).ok) process.exitCode = 1
})
