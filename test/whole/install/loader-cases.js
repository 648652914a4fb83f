'use strict'
// Binaries that cannot be loaded: always an error that says what to do, never a crash.
const { Buffer } = require('node:buffer')
const fs = require('node:fs')
const path = require('node:path')
const { binaryOf, hostTarget } = require('../../../scripts/package/prebuild-targets')
const { Skip } = require('./skip')

/** What each message must hold besides the reason. */
const always = ['could not load its native part', 'looked for:', 'cmake-build.js', 'C++17 compiler']

function loaderCases(workshop) {
  const damaged = (name, expected, damage) => ({
    name: `loader: ${name}`,
    run: () => {
      if (process.platform !== 'linux') throw new Skip('the case is written for ELF libraries')
      const home = workshop.copy(`loader ${name}`)
      const binary = path.join(home, 'node_modules/myelin/prebuilds', binaryOf(hostTarget()))
      damage(binary, fs.readFileSync(binary))
      const output = workshop.consumeFailing('train.js', { home })
      for (const part of [...always, expected])
        if (!output.includes(part)) throw new Error(`the error does not say '${part}':\n${output}`)
      return expected
    },
  })
  return [
    damaged('no binary for this platform', 'no prebuilt binary for this platform', (file) => fs.rmSync(file)),
    damaged('empty file', 'the file is empty', (file) => fs.writeFileSync(file, '')),
    damaged('not a library', 'not an ELF library', (file) => fs.writeFileSync(file, '<!doctype html> not found')),
    damaged('cut off in its header', 'not an ELF library', (file, bytes) =>
      fs.writeFileSync(file, bytes.subarray(0, 40)),
    ),
    damaged('cut off in the middle', 'cut off', (file, bytes) =>
      fs.writeFileSync(file, bytes.subarray(0, bytes.length / 2)),
    ),
    damaged('zeros from the middle on', 'its checksum is not the published one', (file, bytes) =>
      fs.writeFileSync(file, bytes.fill(0, bytes.length / 2)),
    ),
    damaged('of another processor', 'it is for', (file, bytes) => {
      bytes.writeUInt16LE(process.arch === 'x64' ? 183 : 62, 18)
      fs.writeFileSync(file, bytes)
    }),
    damaged('of a newer C library', 'is older than the binary needs', (file, bytes) => {
      renameVersion(bytes)
      fs.writeFileSync(file, bytes)
      // As one that was made on a newer system, not as a damaged one.
      fs.rmSync(path.join(file, '../../checksums.json'))
    }),
    {
      name: 'doctor: altered binary',
      run: () => {
        const home = workshop.copy('doctor-altered')
        const binary = path.join(home, 'node_modules/myelin/prebuilds', binaryOf(hostTarget()))
        fs.appendFileSync(binary, 'x')
        const output = workshop.consumeFailing('../doctor-altered/run-doctor.js', { home: withDoctor(home) })
        return output
      },
    },
  ]
}

/** Makes the library need a version of glibc that does not exist yet: its name and the hash beside it in the file. */
function renameVersion(bytes) {
  const [from, to] = ['GLIBC_2.14', 'GLIBC_9.99']
  const at = bytes.indexOf(`${from}\0`)
  bytes.write(to, at)
  const was = Buffer.alloc(4)
  was.writeUInt32LE(elfHash(from))
  for (let i = bytes.indexOf(was); i >= 0; i = bytes.indexOf(was, i + 1)) bytes.writeUInt32LE(elfHash(to), i)
}

/** The System V hash of symbol versions. */
function elfHash(name) {
  let hash = 0
  for (const letter of Buffer.from(name)) {
    hash = ((hash << 4) + letter) >>> 0
    const high = hash & 0xf0000000
    if (high !== 0) hash ^= high >>> 24
    hash = (hash & ~high) >>> 0
  }
  return hash
}

/** A script that ends with the doctor's verdict, and passes its lines on as errors when it is bad. */
function withDoctor(home) {
  const script =
    "const { doctor } = require('./node_modules/myelin/dist/doctor.js')\n" +
    'const lines = []\ndoctor((line) => lines.push(line)).then((ok) => {\n' +
    "  if (!ok && lines.join().includes('ALTERED')) console.error('an altered binary is named as such')\n" +
    '  process.exitCode = ok ? 0 : 1\n})\n'
  fs.writeFileSync(path.join(home, 'run-doctor.js'), script)
  return home
}

module.exports = { loaderCases }
