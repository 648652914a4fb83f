// Two copies of the addon in one process: each has its own memory count and refuses the other's handles.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { input, load } from './common.mjs'

const folder = mkdtempSync(join(tmpdir(), 'myelin-copy-'))
const copy = join(folder, 'myelin.node')
copyFileSync(input.addonPath, copy)
try {
  const [one, two] = [load(), load(copy)]
  const buffer = one.bufferCreate('float32', 8, null)
  let refusal = ''
  try {
    two.bufferRead(buffer)
  } catch (error) {
    refusal = `${error.name}: ${error.message}`
  }
  const size = { ...two.memory() }
  console.log(JSON.stringify({ isSame: one === two, refusal, one: one.memory().liveBuffers, two: size.liveBuffers }))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
