/**
 * `myelin/plot` as a user has it: one instance however it is reached, nothing loaded before a picture is drawn, and
 * what is missing is named.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'chai'

const root = resolve(__dirname, '../..')

/** In the repository, so that programs in it find the package by its name. */
let folder: string

/** Runs code in a new process, with the code `first` before it in every thread. */
function run(kind: 'commonjs' | 'module', code: string, first = ''): string {
  const file = join(folder, kind === 'module' ? 'program.mjs' : 'program.cjs')
  writeFileSync(file, code)
  const found = spawnSync(process.execPath, [...(first ? ['--import', url(first)] : []), file], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(found.status, found.stderr).to.equal(0)
  return found.stdout + found.stderr
}

const url = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`

/** As if the packages `missing` were not installed; what is asked for is printed. */
function without(missing: readonly string[]): string {
  const hooks = `
    export async function resolve(name, context, next) {
      if (/^(vega|@resvg)/.test(name)) process._rawDebug('asked for ' + name)
      if (${JSON.stringify(missing)}.includes(name))
        throw Object.assign(new Error('no ' + name), { code: 'ERR_MODULE_NOT_FOUND' })
      return next(name, context)
    }`
  return `import { register } from 'node:module'; register(${JSON.stringify(url(hooks))})`
}

const report = `.then(() => console.log('drawn'), (e) => console.log(e.name + ': ' + e.message))`

describe('the package myelin/plot', function () {
  this.timeout(60_000)
  before(() => (folder = mkdtempSync(join(root, 'build/plot-'))))
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('is one instance for require and import, and part of the library', () => {
    const code = `
      import { createRequire } from 'node:module'
      import * as plot from 'myelin/plot'
      import * as myelin from 'myelin'
      const required = createRequire(import.meta.url)('myelin/plot')
      const names = Object.keys(required).sort()
      const same = names.every((name) => required[name] === plot[name] && required[name] === myelin.plot[name])
      console.log(names.length > 20, same, required.activation('tanh') instanceof plot.Picture)`
    expect(run('module', code)).to.equal('true true true\n')
  })

  it('loads vega for the first picture that is drawn, not before', () => {
    const code = `
      const plot = require('myelin/plot')
      const picture = plot.activation('tanh')
      console.log('described', picture.spec.data.values.length)
      picture.svg().then((svg) => console.log(svg.slice(0, 4)))`
    const said = run('commonjs', code, without([]))
    expect(said).to.include('described 484').and.include('<svg')
    expect(said).to.include('asked for vega').and.include('asked for vega-lite')
    const title = `import { activation } from 'myelin/plot'; console.log(activation('relu').spec.title)`
    const described = run('module', title, without([]))
    expect(described).to.equal('relu\n')
  })

  for (const [missing, command] of [
    ['vega', 'npm install vega vega-lite'],
    ['vega-lite', 'npm install vega vega-lite'],
    ['@resvg/resvg-js', 'npm install @resvg/resvg-js'],
  ])
    it(`names ${missing} and how to install it where it is missing`, () => {
      const file = resolve(root, 'build/never-written.png')
      const code = `const plot = require('myelin/plot'); plot.crossentropy().save(${JSON.stringify(file)})${report}`
      const said = run('commonjs', code, without([missing]))
      expect(said).to.match(new RegExp(`^StateError: .*'${missing}', which is not installed\\. Run: ${command}$`, 'm'))
      const save = `crossentropy().save(${JSON.stringify(file)})${report}`
      const esm = run('module', `import { crossentropy } from 'myelin/plot'; ${save}`, without([missing]))
      expect(esm).to.include(command)
    })
})
