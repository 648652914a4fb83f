'use strict'
// npm run quickstart: from a fresh clone to a trained network.
//
//   --seeds 5   so many runs, from seed 1 on, and their mean
const { ensure } = require('./build/ensure')
const { main, readArguments, root, tryRun } = require('./tools')

main(() => {
  const given = process.argv.slice(2)
  readArguments(given, __filename, { known: { seeds: false } })
  ensure()
  const args = ['--import', 'tsx', 'examples/quickstart.ts', ...given]
  if (!tryRun(process.execPath, args, { cwd: root }).ok) process.exitCode = 1
})
