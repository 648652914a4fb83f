/** No row of the notes is without an example or a test, and the page that lists them is up to date. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'chai'

describe('the table of the notes', () => {
  it('has an example and a test for every one of the 70 rows, and docs/notes.md is what the script writes', () => {
    const script = join(__dirname, '../../../scripts/test/notes-table.js')
    const run = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
    expect(run.status, run.stderr).to.equal(0)
    expect(run.stdout).to.include('70 rows')
  })
})
