import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect } from 'chai'
import { binaryProblem, crc32Of } from '../../../lib/native/elf'
import { nativePath } from '../../../lib/native/load'
import { skip } from '../../skip'

const root = resolve(__dirname, '../../..')

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
    if (process.platform !== 'linux') return skip(this, 'only ELF binaries are looked at before they are loaded')
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

describe('an installed package', () => {
  let home: string
  /** As npm unpacks it, without binaries. */
  beforeEach(() => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'myelin-package-')))
    const scripts = ['build-cuda', 'cmake-build', 'tools'].map((name) => `scripts/${name}.js`)
    for (const part of ['dist', 'package.json', 'CMakeLists.txt', ...scripts])
      cpSync(join(root, part), join(home, part), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'), 'junction')
  })
  afterEach(() => rmSync(home, { recursive: true, force: true }))

  const run = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', MYELIN_CUDA_LIBRARY: '', ...env },
    })

  it("forbidden by Node's permission model: it says what to allow", () => {
    const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
    const script = join(home, 'script.cjs')
    writeFileSync(script, 'try { require(process.argv[2]) } catch (error) { console.log(error.message) }')
    const reads = (...folders: string[]) => folders.map((folder) => `--allow-fs-read=${join(folder, '*')}`)
    const entry = join(root, 'dist/index.js')
    // Where this package is a link, so may its dependencies be.
    const [own, dependencies] = [realpathSync(root), realpathSync(join(root, 'node_modules'))]
    const all = [flag, ...reads(home, own, dependencies), '--allow-fs-read=/etc/alpine-release']
    const addons = run([...all, script, entry])
    expect(addons.stdout).to.include('needs --allow-addons').and.not.include('Build it')
    const files = run([flag, ...reads(home, own), '--allow-addons', script, entry])
    expect(files.stdout).to.match(/FileSystemRead, \/.*\n.*needs --allow-addons.*\n.*and here --allow-fs-read=\//)
  })

  it('without a native part: the doctor says what the loader says, and what a build would use', () => {
    const loaded = run(['-e', `require(${JSON.stringify(join(home, 'dist'))})`])
    expect(loaded.status).to.equal(1)
    const said = /Error: (myelin could not load[^]*brew install cmake)$/m.exec(loaded.stderr)?.[1]
    expect(said)
      .to.include('no prebuilt binary for this platform')
      .and.include(join(home, 'scripts', 'cmake-build.js'))
    const { status, stdout, stderr } = run([join(home, 'dist/cli.js'), 'doctor'])
    expect({ status, stderr }).to.deep.equal({ status: 1, stderr: '' })
    expect(stdout).to.include(`\n\n${said}\n`)
    for (const tool of ['C\\+\\+ compiler', 'CMake', 'make or ninja'])
      expect(stdout).to.match(new RegExp(`^${tool}: +\\S+: .*\\d+\\.\\d+`, 'm'))
    const { stdout: bare } = run([join(home, 'dist/cli.js'), 'doctor'], { PATH: '/nowhere', CXX: '', CMAKE: '' })
    expect(bare).to.match(/^C\+\+ compiler: +none \(looked for c\+\+, g\+\+, clang\+\+ on PATH\)$/m)
    expect(bare).to.match(/^CMake: +none \(looked for cmake on PATH\)$/m)
  })

  it('without the CUDA library: its GPU line and errors name a command that is there', function () {
    if (process.platform !== 'linux') return skip(this, 'the CUDA library is built on Linux only')
    const folder = join(home, 'prebuilds', `linux-${process.arch}`)
    mkdirSync(folder, { recursive: true })
    copyFileSync(join(root, 'build/Release/myelin.node'), join(folder, 'myelin.node'))
    const program = `const { whyNoGpu } = require(${JSON.stringify(join(home, 'dist'))}); console.log(whyNoGpu())`
    const why = run(['-e', program]).stdout
    if (why.includes('musl')) return expect(why).to.match(/glibc only/)
    expect(why).to.include(`there is no ${join(folder, 'libmyelin_cuda.so')}. `)
    const command = /`node "(.*)"` builds it/.exec(why)?.[1] ?? ''
    expect(command).to.equal(join(home, 'scripts/build-cuda.js'))
    const help = run([command, '--help'])
    expect(help).to.deep.include({ status: 0, stderr: '' })
    expect(help.stdout).to.include('--arch 80,90')
    // The library must come to lie where the addon looks for it.
    const where = `console.log(require(${JSON.stringify(command)}).besideAddon())`
    expect(run(['-e', where]).stdout.trim()).to.equal(`prebuilds/linux-${process.arch}`)
  })
})
