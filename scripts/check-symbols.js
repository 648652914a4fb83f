'use strict'
// Kernel sources are compiled once per instruction set. A weak symbol in them (an inline function or template outside
// the target's namespace) would be merged by the linker, and an old processor could then meet AVX-512 code. Lists every
// weak or unique-global definition in the kernel objects of a build folder.
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { root, Failure, filesUnder, which, main } = require('./tools')

/** { objects, offenders: ['file: symbol'] }, or { skipped: reason }. */
function checkSymbols(binaryDir = 'build/cmake') {
  // Mach-O's nm has no letters for weak symbols; the sources are the same as on Linux.
  if (process.platform !== 'linux') return { skipped: 'only ELF objects tell weak symbols apart' }
  const nm = process.env.NM || which('nm')
  if (!nm) return { skipped: 'nm is not installed' }
  const objects = filesUnder(binaryDir, /\.o$/).filter((file) => file.includes('myelin_kernels_'))
  if (objects.length === 0) throw new Failure(`no kernel objects under ${binaryDir}: build the native part first`)
  const offenders = objects.flatMap((object) => {
    const { stdout, status, stderr } = spawnSync(nm, ['-C', object], { cwd: root, encoding: 'utf8' })
    if (status !== 0) throw new Failure(`nm failed on ${object}: ${stderr}`)
    const weak = stdout.split('\n').filter((line) => / [WVu] /.test(line))
    return weak.map((line) => `${path.relative(binaryDir, object)}: ${line.replace(/^[0-9a-f]* */, '')}`)
  })
  return { objects: objects.length, offenders }
}

module.exports = { checkSymbols }

if (require.main === module) {
  main(() => {
    const { skipped, objects, offenders } = checkSymbols(process.argv[2])
    if (skipped) return console.log(`symbol guard skipped: ${skipped}`)
    if (offenders.length > 0) {
      throw new Failure(
        'weak symbols in kernel objects (make them static or put them into an anonymous namespace):\n  ' +
          offenders.join('\n  '),
      )
    }
    console.log(`symbol guard: ${objects} kernel objects without weak symbols`)
  })
}
