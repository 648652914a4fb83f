'use strict'
// npm run build:native [-- cmake options]: build/Release/myelin.node
const { cmakeBuild } = require('./cmake-build')
const { setStamp } = require('./lib/stamps')
const { main } = require('./tools')

const nativeStamp = 'build/native.stamp'

function buildNative(options = []) {
  const start = Date.now()
  cmakeBuild({ options: ['-DMYELIN_TESTS=OFF', ...options] })
  setStamp(nativeStamp, start)
}

module.exports = { buildNative, nativeStamp }

if (require.main === module) main(() => buildNative(process.argv.slice(2)))
