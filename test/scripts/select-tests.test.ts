/** Which tests `npm test -- …` runs, and how scripts read their options. */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { expect } from 'chai'

const load = createRequire(__filename)
const { selectTests } = load('../../scripts/test/select-tests.js') as { selectTests(args: string[]): string[] }
const { readArguments } = load('../../scripts/tools.js') as {
  readArguments(
    args: string[],
    script: string,
    options: { known?: Record<string, boolean>; names?: boolean },
  ): { options: Record<string, string | true>; names: string[] }
}
const root = resolve(__dirname, '../..')

describe('arguments of npm test', () => {
  it('none, or options of mocha alone: all tests', () => {
    expect(selectTests([])).to.deep.equal(['test/**/*.test.ts'])
    expect(selectTests(['-g', 'split', '--bail'])).to.deep.equal(['-g', 'split', '--bail', 'test/**/*.test.ts'])
    expect(selectTests(['--grep=split'])).to.deep.equal(['--grep=split', 'test/**/*.test.ts'])
  })

  it('a word: the test files that have it in their path', () => {
    const found = selectTests(['primitives', '--grep', 'log1p'])
    expect(found.slice(0, 2)).to.deep.equal(['--grep', 'log1p'])
    expect(found).to.include('test/ops/primitives.test.ts')
    expect(found.slice(2).every((file) => /^test\/.*primitives.*\.test\.ts$/.test(file))).to.equal(true)
  })

  it('paths of every kind, folders and patterns', () => {
    const file = 'test/scripts/select-tests.test.ts'
    for (const way of [file, `./${file}`, join(root, file)]) expect(selectTests([way])).to.deep.equal([file])
    for (const way of ['test/scripts', './test/scripts/', join(root, 'test/scripts')])
      expect(selectTests([way]))
        .to.include(file)
        .and.not.include('test/ops/primitives.test.ts')
    expect(selectTests(['test/scr*/*.test.ts'])).to.deep.equal(['test/scr*/*.test.ts'])
    expect(selectTests([file, 'select-tests'])).to.deep.equal([file])
  })

  it('nothing found, or what other commands run: an error of one line', () => {
    expect(() => selectTests(['no-such-word'])).to.throw(
      /^no test file holds 'no-such-word' in its path; `npm test -- -g no-such-word` looks for it in titles$/,
    )
    expect(() => selectTests(['test/nothing.test.ts'])).to.throw(/^no test file holds 'test\/nothing\.test\.ts'/)
    expect(() => selectTests(['test/native/cuda/reasons.test.ts'])).to.throw(
      /`npm run test:cuda -- test\/native\/cuda\/reasons\.test\.ts` runs/,
    )
    expect(() => selectTests(['test/whole/long'])).to.throw(/`npm run test:all -- 'long tests'` runs it$/)
  })

  it('end the command with code 1 and without a stack where they mean nothing, and with a page for --help', () => {
    const command = (arg: string) =>
      spawnSync(process.execPath, ['scripts/test.js', arg], { cwd: root, encoding: 'utf8' })
    const wrong = command('no-such-word')
    expect(wrong.status).to.equal(1)
    expect(wrong.stderr.trim().split('\n')).to.have.lengthOf(1)
    const help = command('--help')
    expect(help).to.deep.include({ status: 0, stderr: '' })
    expect(help.stdout)
      .to.match(/^npm test: .*\n/)
      .and.to.match(/npm test -- split/)
  })
})

describe('arguments of a script', () => {
  const read = (args: string[], names = true) =>
    readArguments(args, __filename, { known: { quick: true, seed: false }, names })

  it('are options with and without a value, and names', () => {
    expect(read(['a', '--seed', '3', '--quick', 'b'])).to.deep.equal({
      options: { seed: '3', quick: true },
      names: ['a', 'b'],
    })
    expect(read(['--seed=-3']).options).to.deep.equal({ seed: '-3' })
  })

  it('are refused when unknown, and the known ones are named', () => {
    const rest = '; the options are --quick, --seed (--help explains)'
    expect(() => read(['--seeds', '3'])).to.throw(`unknown option '--seeds'${rest}`)
    expect(() => read(['-q'])).to.throw(`unknown option '-q'${rest}`)
    expect(() => read(['--toString'])).to.throw(`unknown option '--toString'${rest}`)
    expect(() => read(['--seed'])).to.throw(`--seed needs a value${rest}`)
    expect(() => read(['--seed', '--quick'])).to.throw(`--seed needs a value${rest}`)
    expect(() => read(['--quick=1'])).to.throw(`--quick takes no value${rest}`)
    expect(() => read(['a'], false)).to.throw(`unexpected argument 'a'${rest}`)
  })
})
