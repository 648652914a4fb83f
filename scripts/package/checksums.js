'use strict'
// prebuilds/checksums.json: by which the loader (CRC-32) and `myelin doctor` (SHA-256) tell a damaged or altered
// binary.
const crypto = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const zlib = require('node:zlib')
const { root, Failure, filesUnder } = require('../tools')

const list = 'prebuilds/checksums.json'

/** Of every binary below prebuilds/ of a tree: { 'linux-x64/myelin.glibc.node': { sha256, crc32 }, … }. */
function checksums(home = root) {
  const folder = path.join(home, 'prebuilds')
  const sums = filesUnder(folder, /\.(node|so)$/).map((file) => {
    const bytes = fs.readFileSync(file)
    const sha256 = crypto.createHash('sha256').update(bytes).digest('hex')
    const crc32 = zlib.crc32(bytes).toString(16).padStart(8, '0')
    return [path.relative(folder, file).split(path.sep).join('/'), { sha256, crc32 }]
  })
  return Object.fromEntries(sums)
}

function writeChecksums() {
  fs.writeFileSync(path.join(root, list), JSON.stringify(checksums(), null, 2) + '\n')
}

/** Throws when the list of a tree (default: this one) is not of the binaries beside it: they would be refused. */
function checkChecksums(home = root) {
  const file = path.join(home, list)
  const said = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {}
  const found = checksums(home)
  const wrong = [...new Set([...Object.keys(said), ...Object.keys(found)])].filter(
    (name) => JSON.stringify(said[name]) !== JSON.stringify(found[name]),
  )
  if (wrong.length > 0) throw new Failure(`${list} is not of the binaries beside it: ${wrong.join(', ')}`)
}

module.exports = { writeChecksums, checkChecksums }
