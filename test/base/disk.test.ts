import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  promises as fs,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import { readFile, writeFileAtomic } from '../../lib/base/disk'
import { FormatError } from '../../lib/base/errors'
import { skip } from '../skip'

async function failure(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason: Error) => reason,
  )
  expect(error, error.message).to.be.instanceOf(FormatError)
  return error
}

describe('writing files all or nothing', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'myelin-disk-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('writes, replaces, keeps the mode, leaves nothing else behind', async () => {
    const file = join(folder, 'model')
    await writeFileAtomic(file, Buffer.from('one'))
    chmodSync(file, 0o600)
    await writeFileAtomic(file, Buffer.from('two'))
    expect(readFileSync(file, 'utf8')).to.equal('two')
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    expect(readdirSync(folder)).to.deep.equal(['model'])
    expect(Buffer.from(await readFile(file)).toString()).to.equal('two')
  })

  it('writes files of the longest names, whatever their letters, and removes what was left beside them', async () => {
    for (const name of ['m'.repeat(255), '模'.repeat(85), 'a' + '模'.repeat(84), '😀'.repeat(63)]) {
      const file = join(folder, name)
      await writeFileAtomic(file, Buffer.from('one'))
      const kept = Buffer.from(name)
        .subarray(0, 100)
        .toString()
        .replace(/\uFFFD$/, '')
      const left = join(folder, `.${kept}.999999999.0123456789ab.tmp`)
      writeFileSync(left, 'left')
      utimesSync(left, 1, 1)
      await writeFileAtomic(file, Buffer.from('two'))
      expect(readdirSync(folder)).to.deep.equal([name])
      rmSync(file)
    }
  })

  it('writes through a symbolic link', async () => {
    writeFileSync(join(folder, 'target'), 'old')
    symlinkSync('target', join(folder, 'link'))
    await writeFileAtomic(join(folder, 'link'), Buffer.from('new'))
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).to.equal(true)
    expect(readFileSync(join(folder, 'target'), 'utf8')).to.equal('new')
  })

  it('says why a path cannot be written, and changes nothing', async () => {
    mkdirSync(join(folder, 'sub'))
    writeFileSync(join(folder, 'file'), 'kept')
    const bytes = Buffer.from('x')
    expect((await failure(writeFileAtomic(join(folder, 'missing', 'model'), bytes))).message).to.include(
      'does not exist (ENOENT)',
    )
    expect((await failure(writeFileAtomic(join(folder, 'sub'), bytes))).message).to.include('is a folder')
    expect((await failure(writeFileAtomic(join(folder, 'file', 'model'), bytes))).message).to.include('not a folder')
    expect((await failure(writeFileAtomic('', bytes))).message).to.include('expected a path')
    expect((await failure(writeFileAtomic(7 as never, bytes))).message).to.include('got 7')
    expect(readdirSync(folder).sort()).to.deep.equal(['file', 'sub'])
    expect(readFileSync(join(folder, 'file'), 'utf8')).to.equal('kept')
  })

  it('leaves the old file alone when the disk has no room', function () {
    if (process.platform === 'win32') return skip(this, 'a shell with ulimit is needed')
    const file = join(folder, 'model')
    writeFileSync(file, 'old')
    // A process that may write 8 blocks at most stands for a full disk.
    const library = JSON.stringify(resolve(__dirname, '../../lib/base/disk'))
    const script = `require(${library}).writeFileAtomic(${JSON.stringify(file)}, new Uint8Array(1 << 20)).then(
      () => console.log('written'), (e) => console.log(e.name + ': ' + e.message + ' ' + e.cause.code))`
    const run = spawnSync('sh', ['-c', 'ulimit -f 8; exec "$0" --import tsx -e "$1"', process.execPath, script], {
      encoding: 'utf8',
      cwd: resolve(__dirname, '../..'),
      // tsx would write its cache within the same limit.
      env: { ...process.env, TSX_DISABLE_CACHE: '1' },
    })
    expect(run.stdout, run.stderr).to.match(/^FormatError: Cannot write .*EFBIG/)
    expect(readFileSync(file, 'utf8')).to.equal('old')
    expect(readdirSync(folder)).to.deep.equal(['model'])
  })

  it('makes the file that a link leads to, and refuses links in a circle', async () => {
    symlinkSync('run-7', join(folder, 'newest'))
    symlinkSync('newest', join(folder, 'latest'))
    await writeFileAtomic(join(folder, 'latest'), Buffer.from('new'))
    for (const link of ['latest', 'newest']) expect(lstatSync(join(folder, link)).isSymbolicLink()).to.equal(true)
    expect(readFileSync(join(folder, 'run-7'), 'utf8')).to.equal('new')
    symlinkSync('there', join(folder, 'here'))
    symlinkSync('here', join(folder, 'there'))
    const circle = await failure(writeFileAtomic(join(folder, 'here'), Buffer.from('x')))
    expect(circle.message).to.include('in a circle (ELOOP)')
    expect(lstatSync(join(folder, 'here')).isSymbolicLink()).to.equal(true)
  })

  it('writes to a pipe and leaves it a pipe', async function () {
    if (process.platform === 'win32') return skip(this, 'mkfifo is needed')
    const pipe = join(folder, 'pipe')
    expect(spawnSync('mkfifo', [pipe]).status).to.equal(0)
    // More than a pipe holds.
    const bytes = Buffer.alloc(300_000, 'model')
    expect((await failure(writeFileAtomic(pipe, bytes))).message).to.include('no program reads from this pipe')
    const reader = spawn('head', ['-c', String(bytes.length), pipe], { stdio: ['ignore', 'pipe', 'inherit'] })
    const got = buffer(reader.stdout)
    const write = async (): Promise<boolean> => {
      try {
        await writeFileAtomic(pipe, bytes)
        return true
      } catch (error) {
        if (!(error as Error).message.includes('ENXIO')) throw error
        return false
      }
    }
    // Until the reader has opened it.
    while (!(await write())) await setTimeout(5)
    expect((await got).equals(bytes)).to.equal(true)
    expect(lstatSync(pipe).isFIFO()).to.equal(true)
  })

  it('leaves devices and owners as they are', async function () {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return skip(this, 'root makes devices')
    const device = join(folder, 'null')
    if (spawnSync('mknod', [device, 'c', '1', '3']).status !== 0) return skip(this, 'no devices can be made here')
    await writeFileAtomic(device, Buffer.from('x'))
    expect(lstatSync(device).isCharacterDevice()).to.equal(true)
    const file = join(folder, 'model')
    writeFileSync(file, 'old', { mode: 0o640 })
    chownSync(file, 1000, 1001)
    await writeFileAtomic(file, Buffer.from('new'))
    expect(statSync(file)).to.include({ uid: 1000, gid: 1001 })
    expect(statSync(file).mode & 0o777).to.equal(0o640)
  })

  describe('where the system refuses', () => {
    const file = () => join(folder, 'model')
    const undo: (() => void)[] = []
    afterEach(() => undo.splice(0).forEach((back) => back()))

    /** Lets one call of the system fail. */
    function refuse<T extends object>(owner: T, name: keyof T, code: string): void {
      const real = owner[name]
      owner[name] = (() => Promise.reject(Object.assign(new Error(code), { code }))) as T[keyof T]
      undo.push(() => (owner[name] = real))
    }

    async function handles(): Promise<FileHandle> {
      const handle = await fs.open(folder)
      await handle.close()
      return Object.getPrototypeOf(handle) as FileHandle
    }

    for (const code of ['EINVAL', 'ENOSYS', 'ENOTSUP', 'ERR_ACCESS_DENIED'])
      it(`to flush (${code}), it writes`, async () => {
        refuse(await handles(), 'sync', code)
        await writeFileAtomic(file(), Buffer.from('new'))
        expect(readFileSync(file(), 'utf8')).to.equal('new')
      })

    it('to flush because the disk is full, it fails', async () => {
      writeFileSync(file(), 'old')
      refuse(await handles(), 'sync', 'ENOSPC')
      expect((await failure(writeFileAtomic(file(), Buffer.from('new')))).message).to.include('the disk is full')
      expect(readFileSync(file(), 'utf8')).to.equal('old')
      expect(readdirSync(folder)).to.deep.equal(['model'])
    })

    it('to replace a mounted file, it writes over it', async () => {
      writeFileSync(file(), 'old and longer')
      const { ino } = statSync(file())
      refuse(fs, 'rename', 'EBUSY')
      await writeFileAtomic(file(), Buffer.from('new'))
      expect(readFileSync(file(), 'utf8')).to.equal('new')
      expect(statSync(file()).ino).to.equal(ino)
      expect(readdirSync(folder)).to.deep.equal(['model'])
    })

    it('to replace it and to write over it, the error names the whole new file', async () => {
      writeFileSync(file(), 'old')
      refuse(fs, 'rename', 'EBUSY')
      refuse(await handles(), 'truncate', 'EIO')
      const { message } = await failure(writeFileAtomic(file(), Buffer.from('new')))
      const [, standby] = /The new file is whole in '(.*)'/.exec(message)!
      expect(readFileSync(standby, 'utf8')).to.equal('new')
    })

    it('to keep the mode of the old one, it writes over it', async () => {
      writeFileSync(file(), 'old')
      chmodSync(file(), 0o666)
      const { ino } = statSync(file())
      const mask = process.umask(0o077)
      undo.push(() => process.umask(mask))
      refuse(await handles(), 'chmod', 'EPERM')
      await writeFileAtomic(file(), Buffer.from('new'))
      expect(statSync(file()).ino).to.equal(ino)
      expect(readFileSync(file(), 'utf8')).to.equal('new')
    })
  })

  it('removes what killed processes left behind, and nothing else', async () => {
    const ended = spawnSync(process.execPath, ['-e', '']).pid
    const old = (name: string, hours: number) => {
      const when = Date.now() / 1000 - 3600 * hours
      writeFileSync(join(folder, name), '')
      utimesSync(join(folder, name), when, when)
    }
    old(`.model.${ended}.0123456789ab.tmp`, 2)
    old(`.model.${process.pid}.0123456789ab.tmp`, 2)
    const kept = [`.model.${ended}.ba9876543210.tmp`, `.model.${process.ppid}.0123456789ab.tmp`, '.model.0.tmp']
    kept.push(`.model-2.${ended}.0123456789ab.tmp`)
    kept.forEach((name, i) => old(name, i ? 2 : 0.5))
    await writeFileAtomic(join(folder, 'model'), Buffer.from('x'))
    expect(readdirSync(folder).sort()).to.deep.equal([...kept, 'model'].sort())
  })

  it('says why a file cannot be read', async () => {
    const missing = await failure(readFile(join(folder, 'nothing.safetensors')))
    expect(missing.message).to.include('nothing.safetensors').and.include('ENOENT')
    expect((missing.cause as NodeJS.ErrnoException).code).to.equal('ENOENT')
    await failure(readFile(folder))
  })
})
