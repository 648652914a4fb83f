/** Every relative link of every page leads to a file that exists and, behind a '#', to a heading of that page. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { root } from './examples'

const pagesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file))

const pages = [...readdirSync(root).filter((file) => file.endsWith('.md')), ...pagesIn('docs'), ...pagesIn('findings')]

/** Without what is inside blocks of code. */
const prose = (page: string) => readFileSync(join(root, page), 'utf8').replace(/^```[^]*?^```/gm, '')

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(page: string): string[] {
  return [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
}

function brokenLinks(page: string): string[] {
  const links = [...prose(page).matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].map(([, link]) => link)
  return links.filter((link) => {
    const [file, anchor] = link.split('#')
    const target = file ? join(dirname(page), file) : page
    if (!existsSync(join(root, target))) return true
    return anchor !== undefined && target.endsWith('.md') && !anchors(target).includes(anchor)
  })
}

describe('links of the pages', () => {
  it('finds all pages', () =>
    expect(pages).to.include.members(['README.md', 'CONTRIBUTING.md', join('docs', 'api.md')]))

  for (const page of pages) it(`${page}: lead somewhere`, () => expect(brokenLinks(page)).to.deep.equal([]))
})
