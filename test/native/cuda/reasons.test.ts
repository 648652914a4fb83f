/**
 * Why there is no GPU, in processes of their own: without library, driver or device, and with a driver that is too old.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type * as my from '../../../lib'
import { skip } from '../../skip'
import { child, isStandIn, root } from './support'

const { hasDriver } = createRequire(__filename)('../../../scripts/gpu/machine.js') as { hasDriver(): boolean }

interface Answer {
  /** The file that was loaded. */
  addon: string
  loadedBefore: boolean
  loadedAfter: boolean
  milliseconds: number
  reason: string | null
  names: string[]
  /** By way to ask for a GPU: what it threw. */
  errors: Record<string, { name: string; message: string }>
  trained: { device: string; finite: boolean }
  /** The reason once more in the end, with all the memory a device has. */
  later: string | null
}

function ask(env: Record<string, string | undefined>): Answer {
  const { status, stdout, stderr } = child('ask', { MYELIN_DEVICE: undefined, ...env })
  expect(status, stderr).to.equal(0)
  return JSON.parse(stdout)
}

function expectNoGpu(answer: Answer, reason: RegExp, names = ['cpu']) {
  expect(answer.reason).to.match(reason)
  expect(answer.names).to.deep.equal(names)
  expect(Object.keys(answer.errors)).to.deep.equal(['sequential', 'model.to', 'model bytes', 'setMemoryLimit'])
  for (const [way, { name, message }] of Object.entries(answer.errors)) {
    expect(name, way).to.equal('DeviceError')
    expect(message)
      .to.include(answer.reason)
      .and.to.match(new RegExp(`^${way}: `))
  }
  expect(answer.trained).to.deep.equal({ device: 'cpu', finite: true })
}

describe('why there is no GPU', () => {
  it('there is one: no reason, and the library is opened when asked for, not before', () => {
    const answer = ask({})
    expect(answer).to.include({ loadedBefore: false, loadedAfter: true, reason: null, later: null })
    expect(answer.errors).to.deep.equal({})
    expect(answer.names).to.include('cuda:0')
    expect(answer.trained).to.deep.equal({ device: 'cuda:0', finite: true })
  })

  it('the library is missing', () => {
    expectNoGpu(ask({ MYELIN_CUDA_LIBRARY: '/no/such/library.so' }), /library is missing.*\/no\/such\/library\.so/)
  })

  it('the library is none, or another one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'myelin-cuda-'))
    try {
      writeFileSync(join(folder, 'text.so'), 'not a library')
      expectNoGpu(ask({ MYELIN_CUDA_LIBRARY: join(folder, 'text.so') }), /cannot be opened.*text\.so/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    const other = join(root, 'build/Release/myelin.node')
    expectNoGpu(ask({ MYELIN_CUDA_LIBRARY: other }), /belongs to another version/)
  })

  if (isStandIn) {
    it('there is no driver', () => expectNoGpu(ask({ EMU_DRIVER: '0' }), /no NVIDIA driver.*CUDA 13\.0.*driver 580/))
    it('the driver is too old', () =>
      expectNoGpu(ask({ EMU_DRIVER: '12040' }), /too old: it knows CUDA 12\.4.*CUDA 13\.0 \(NVIDIA driver 580\)/))
    it('there is no device', () => expectNoGpu(ask({ EMU_DEVICES: '0' }), /finds no GPU/))

    it('the device is too old', () => {
      const answer = ask({ EMU_CAPABILITY: '61' })
      expectNoGpu(answer, /stand-in.* has compute capability 6\.1; Myelin needs 7\.5 or newer/)
    })
    it('one device is too old: the next one is used, under its own number', () => {
      const answer = ask({ EMU_DEVICES: '2', EMU_CAPABILITY: '61,75' })
      expect(answer).to.deep.include({ reason: null, errors: {}, names: ['cpu', 'cuda:1'] })
      expect(answer.trained).to.deep.equal({ device: 'cuda:1', finite: true })
    })
    it('other processes hold its memory, for now', () => {
      const answer = ask({ EMU_MEMORY: '0' })
      expectNoGpu(answer, /cuda:0 \(stand-in.*cannot be used: out of memory: other processes/, ['cpu', 'cuda:0'])
      expect(answer.later).to.equal(null)
    })

    it('several devices: models move between them and the CPU, weights and optimiser state to the bit', () => {
      const { status, stdout, stderr } = child('two', { EMU_DEVICES: '2', EMU_CAPABILITY: '90,86' })
      expect(status, stderr).to.equal(0)
      const { devices, steps } = JSON.parse(stdout) as { devices: my.DeviceInfo[]; steps: object[] }
      expect(devices.slice(1).map(({ name, computeCapability }) => [name, computeCapability])).to.deep.equal([
        ['cuda:0', '9.0'],
        ['cuda:1', '8.6'],
      ])
      const path = ['cuda:0', 'cuda:1', 'cpu', 'cuda:1', 'cuda:0', 'cpu', 'cuda:0']
      expect(steps).to.deep.equal(path.map((device) => ({ device, same: true })))
    })

    it('a device without room for a model says so', () => {
      const { status, stderr } = child('train', { EMU_MEMORY: '4096' }, ['cuda'])
      expect(status).to.equal(1)
      expect(stderr).to.match(
        /DeviceError: .*cuda:0: out of memory: asked for (\d+ bytes|[\d.]+ kB), (\d+ bytes|\d\.\d kB) are free/,
      )
    })
  }

  it('the library of nvcc beside the addon: there is no driver, said at once, and the CPU trains', function () {
    const name = 'libmyelin_cuda.so'
    // npm run build:cuda, and what npm run test:all builds
    const library = ['build/Release', 'build/cuda-release'].map((folder) => join(root, folder, name)).find(existsSync)
    if (!library) return skip(this, 'the CUDA library was not built (npm run build:cuda)')
    if (hasDriver()) return skip(this, 'this machine has a driver')
    const home = mkdtempSync(join(tmpdir(), 'myelin-cuda-'))
    try {
      const release = join(home, 'build/Release')
      mkdirSync(release, { recursive: true })
      copyFileSync(join(root, 'build/Release/myelin.node'), join(release, 'myelin.node'))
      copyFileSync(library, join(release, name))
      const answer = ask({ MYELIN_CUDA_LIBRARY: undefined, MYELIN_PREBUILD: home })
      expectNoGpu(answer, /no NVIDIA driver/)
      expect(answer).to.include({ loadedBefore: false, loadedAfter: true })
      expect(answer.addon).to.equal(join(release, 'myelin.node'))
      expect(answer.milliseconds).to.be.below(200)
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  })
})
