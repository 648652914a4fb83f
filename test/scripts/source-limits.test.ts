/** What npm run lint says of sources that are too large. That there are none is its own check. */
import { createRequire } from 'node:module'
import { expect } from 'chai'

const { problemsOf, problemsOfLib, sourceFiles } = createRequire(__filename)('../../scripts/test/source-limits.js') as {
  problemsOf(file: string, text: string): string[]
  problemsOfLib(files: string[]): string[]
  sourceFiles(): string[]
}
const times = (count: number, line: string) => `${line}\n`.repeat(count)
const ignore = ['// prettier', 'ignore'].join('-')

describe('limits of sources', () => {
  it('400 lines of 120 characters are allowed', () => {
    expect(problemsOf('a.ts', times(400, 'ä'.repeat(120)))).to.deep.equal([])
  })

  it('one more of either is named with file, count and place', () => {
    expect(problemsOf('a.ts', times(401, ''))).to.deep.equal(['a.ts: 401 lines, at most 400'])
    expect(problemsOf('a.cu', `\n${'x'.repeat(121)}\n`)).to.deep.equal(['a.cu: 1 lines over 120 characters: 2'])
    expect(problemsOf('a.h', times(9, 'x'.repeat(121)))).to.deep.equal([
      'a.h: 9 lines over 120 characters: 1, 2, 3, 4, 5 …',
    ])
  })

  it('hold for every kind of source, in the root too', () => {
    expect(sourceFiles()).to.include.members([
      ...['.dependency-cruiser.cjs', 'eslint.config.mjs', 'lib/index.ts', 'test/types/required.cts'],
      ...['test/types/imported.mts', 'test/types/script.js', 'native/core/kernels.def', 'bench/step_pytorch.py'],
    ])
  })

  it('prettier decides everywhere', () => {
    expect(problemsOf('a.ts', `\nf() ${ignore}\n`)).to.deep.equal(['a.ts: 1 times prettier-' + 'ignore: 2'])
  })

  it('at most 6 files lie directly in lib', () => {
    const files = ['lib/a/x.ts', ...'abcdef'.split('').map((name) => `lib/${name}.ts`)]
    expect(problemsOfLib(files)).to.deep.equal([])
    expect(problemsOfLib([...files, 'lib/g.ts'])).to.deep.equal(['lib: 7 files directly in it, at most 6'])
  })
})
