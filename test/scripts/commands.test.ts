/** The commands of package.json, and that plain mocha runs what npm test runs. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'

const root = resolve(__dirname, '../..')
const { selectTests } = createRequire(__filename)('../../scripts/test/select-tests.js') as {
  selectTests(args: string[]): string[]
}
const { scripts, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
  files: string[]
}
const commandFiles = Object.values(scripts).flatMap((command) => command.match(/scripts\/\S+\.js/g) ?? [])

/** The files that mocha would run, by its own account. */
async function selectedBy(...args: string[]): Promise<string[]> {
  const mocha = join(root, 'node_modules/mocha/bin/mocha.js')
  const all = [mocha, '--dry-run', '--reporter', reporter, ...args]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, all, { cwd: root, maxBuffer: 2 ** 26 })
  const line = stdout.split('\n').find((text) => text.startsWith('["'))
  if (!line) throw new Error(`mocha did not say which files it runs: ${stderr}`)
  return JSON.parse(line) as string[]
}
const reporter = join(__dirname, 'files-reporter.js')

describe('commands', () => {
  it('of package.json run files that exist', () => {
    expect(commandFiles.length).to.be.greaterThan(15)
    expect(commandFiles.filter((file) => !existsSync(join(root, file)))).to.deep.equal([])
  })

  it('are what lies directly in scripts/, beside what the package ships; the rest has rooms', () => {
    const onTop = readdirSync(join(root, 'scripts')).filter((name) => name.endsWith('.js'))
    const named = [...commandFiles, ...files].filter((file) => /^scripts\/[^/]+\.js$/.test(file))
    expect(onTop.map((name) => `scripts/${name}`)).to.have.members([...new Set(named)])
  })

  it('plain mocha runs the files that npm test runs, and none of test/native/cuda and test/whole/long', async () => {
    const [plain, ofCommand] = await Promise.all([selectedBy(), selectedBy(...selectTests([]))])
    expect(ofCommand).to.deep.equal(plain)
    const all = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => `test/${file.replaceAll('\\', '/')}`)
    const elsewhere = all.filter((file) => /^test\/(native\/cuda|whole\/long)\//.test(file))
    expect(elsewhere.length).to.be.greaterThan(5)
    expect(plain).to.have.members(all.filter((file) => !elsewhere.includes(file)))
  }).timeout(120_000)
})
