import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
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

  it('says why a file cannot be read', async () => {
    const missing = await failure(readFile(join(folder, 'nothing.safetensors')))
    expect(missing.message).to.include('nothing.safetensors').and.include('ENOENT')
    expect((missing.cause as NodeJS.ErrnoException).code).to.equal('ENOENT')
    await failure(readFile(folder))
  })
})
