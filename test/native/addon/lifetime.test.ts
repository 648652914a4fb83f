import { expect } from 'chai'
import { base64, child, multiplier } from './support'

const size = 192
const graph = base64(multiplier(size))

describe('addon lifetime', () => {
  it('process.exit() in the middle of a run ends the process at once', async () => {
    const outcome = await child('exit', { graph, size, how: 'exit' })
    expect(outcome).to.include({ code: 7, signal: null, stdout: '', stderr: '' })
  })

  it('an uncaught error in the middle of a run ends the process', async () => {
    const outcome = await child('exit', { graph, size, how: 'throw' })
    expect(outcome).to.include({ code: 1, signal: null, stdout: '' })
    expect(outcome.stderr).to.match(/left by an uncaught error/)
  })

  it('a cancelled run lets the process end', async () => {
    const outcome = await child('exit', { graph, size, how: 'cancel' })
    expect(outcome).to.include({ code: 0, signal: null, stdout: 'cancelled\n', stderr: '' })
  })

  it('an unfinished run keeps the process alive, a finished one does not', async () => {
    const outcome = await child('alive', { graph, size, steps: 200 })
    expect(outcome).to.include({ code: 0, signal: null, stdout: '200\n', stderr: '' })
  })

  it('workers load, run and are terminated in the middle of runs', async () => {
    const outcome = await child('workers', { graph, size, how: 'terminate' })
    expect(outcome).to.include({ code: 0, signal: null, stdout: 'cancelled\n', stderr: '' })
  })

  it('process.exit() while workers run ends the process', async () => {
    const outcome = await child('workers', { graph, size, how: 'exit' })
    expect(outcome).to.include({ code: 7, signal: null, stdout: '', stderr: '' })
  })

  it('two copies in one process stay apart', async () => {
    const outcome = await child('copies', {})
    expect(outcome.stderr).to.equal('')
    const { isSame, refusal, one, two } = JSON.parse(outcome.stdout)
    expect(isSame).to.equal(false)
    expect(refusal).to.match(/^TypeError: bufferRead: buffer must be a buffer made by bufferCreate/)
    expect([one, two]).to.deep.equal([1, 0])
  })
})
