'use strict'
// node scripts/gpu/build-stand-in.js: the CUDA library on the stand-in runtime, and the programs of bench/gpu with it,
// in build/gpu-stand-in: what scripts/gpu.js --stand-in runs.
const path = require('node:path')
const standIn = require('../cuda-stand-in')
const { root, main } = require('../tools')

main(async () => {
  standIn.buildStandIn()
  const folder = path.join(root, 'build/gpu-stand-in')
  const job = (source, flags) => ({
    source: path.join(root, source),
    object: path.join(folder, 'objects', `${source.replace(/[\\/]/g, '_')}.o`),
    flags,
  })
  const kernels = standIn.kernelFlags('')
  const peaks = job('bench/gpu/peaks.cu', kernels)
  const gemm = job('bench/gpu/gemm.cpp', kernels)
  const runtime = standIn.runtimeSources().map((source) => job(source, standIn.runtimeFlags('')))
  await standIn.inParallel([peaks, gemm, ...runtime], ({ source, object, flags }) =>
    standIn.compile(source, object, flags),
  )
  const checked = standIn.sanitizers['']
  standIn.link(
    path.join(folder, 'gpu_peaks'),
    [peaks, ...runtime].map(({ object }) => object),
    checked,
  )
  standIn.link(path.join(folder, 'gpu_gemm'), [gemm.object], checked)
})
