import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { child, root } from './support'

describe('package', () => {
  it('import and require give one instance with the same names', async () => {
    const outcome = await child('package', {})
    expect(outcome.stderr).to.equal('')
    const { missing, added, isSame, names } = JSON.parse(outcome.stdout)
    expect({ missing, added, isSame }).to.deep.equal({ missing: [], added: [], isSame: true })
    expect(names).to.be.greaterThan(10)
  })

  it('works where the globals are those of jsdom and import() is not there, as in Jest', async () => {
    const outcome = await child('realm', {})
    expect(outcome.stderr).to.equal('')
    expect(JSON.parse(outcome.stdout)).to.deep.equal({
      epochs: 2,
      isSame: true,
      image: [1, 1],
      pictures: ['svg', 'PNG'],
      best: 3,
      check: 'correct',
    })
  })

  it('types are the same for import and require', () => {
    expect(readFileSync(join(root, 'dist/index.d.mts'), 'utf8')).to.match(/export \* from '\.\/index\.js'/)
  })

  it('without its native part says what was looked for and how to build it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'myelin-bare-'))
    try {
      cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
      for (const file of ['package.json', 'CMakeLists.txt']) copyFileSync(join(root, file), join(folder, file))
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
      const { MYELIN_PREBUILD: _, ...env } = process.env
      const { stderr, status } = spawnSync(process.execPath, ['-e', "require('./dist')"], {
        cwd: folder,
        env: { ...env, NODE_OPTIONS: '' },
        encoding: 'utf8',
      })
      expect(status).to.equal(1)
      expect(stderr).to.match(/could not load its native part for \S+ \(Node\.js v[\d.]+\)/)
      expect(stderr).to.match(/looked for: .*build.Release.myelin\.node/)
      expect(stderr).to.match(
        /there is no prebuilt binary for this platform in the package\. Build it:\s+node ".*cmake-build\.js"/,
      )
      expect(stderr).to.match(/CMake 3\.19/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
