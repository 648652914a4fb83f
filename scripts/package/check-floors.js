'use strict'
// node scripts/package/check-floors.js: which systems the published binaries need, how large they are, what they
// export. Fails when those for Linux and Windows need more than Node's own binaries do, or show more than the entry
// points of N-API.
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { root, Failure, filesUnder, main, which } = require('../tools')

/** glibc: that of Node 20…26. libstdc++: GCC 8, which came with that glibc (RHEL 8). */
const floors = { GLIBC: '2.28', GLIBCXX: '3.4.25', CXXABI: '1.3.11', GCC: '8.0.0' }
const entryPoints = {
  'myelin.node': ['napi_register_module_v1', 'node_api_module_get_api_version_v1'],
  'libmyelin_cuda.so': ['myelin_cuda_api'],
}
/** What binaries for musl may ask for besides the C library, in the names that linkers give it. */
const muslLibraries = /^(libc\.so|libc\.musl-x86_64\.so\.1|libstdc\+\+\.so\.6|libgcc_s\.so\.1)$/
/** What Windows 10 and Node.js have. */
const windowsLibraries = /^(node\.exe|kernel32\.dll|ntdll\.dll|ucrtbase\.dll|api-ms-win-crt-[a-z0-9-]+\.dll)$/i
/** Bytes. */
const sizeLimits = { 'myelin.node': 2_000_000, 'libmyelin_cuda.so': 12_000_000 }

function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function binutils(program, file, ...flags) {
  const { stdout, status, stderr, error } = spawnSync(program, [...flags, path.resolve(root, file)], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Failure(`${program} failed on ${file}: ${error?.message ?? stderr}`)
  return stdout
}

const readelf = (file, ...flags) => binutils('readelf', file, ...flags, '-W')

/** Dynamic symbols as { name, version, isDefined }. */
function dynamicSymbols(file) {
  const lines = readelf(file, '--dyn-syms').split('\n')
  return lines.flatMap((line) => {
    const columns = line.trim().split(/\s+/)
    if (columns.length < 8 || !/^\d+:$/.test(columns[0])) return []
    const [name, version] = columns[7].split(/@+/)
    return [{ name, version, isDefined: columns[6] !== 'UND' && columns[4] !== 'LOCAL' }]
  })
}

const exportedSymbols = (file) =>
  dynamicSymbols(file)
    .filter((symbol) => symbol.isDefined)
    .map((symbol) => symbol.name)
    .sort()

/** { needs: { GLIBC: '2.17', … }, offenders: ['stat@GLIBC_2.33'] } */
function symbolFloors(file) {
  const needs = {}
  const offenders = []
  for (const { name, version } of dynamicSymbols(file)) {
    const match = /^([A-Z]+)_([\d.]+)$/.exec(version ?? '')
    if (!match) continue
    const [, library, number] = match
    if (!needs[library] || compareVersions(number, needs[library]) > 0) needs[library] = number
    if (floors[library] && compareVersions(number, floors[library]) > 0) offenders.push(`${name}@${version}`)
  }
  return { needs, offenders }
}

const neededLibraries = (file) =>
  [...readelf(file, '-d').matchAll(/\(NEEDED\)\s+Shared library: \[(.+)\]/g)].map((match) => match[1])

/** Of a Windows library: { libraries: ['KERNEL32.dll', …], exported: [names] }. */
function windowsTables(file) {
  const text = binutils('objdump', file, '-p')
  const libraries = [...text.matchAll(/DLL Name: (\S+)/g)].map((match) => match[1])
  const [, names = ''] = text.split('[Ordinal/Name Pointer] Table')
  const exported = [...names.matchAll(/^\s*\[\s*\d+\](?:\s+\+base\[\s*\d+\])?\s+(?:[0-9a-f]+\s+)?(\S+)$/gm)]
  return { libraries, exported: exported.map((match) => match[1]).sort() }
}

/** The name without libc tag: what limits go by. */
const kindOf = (file) => path.basename(file).replace(/\.(glibc|musl)\.node$/, '.node')

/** What is wrong with one published file; prints its line. */
function checkFile(file) {
  const kind = kindOf(file)
  const { size } = fs.statSync(path.join(root, file))
  const problems = []
  let text = `${file}  ${(size / 1e6).toFixed(2)} MB`
  if (size > sizeLimits[kind]) problems.push(`${file} is larger than ${sizeLimits[kind] / 1e6} MB`)
  const foreign = (libraries, allowed) => {
    text += `  needs ${libraries.join(', ')}`
    const others = libraries.filter((library) => !allowed.test(library))
    if (others.length > 0) problems.push(`${file} needs ${others.join(', ')}, which users may not have`)
  }
  const exports = (names) => {
    if (names.join() !== entryPoints[kind].join()) problems.push(`${file} exports ${names.join(', ') || 'nothing'}`)
  }
  if (file.includes('win32-')) {
    const { libraries, exported } = windowsTables(file)
    foreign(libraries, windowsLibraries)
    exports(exported)
  } else if (file.includes('.musl.')) {
    foreign(neededLibraries(file), muslLibraries)
    exports(exportedSymbols(file))
  } else if (file.includes('linux-')) {
    const { needs, offenders } = symbolFloors(file)
    text += `  ${Object.keys(floors)
      .map((library) => `${library} ${needs[library] ?? '-'}`)
      .join(', ')}`
    if (offenders.length > 0) {
      problems.push(
        `${file} would not load on the oldest systems that Node supports; too new are ${offenders.join(', ')}. ` +
          'Do without them, or add them to native/compat/old_glibc.cpp.',
      )
    }
    exports(exportedSymbols(file))
  }
  console.log(text)
  return problems
}

function checkFloors() {
  const files = filesUnder('prebuilds', /\.(node|so)$/)
  if (files.length === 0) throw new Failure('there is nothing in prebuilds/: `npm run prebuilds` first')
  if (!which('readelf') && files.some((file) => !file.includes('darwin-')))
    throw new Failure('readelf is not installed: sudo apt-get install binutils')
  const problems = files.flatMap(checkFile)
  if (problems.length > 0) throw new Failure(problems.join('\n'))
}

module.exports = { checkFloors, exportedSymbols }

if (require.main === module) main(checkFloors)
