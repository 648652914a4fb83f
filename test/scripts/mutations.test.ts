/** The mutations of the notes' rows (npm run mutate:notes) are of the sources as they are now. */
import { createRequire } from 'node:module'
import { expect } from 'chai'

const { misplaced } = createRequire(__filename)('../../scripts/mutate-notes.js') as { misplaced(): string[] }

describe('mutations of the notes', () => {
  it('stand in files that exist, at texts that stand there once', () => {
    expect(misplaced()).to.deep.equal([])
  })
})
