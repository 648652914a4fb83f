'use strict'
// A system with musl to try the musl binary on: Bun for musl from the registry, the C library of Debian's package
// `musl`, and the C++ library that Bun asks for, which Debian has for glibc only: the part of its static form that Bun
// needs, linked so that musl can load it. Myelin's binary needs the C library alone.
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { which } = require('../../../scripts/tools')
const { Skip } = require('./skip')

const loader = '/lib/ld-musl-x86_64.so.1'

/** { program, args }: runs the script that follows. Throws Skip where that cannot be had. */
async function muslRuntime(workshop) {
  if (!fs.existsSync(loader)) throw new Skip('there is no musl: sudo apt-get install musl')
  if (!which('g++') || !which('readelf')) throw new Skip('Bun needs a C++ library for musl: sudo apt-get install g++')
  const bun = await workshop.supplies.runtime('bun-musl')
  const folder = path.join(workshop.folder, 'musl')
  fs.mkdirSync(folder, { recursive: true })
  fs.copyFileSync(loader, path.join(folder, 'libc.musl-x86_64.so.1'))
  makeCppLibrary(workshop, bun, path.join(folder, 'libstdc++.so.6'))
  return { program: loader, args: ['--library-path', folder, bun] }
}

function makeCppLibrary(workshop, bun, output) {
  const wanted = importedSymbols(bun).filter((name) => /^(_Z|__cxa|__gxx|__dynamic|__once)/.test(name))
  const fromLibc = ['__cxa_finalize', '__cxa_thread_atexit_impl']
  const roots = wanted.filter((name) => !fromLibc.includes(name)).map((name) => `-Wl,-u,${name}`)
  const parts = ['libstdc++.a', 'libgcc_eh.a', 'libgcc.a'].map((name) =>
    workshop.call('g++', [`-print-file-name=${name}`]).trim(),
  )
  const rest = path.join(__dirname, 'musl-libstdcxx.cpp')
  const flags = ['-shared', '-fPIC', '-nostdlib', '-Wl,-soname,libstdc++.so.6']
  workshop.call('g++', [...flags, '-o', output, rest, ...roots, ...parts])
}

/** What the program takes from its libraries: undefined symbols, and objects that the loader copies into it. */
function importedSymbols(file) {
  const rows = (option) => {
    const { stdout } = spawnSync('readelf', [option, '-W', file], { encoding: 'utf8', maxBuffer: 2 ** 28 })
    return stdout.split('\n').map((line) => line.trim().split(/\s+/))
  }
  const undefinedOnes = rows('--dyn-syms').filter((row) => row[6] === 'UND' && row[7])
  const copied = rows('--relocs').filter((row) => /^R_\w+_COPY$/.test(row[2]))
  return [...undefinedOnes.map((row) => row[7]), ...copied.map((row) => row[4])].map((name) => name.split('@')[0])
}

module.exports = { muslRuntime }
