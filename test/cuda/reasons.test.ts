/** Why there is no GPU, in processes of their own: without library, driver or device, and with a driver that is too old. */
import { skip } from '../skip'
import { expect } from 'chai'
import { existsSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { child, isStandIn, root } from './support'

interface Answer {
  loadedBefore: boolean
  loadedAfter: boolean
  milliseconds: number
  reason: string | null
  names: string[]
  error: { name: string; message: string } | null
  trained: { device: string; finite: boolean }
}

function ask(env: Record<string, string | undefined>): Answer {
  const { status, stdout, stderr } = child('ask', { MYELIN_DEVICE: undefined, ...env })
  expect(status, stderr).to.equal(0)
  return JSON.parse(stdout)
}

function expectNoGpu(answer: Answer, reason: RegExp) {
  expect(answer.reason).to.match(reason)
  expect(answer.names).to.deep.equal(['cpu'])
  expect(answer.error?.name).to.equal('DeviceError')
  expect(answer.error?.message).to.include(answer.reason)
  expect(answer.trained).to.deep.equal({ device: 'cpu', finite: true })
}

describe('why there is no GPU', () => {
  it('there is one: no reason, and the library is opened when asked for, not before', () => {
    const answer = ask({})
    expect(answer).to.include({ loadedBefore: false, loadedAfter: true, reason: null, error: null })
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

    it('a device without room for a model says so', () => {
      const { status, stderr } = child('train', { EMU_MEMORY: '4096' }, ['cuda'])
      expect(status).to.equal(1)
      expect(stderr).to.match(/DeviceError: .*cuda:0: out of memory: asked for 0\.0 MB, 0\.0 MB are free/)
    })
  }

  it('the library as nvcc made it says on a machine without a driver that there is none, at once', function () {
    const library = join(root, 'build/Release/libmyelin_cuda.so')
    if (!existsSync(library)) return skip(this, 'the CUDA library was not built (npm run build:cuda)')
    if (existsSync('/proc/driver/nvidia')) return skip(this, 'this machine has a driver')
    const answer = ask({ MYELIN_CUDA_LIBRARY: undefined })
    expectNoGpu(answer, /no NVIDIA driver/)
    expect(answer.loadedBefore).to.equal(false)
    expect(answer.milliseconds).to.be.below(200)
  })
})
