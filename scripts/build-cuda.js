'use strict'
// npm run build:cuda [-- options], in an installed package node <path>/scripts/build-cuda.js [options]:
// libmyelin_cuda.so, which the addon beside it opens when a GPU is asked for. Not part of `npm run build`: nvcc takes
// minutes, and whoever has no GPU needs none of it. Where there is no nvcc, one line says so and nothing fails.
//
//   --quick         only the architecture of this machine's GPU (8.0 where there is none)
//   --arch 80,90    these architectures
//   --output dir    another folder than that of the addon
//   --strict        a warning is an error
//   --bench         also the programs of bench/gpu
//   otherwise       all architectures, and PTX for those to come
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { cmakeBuild } = require('./cmake-build')
const { main, readArguments, root, which } = require('./tools')

/** Compute capability of the first GPU, as 90; null where there is none. */
function presentArchitecture() {
  const query = spawnSync('nvidia-smi', ['--query-gpu=compute_cap', '--format=csv,noheader'], { encoding: 'utf8' })
  const found = query.status === 0 && /^\s*(\d+)\.(\d)/.exec(query.stdout)
  return found ? found[1] + found[2] : null
}

/** CMake's working folder for these architectures (null: all). The programs of bench/gpu go to its folder bench. */
const folderOf = (architectures, strict = false) =>
  ['build/cuda', ...(architectures ?? []), ...(strict ? ['strict'] : [])].join('-')

/** The folder of the addon that Node.js loads: build/Release of a clone or a package built here, else prebuilds. */
function besideAddon() {
  const [built, prebuilt] = ['build/Release', `prebuilds/${process.platform}-${process.arch}`]
  const isThere = (file) => fs.existsSync(path.join(root, file))
  return isThere('lib/index.ts') || isThere(`${built}/myelin.node`) || !isThere(prebuilt) ? built : prebuilt
}

/** Builds the library; false where there is no nvcc. `architectures`: as ['80', '90'], null for all. */
function buildCuda({ architectures = null, outputDir = besideAddon(), strict = false, bench = false } = {}) {
  if (!process.env.CUDACXX && !which('nvcc')) {
    console.log('The CUDA library is left out: no nvcc on PATH, and CUDACXX does not name one.')
    return false
  }
  const chosen = architectures ? [`-DMYELIN_CUDA_ARCHITECTURES=${architectures.map((a) => `${a}-real`).join(';')}`] : []
  cmakeBuild({
    binaryDir: folderOf(architectures, strict),
    outputDir,
    options: ['-DMYELIN_CUDA=ON', '-DMYELIN_ADDON=OFF', `-DMYELIN_CUDA_STRICT=${strict ? 'ON' : 'OFF'}`, ...chosen],
    targets: ['myelin_cuda', ...(bench ? ['gpu_peaks', 'gpu_gemm'] : [])],
  })
  return true
}

function optionsOf(args) {
  const known = { quick: true, arch: false, output: false, strict: true, bench: true }
  const { options } = readArguments(args, __filename, { known })
  const architectures = options.quick ? [presentArchitecture() ?? '80'] : options.arch?.split(',')
  const outputDir = options.output && path.resolve(options.output)
  return { architectures, outputDir, strict: options.strict, bench: options.bench }
}

module.exports = { besideAddon, buildCuda, folderOf, presentArchitecture }

if (require.main === module) main(() => void buildCuda(optionsOf(process.argv.slice(2))))
