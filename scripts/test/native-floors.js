'use strict'
// The order of the rooms of native/, lowest first: a file includes headers of its own room and of those before it only.
// `npm run lint` holds it, as .dependency-cruiser.cjs does for lib/.
const fs = require('node:fs')
const path = require('node:path')
const { root, filesUnder } = require('../tools')

const floors = [
  'math',
  'core', // call.h and kernels.def: what kernels and core say to each other
  'core/graph',
  'core/ops',
  'cuda', // api.h: what crosses to the CUDA library
  'core/device',
  'core/compile',
  'core/run',
  'cpu/simd',
  'cpu/kernels',
  'cpu/image',
  'cpu',
  'cuda/kernels',
  'cuda/backend',
  'addon',
  'compat',
]

/** The room of a file, as `floors` names it: folders below a named one belong to it. */
function roomOf(file) {
  const folder = path.posix.dirname(file).replace(/^native\/?/, '')
  return floors
    .filter((room) => folder === room || folder.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0]
}

/** Lines of complaint: includes that point upwards, and files in no room. */
function upwardIncludes() {
  const files = filesUnder('native', /\.(h|cpp|cu|cuh|def)$/).map((file) => file.split(path.sep).join('/'))
  const known = new Set(files)
  return files.flatMap((file) => {
    const room = roomOf(file)
    if (room === undefined) return [`${file}: native/ has no such room; scripts/test/native-floors.js names them`]
    const text = fs.readFileSync(path.join(root, file), 'utf8')
    return [...text.matchAll(/^\s*#\s*include "([^"]+)"/gm)].flatMap(([, name]) => {
      const target = [`native/${name}`, path.posix.join(path.posix.dirname(file), name)].find((one) => known.has(one))
      const above = target && floors.indexOf(roomOf(target)) > floors.indexOf(room)
      return above ? [`${file} includes ${name}: ${roomOf(target)} is above ${room}`] : []
    })
  })
}

module.exports = { upwardIncludes }
