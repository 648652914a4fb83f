import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect } from 'chai'
import { layers } from '../../lib/layers'
import { described } from './describe-layer'

const load = createRequire(__filename)
// The tests of the layers, where this file is run by itself.
for (const file of readdirSync(__dirname, { recursive: true, encoding: 'utf8' }))
  if (file.includes('/') && file.endsWith('.test.ts')) load(join(__dirname, file))

describe('the table of layers', () => {
  it('every layer has the tests that every layer needs', () => {
    expect([...described]).to.have.members(Object.keys(layers))
  })
})
