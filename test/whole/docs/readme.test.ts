/** Every block of code in the documentation type-checks under `strict` and runs, and does what its page says. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
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

      it('links to files that exist', () => {
        const text = readFileSync(join(root, page), 'utf8')
        const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link)
        for (const link of links) expect(existsSync(join(root, dirname(page), link)), link).to.equal(true)
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

  it('docs/api.md names every function of ops', () => {
    const text = readFileSync(join(root, 'docs/api.md'), 'utf8')
    const missing = Object.keys(my.ops).filter((name) => !new RegExp(`\\b${name}\\b`).test(text))
    expect(missing).to.deep.equal([])
  })

  it('docs/api.md names every function of myelin/plot', () => {
    const text = readFileSync(join(root, 'docs/api.md'), 'utf8')
    const pictures = text.slice(text.indexOf('## Pictures'), text.indexOf('## Errors'))
    const names = Object.keys(my.plot).filter((name) => !['default', 'Picture'].includes(name))
    expect(names.length).to.be.above(15)
    expect(names.filter((name) => !pictures.includes(`\`${name}(`))).to.deep.equal([])
  })

  it('docs/api.md names every value that the package exports', () => {
    const text = readFileSync(join(root, 'docs/api.md'), 'utf8')
    const exported = Object.keys(my)
    const missing = exported.filter((name) => name !== 'default' && !new RegExp(`\\b${name}\\b`).test(text))
    expect(missing).to.deep.equal([])
  })
})
