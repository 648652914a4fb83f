import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix, resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect } from 'chai'
import { skip } from '../../skip'

interface Target {
  name: string
}
interface Targets {
  targets: Target[]
  hostTarget(): Target | undefined
  recipe(target: Target): { cmake?: string[]; reason?: string }
  binaryOf(target: Target): string
}
/* eslint-disable @typescript-eslint/no-require-imports -- the scripts are plain JavaScript without declarations */
const { checkList } = require('../../../scripts/check-pack') as { checkList(files: readonly string[]): void }
const { binaryOf, hostTarget, recipe, targets } = require('../../../scripts/package/prebuild-targets') as Targets
/* eslint-enable */

const root = resolve(__dirname, '../../..')

describe('what is packed', () => {
  let home: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'myelin-pack-'))
    cpSync(join(root, 'scripts'), join(home, 'scripts'), { recursive: true })
    cpSync(join(root, 'package.json'), join(home, 'package.json'))
  })
  afterEach(() => rmSync(home, { recursive: true, force: true }))

  function write(file: string, seconds = 2000): void {
    mkdirSync(join(home, file, '..'), { recursive: true })
    writeFileSync(join(home, file), '')
    utimesSync(join(home, file), seconds, seconds)
  }
  const sums = (content: string) => ({
    sha256: createHash('sha256').update(content).digest('hex'),
    crc32: crc32(content).toString(16).padStart(8, '0'),
  })
  const prepack = () => spawnSync(process.execPath, [join(home, 'scripts/check-pack.js')], { encoding: 'utf8' })

  it('npm pack refuses a tree without dist, with an old dist, without binaries', function () {
    const host = hostTarget()
    if (!host) return skip(this, 'there is no binary for this platform at all')
    expect(prepack().stderr).to.match(/there is no dist\/: run `npm run build:ts` first/)
    write('dist/index.js')
    write('build/ts.stamp')
    write('lib/index.ts', 3000)
    expect(prepack().stderr).to.match(/dist\/ is older than lib\/: run `npm run build:ts` first/)
    write('build/ts.stamp', 4000)
    const { status, stderr } = prepack()
    expect(status).to.equal(1)
    expect(stderr).to.match(
      /no binary for this machine in prebuilds\/: run `npm run prebuilds` first.*`npm run prebuilds -- --no-cuda`/,
    )
    write(join('prebuilds', binaryOf(host)))
    expect(prepack().stderr).to.match(/checksums\.json is not of the binaries beside it: .*myelin/)
    writeFileSync(join(home, 'prebuilds/checksums.json'), JSON.stringify({ [binaryOf(host)]: sums('') }, null, 2))
    expect(prepack()).to.include({ status: 0, stderr: '' })
    writeFileSync(join(home, 'prebuilds', binaryOf(host)), 'changed')
    expect(prepack().stderr).to.match(/checksums\.json is not of the binaries beside it: .*myelin/)
  })

  it('the list names what is missing and what is not for users', () => {
    const complete = [
      ...['index.js', 'index.mjs', 'index.d.ts', 'index.d.mts', 'cli.js', 'doctor.js'].map((file) => `dist/${file}`),
      ...['index.js', 'index.d.ts', 'drawing-thread.js'].map((file) => `dist/plot/${file}`),
      ...['native/addon/addon.cpp', 'native/addon/exports.map', 'native/cuda/exports.map'],
      ...[
        'CMakeLists.txt',
        'package.json',
        'LICENSE',
        'THIRD-PARTY.md',
        'README.md',
        'CHANGELOG.md',
        'docs/api.md',
        'docs/install.md',
      ],
      ...['build-cuda', 'cmake-build', 'tools'].map((name) => `scripts/${name}.js`),
      ...['prebuilds/checksums.json', 'prebuilds/linux-x64/myelin.glibc.node', 'prebuilds/win32-x64/myelin.node'],
    ]
    checkList(complete)
    for (const file of ['LICENSE', 'docs/api.md'])
      expect(() => checkList(complete.filter((other) => other !== file))).to.throw(`the package lacks ${file}`)
    expect(() => checkList(complete.filter((file) => !file.endsWith('.node')))).to.throw('there is no binary')
    for (const stray of [
      'binding.gyp',
      'test/run.js',
      'lib/index.ts',
      'dist/index.js.map',
      'native/core/notes.md',
      '.env',
    ])
      expect(() => checkList([...complete, stray]), stray).to.throw(`not for users: ${stray}`)
  })

  // What "files" of package.json names, and what npm packs of itself.
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] }
  const packed = ['package.json', 'README.md', 'LICENSE', ...files]
  const isPacked = (file: string) => packed.some((entry) => file === entry || file.startsWith(`${entry}/`))

  /** Links of `page` to files that are not packed, in sections that do not say so. */
  function deadLinks(page: string, text: string): string[] {
    return text.split(/^(?=## )/m).flatMap((section) => {
      if (section.includes('in the repository')) return []
      const links = [...section.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link)
      return links.filter((link) => !isPacked(posix.join(posix.dirname(page), link)))
    })
  }

  for (const page of packed.filter((file) => file.endsWith('.md')))
    it(`${page}: relative links lead to packed files, or are said to be in the repository`, () => {
      expect(deadLinks(page, readFileSync(join(root, page), 'utf8'))).to.deep.equal([])
    })

  it('a link to a file that is not packed is found', () => {
    const text =
      '# A\n[b](docs/release.md#c)\n## D\nAs [e](test/f.ts) in the repository.\n## G\n[h](docs/api.md) [i](#j)\n'
    expect(deadLinks('README.md', text)).to.deep.equal(['docs/release.md'])
    expect(deadLinks('docs/install.md', '[up](../README.md#x), [k](README.md)')).to.deep.equal(['README.md'])
  })

  it('every target has a recipe here, or a reason that says where it is built', () => {
    for (const target of targets) {
      const { cmake, reason } = recipe(target)
      expect(cmake !== undefined || reason, target.name).to.be.ok
    }
    expect(new Set(targets.map(binaryOf)).size).to.equal(targets.length)
  })
})
