'use strict'
// node scripts/package/try-package.js: packs this tree, installs the tarball into an empty folder without install
// scripts, trains a network there and asks the doctor. For systems that the install matrix is not written for; needs
// nothing but Node.js.
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { writeChecksums } = require('./checksums')
const { npm } = require('../lib/npm')
const { root, Failure, main, run } = require('../tools')

function inFolder(folder, ...args) {
  const { ok, reason } = npm(args, { cwd: folder })
  if (!ok) throw new Failure(`npm ${args.join(' ')}: ${reason}`)
}

main(() => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'myelin-try-'))
  try {
    // The binary came from another machine.
    writeChecksums()
    inFolder(root, 'pack', '--silent', '--pack-destination', folder)
    const [tarball] = fs.readdirSync(folder)
    const home = path.join(folder, 'consumer')
    fs.mkdirSync(home)
    fs.writeFileSync(path.join(home, 'package.json'), '{ "name": "consumer", "private": true }\n')
    inFolder(home, 'install', '--ignore-scripts', '--no-audit', '--no-fund', path.join(folder, tarball))
    fs.cpSync(path.join(root, 'test/whole/install/consumers'), home, { recursive: true })
    for (const file of ['train.js', 'train.mjs', 'worker.js']) run(process.execPath, [file], { cwd: home })
    run(process.execPath, [path.join(home, 'node_modules/myelin/dist/cli.js'), 'doctor'], { cwd: home })
  } finally {
    // A library that is open cannot be removed on Windows at once.
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }
})
