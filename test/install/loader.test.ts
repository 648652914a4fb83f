import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { binaryProblem, crc32Of } from '../../lib/binary'
import { nativePath } from '../../lib/load-native'

const root = resolve(__dirname, '../..')

describe('the binary before it is loaded', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'myelin-binary-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** What is said about a damaged copy of the real addon. */
  function problem(damage: (bytes: Buffer) => Buffer): string | null {
    const file = join(folder, 'damaged.node')
    writeFileSync(file, damage(readFileSync(nativePath())))
    return binaryProblem(file)
  }

  before(function () {
    if (process.platform !== 'linux') this.skip()
  })

  it('is whole', () => {
    expect(problem((bytes) => bytes)).to.equal(null)
  })

  it('is refused when it is cut off anywhere', () => {
    const { length } = readFileSync(nativePath())
    for (const share of [0.01, 0.3, 0.6, 0.9]) {
      const kept = Math.floor(length * share)
      expect(
        problem((bytes) => bytes.subarray(0, kept)),
        `${kept} bytes`,
      ).to.match(/^it is cut off: \d+ bytes of at least \d+$/)
    }
  })

  it('is refused when it is empty, another kind of file or for another processor', () => {
    expect(problem(() => Buffer.alloc(0))).to.equal('the file is empty')
    expect(problem(() => Buffer.from('<!doctype html>'))).to.match(/not an ELF library \(it begins with 3c21646f\)/)
    const other = process.arch === 'x64' ? { machine: 183, name: 'arm64' } : { machine: 62, name: 'x64' }
    const changed = problem((bytes) => {
      bytes.writeUInt16LE(other.machine, 18)
      return bytes
    })
    expect(changed).to.equal(`it is for ${other.name}, and this Node.js is for ${process.arch}`)
    const unknown = problem((bytes) => {
      bytes[4] = 1
      return bytes
    })
    expect(unknown).to.match(/another kind of processor/)
  })

  it('has a checksum that tells a single bit', () => {
    const bytes = readFileSync(nativePath())
    expect(crc32Of(nativePath())).to.equal(crc32(bytes).toString(16).padStart(8, '0'))
    const file = join(folder, 'one-bit.node')
    bytes[bytes.length - 1] ^= 1
    writeFileSync(file, bytes)
    expect(crc32Of(file)).to.not.equal(crc32Of(nativePath()))
  })

  it('gives no error of its own for headers full of nonsense', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const said = problem((bytes) => {
        let state = seed
        for (let i = 20; i < 4096; i++) {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0
          bytes[i] = state >>> 24
        }
        return bytes
      })
      expect(said === null || said.startsWith('it is cut off'), `seed ${seed}: ${said}`).to.equal(true)
    }
  })
})

describe('npx myelin', () => {
  const myelin = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'dist/cli.js'), ...args], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    })

  it('doctor reports the platform and passes its self-test', () => {
    const { status, stdout, stderr } = myelin('doctor')
    expect(stderr).to.equal('')
    expect(stdout).to.match(/^Node\.js: +v\d+/m)
    expect(stdout).to.match(/^instruction set: +\S+/m)
    expect(stdout).to.match(/^self-test \(cpu\): passed: .* derivatives correct$/m)
    expect(status).to.equal(0)
  })

  it('tells its version and how to use it', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(myelin('--version').stdout).to.equal(`${version}\n`)
    expect(myelin('--help')).to.include({ status: 0 })
    const unknown = myelin('docter')
    expect(unknown.status).to.equal(2)
    expect(unknown.stderr).to.match(/unknown arguments 'docter'\nusage: npx myelin doctor/)
  })
})
