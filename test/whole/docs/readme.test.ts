/** Every block of code in the documentation type-checks under `strict` and runs, and does what its page says. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import * as my from '../../../lib'
import { compile, extract, root, type Example } from './examples'

const pages = ['README.md', 'docs/api.md']

function run(file: string, cwd: string): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile(process.execPath, [file], { cwd, timeout: 60_000 }, (error, stdout, stderr) =>
      error ? reject(new Error(`${error.message}\n${stderr}`)) : resolve(stdout),
    ),
  )
}

describe('documentation', () => {
  const examples = extract(pages)
  let messages: Map<string, string>
  let folder: string
  before(() => {
    messages = compile(examples)
    folder = mkdtempSync(join(tmpdir(), 'myelin-docs-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const page of pages) {
    describe(page, () => {
      it('has examples', () => expect(examples.filter((e) => e.page === page).length).to.be.at.least(2))

      for (const example of examples.filter((e: Example) => e.page === page))
        it(`line ${example.line}`, async () => {
          expect(messages.get(example.source) ?? '', 'what the compiler says').to.equal('')
          await run(example.file, folder)
        })
    })
  }

  it('README.md stays short', () => {
    expect(readFileSync(join(root, 'README.md'), 'utf8').split('\n').length - 1).to.be.at.most(120)
  })

  // Who copies a block of the README must be able to run it.
  it('README.md hides nothing that its blocks start from', () => {
    expect(readFileSync(join(root, 'README.md'), 'utf8')).not.to.match(/<!-- before/)
  })

  const api = readFileSync(join(root, 'docs/api.md'), 'utf8')
  /** The part of docs/api.md from one text to another. */
  function part(from: string, to: string): string {
    const [start, end] = [api.indexOf(from), api.indexOf(to)]
    expect(Math.min(start, end - start), `${from} … ${to}`).to.be.above(-1)
    return api.slice(start, end)
  }

  it('docs/api.md names every function of ops', () => {
    const table = part('\n`ops` take tensors', '\n`grad(f')
    const names = Object.keys(my.ops)
    expect(names.length).to.be.above(50)
    // As `name` or `name(…)`.
    expect(names.filter((name) => !['`', '('].some((end) => table.includes(`\`${name}${end}`)))).to.deep.equal([])
  })

  it('docs/api.md names every function of myelin/plot', () => {
    const pictures = part('## Pictures', '## Errors')
    const names = Object.keys(my.plot).filter((name) => !['default', 'Picture'].includes(name))
    expect(names.length).to.be.above(15)
    expect(names.filter((name) => !pictures.includes(`\`${name}(`))).to.deep.equal([])
  })

  it('docs/api.md names every value that the package exports', () => {
    const exported = Object.entries(my).filter(([name]) => name !== 'default')
    expect(exported.length).to.be.above(40)
    // Functions stand there as `name(…)`, objects of functions as `name.…`, classes as `Name`.
    const end = ([name, value]: [string, unknown]) =>
      /^[A-Z]/.test(name) ? '`' : typeof value === 'function' ? '(' : '.'
    const missing = exported.filter((entry) => !api.includes(`\`${entry[0]}${end(entry)}`)).map(([name]) => name)
    expect(missing).to.deep.equal([])
  })
})
