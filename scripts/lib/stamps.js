'use strict'
// What was built, and when: empty files whose date is that of the sources.
const fs = require('node:fs')
const path = require('node:path')
const { root } = require('../tools')

/** True when any of the files (relative) changed after the stamp was set. */
function isOlder(stamp, files) {
  const file = path.join(root, stamp)
  if (!fs.existsSync(file)) return true
  const then = fs.statSync(file).mtimeMs
  return files.some((source) => fs.statSync(path.join(root, source)).mtimeMs > then)
}

/** Marks everything that was there at `since` (ms) as built. */
function setStamp(stamp, since) {
  const file = path.join(root, stamp)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, '')
  fs.utimesSync(file, since / 1000, since / 1000)
}

module.exports = { isOlder, setStamp }
