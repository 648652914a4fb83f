'use strict'
// npm run build:cuda [-- options]: build/Release/libmyelin_cuda.so, which the addon beside it opens when a GPU is asked
// for. Not part of `npm run build`: nvcc takes minutes, and whoever has no GPU needs none of it. Where there is no nvcc,
// one line says so and nothing fails.
//
//   --quick         only the architecture of this machine's GPU (8.0 where there is none)
//   --arch 80,90    these architectures
//   --output dir    another folder than build/Release
//   --strict        a warning is an error
//   --bench         also the programs of bench/gpu
//   otherwise       all architectures, and PTX for those to come
const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { cmakeBuild } = require('./cmake-build')
const { Failure, main, which } = require('./tools')

/** Compute capability of the first GPU, as 90; null where there is none. */
function presentArchitecture() {
  const query = spawnSync('nvidia-smi', ['--query-gpu=compute_cap', '--format=csv,noheader'], { encoding: 'utf8' })
  const found = query.status === 0 && /^\s*(\d+)\.(\d)/.exec(query.stdout)
  return found ? found[1] + found[2] : null
}

/** CMake's working folder for these architectures (null: all). The programs of bench/gpu go to its folder bench. */
const folderOf = (architectures, strict = false) =>
  ['build/cuda', ...(architectures ?? []), ...(strict ? ['strict'] : [])].join('-')

/** Builds the library; false where there is no nvcc. `architectures`: as ['80', '90'], null for all. */
function buildCuda({ architectures = null, outputDir = 'build/Release', strict = false, bench = false } = {}) {
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

function options(args) {
  const chosen = {}
  while (args.length > 0) {
    const option = args.shift()
    if (option === '--quick') chosen.architectures = [presentArchitecture() ?? '80']
    else if (option === '--arch' && args.length > 0) chosen.architectures = args.shift().split(',')
    else if (option === '--strict') chosen.strict = true
    else if (option === '--bench') chosen.bench = true
    else if (option === '--output' && args.length > 0) chosen.outputDir = path.resolve(args.shift())
    else throw new Failure(`unknown option '${option}'; see the head of scripts/build-cuda.js`)
  }
  return chosen
}

module.exports = { buildCuda, folderOf, presentArchitecture }

if (require.main === module) main(() => void buildCuda(options(process.argv.slice(2))))
