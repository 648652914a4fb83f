'use strict'
// npm run bench -- name [arguments]: runs bench/<name>.ts. Without a name: lists them.
const fs = require('node:fs')
const path = require('node:path')
const { ensure } = require('./build/ensure')
const { Failure, filesUnder, main, root, tryRun } = require('./tools')

main(() => {
  const [name, ...args] = process.argv.slice(2)
  const names = filesUnder('bench', /\.ts$/)
    .map((file) => path.relative('bench', file).replace(/\.ts$/, ''))
    .filter((file) => !file.includes(path.sep))
  if (!name) return console.log(`benchmarks: ${names.join(', ') || 'none'}\nnpm run bench -- <name> [arguments]`)
  if (!fs.existsSync(path.join(root, 'bench', `${name}.ts`))) {
    throw new Failure(`there is no benchmark '${name}'; there are: ${names.join(', ') || 'none'}`)
  }
  ensure()
  if (!tryRun(process.execPath, ['--import', 'tsx', `bench/${name}.ts`, ...args]).ok) process.exitCode = 1
})
