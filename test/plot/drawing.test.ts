/** The thread in which pictures are drawn: when it runs, what it holds up, and what becomes of its errors. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'chai'
import { atOnce } from '../../lib/base/slices'
import { AbortError, layers, sequential } from '../../lib'
import * as plot from '../../lib/plot'
import { settings } from '../../lib/plot/drawing-worker'
import { jsonPieces } from '../../lib/plot/json-pieces'

const root = resolve(__dirname, '../..')

/** Runs code with `plot` of the built package in a new process; ends it where it does not end by itself. */
function run(code: string, flags: string[] = []) {
  const program = `const { plot } = require('./dist'); ${code}`
  const timeout = 30_000
  return spawnSync(process.execPath, [...flags, '-e', program], { cwd: root, encoding: 'utf8', timeout })
}

const threads = (): number => (process.report.getReport() as { workers: unknown[] }).workers.length

describe('the thread of pictures', function () {
  this.timeout(60_000)

  it('is one, and ends when no picture has been asked for a while', async () => {
    const before = settings.idleMs
    settings.idleMs = 200
    try {
      await plot.crossentropy().svg()
      const running = threads()
      await Promise.all([plot.crossentropy().svg(), plot.activation('relu').svg()])
      expect(threads()).to.equal(running)
      while (threads() === running) await wait(50)
      expect(await plot.crossentropy().svg()).to.match(/^<svg/)
    } finally {
      settings.idleMs = before
    }
  })

  it('keeps a process alive for a picture, and not after it', () => {
    const began = performance.now()
    const { stdout, status } = run(`plot.crossentropy().svg().then((svg) => console.log(svg.slice(0, 4)))`)
    expect([stdout, status]).to.deep.equal(['<svg\n', 0])
    expect(performance.now() - began, 'ms; 10,000 if it waited for the thread').to.be.below(9000)
  })

  it('is started anew after it has failed, and what it was to draw is an error', () => {
    // The first thread ends as one does that runs out of memory; later ones draw.
    const first = `
      import { isMainThread, setEnvironmentData, getEnvironmentData } from 'node:worker_threads'
      if (isMainThread) setEnvironmentData('count', new Int32Array(new SharedArrayBuffer(4)))
      else if (Atomics.add(getEnvironmentData('count'), 0, 1) === 0) throw new RangeError('no memory')`
    const code = `
      const said = (e) => console.log(e.name + ': ' + e.message + ' ' + e.cause?.name)
      const one = plot.crossentropy().svg().catch(said)
      const two = plot.crossentropy().svg().catch(said)
      Promise.all([one, two]).then(() => plot.crossentropy().svg()).then((svg) => console.log(svg.slice(0, 4)))`
    const { stdout, stderr } = run(code, ['--import', `data:text/javascript,${encodeURIComponent(first)}`])
    const message = 'The thread that draws pictures ended before this one was there: no memory. RangeError'
    expect(stdout, stderr).to.equal(`StateError: ${message}\nStateError: ${message}\n<svg\n`)
  })

  for (const kind of ['module', 'commonjs'])
    it(`draws while --input-type=${kind} is set`, () => {
      const drawn = `({ plot }) => plot.crossentropy().svg()).then(() => console.log('drawn')`
      const code = `import('./dist/index.mjs').then(${drawn})`
      const hooks = ['--import', 'data:text/javascript,']
      const flags = [...hooks, `--input-type=${kind}`, '-e', code]
      expect(spawnSync(process.execPath, flags, { cwd: root, encoding: 'utf8' }).stdout).to.equal('drawn\n')
    })

  it('says what Node.js needs to allow it', () => {
    const [major] = process.versions.node.split('.').map(Number)
    const permission = major < 22 ? '--experimental-permission' : '--permission'
    const flags = [permission, '--allow-fs-read=*', '--allow-addons']
    const { stdout } = run(`plot.crossentropy().svg().catch((e) => console.log(e.name + ': ' + e.message))`, flags)
    expect(stdout).to.match(/^StateError: .*was started with --permission and needs --allow-worker\.$/m)
  })

  it('is given up by a signal: the picture is an error at once, and what others wait for is drawn', async () => {
    const wave = (points: number) =>
      plot.lines({ a: Array.from({ length: points }, (_, i): [number, number] => [i, Math.sin(i)]) })
    const reason = new Error('too slow')
    const stop = new AbortController()
    const given = wave(20_000)
      .svg({ signal: stop.signal })
      .catch((error: unknown) => error)
    await wait(50)
    const other = plot.crossentropy().svg()
    await wait(50)
    stop.abort(reason)
    const error = (await given) as AbortError
    expect(error).to.be.instanceOf(AbortError).and.have.property('cause', reason)
    expect(error.message).to.equal('plot.lines: aborted.')
    expect(await other).to.match(/^<svg/)

    const slow = wave(200_000)
    const alone = new AbortController()
    const began = performance.now()
    const last = slow.save(join(tmpdir(), 'never.png'), { signal: alone.signal }).catch((reason: unknown) => reason)
    await wait(400)
    alone.abort()
    expect(await last).to.be.instanceOf(AbortError)
    expect(await plot.crossentropy().svg(), 'not behind the one that was given up').to.match(/^<svg/)
    expect(performance.now() - began, 'ms').to.be.below(6000)
    const before = await slow.svg({ signal: AbortSignal.abort() }).catch((reason: unknown) => reason)
    expect(before).to.be.instanceOf(AbortError)
    const wrong = await slow.svg({ signal: 3 as never }).catch((reason: unknown) => reason)
    expect(String(wrong)).to.equal(
      'OptionError: plot.lines: signal: expected an AbortSignal (new AbortController().signal), got 3.',
    )
  })

  it('gives the errors of Vega as they are', async () => {
    for (const [change, Class, says] of [
      [{ transform: [{ calculate: '1 +', as: 'a' }] }, Error, 'Unexpected end of input'],
      [{ mark: 'blob' }, TypeError, 'Cannot read properties'],
    ] as const) {
      const picture = plot.crossentropy()
      Object.assign(picture.spec, change)
      const error: unknown = await picture.svg().catch((reason: unknown) => reason)
      expect(error).to.be.instanceOf(Class).and.have.property('name', Class.name)
      expect((error as Error).message).to.include(says)
    }
    expect(await plot.crossentropy().svg()).to.match(/^<svg/)
  })

  it('refuses what is no plain data', async () => {
    const picture = plot.crossentropy()
    for (const [value, says] of [
      [3n, /^OptionError: plot\.crossentropy: spec: expected plain data as in JSON, got 3n\.$/],
      [picture.spec, /got an object that contains itself\.$/],
    ] as const) {
      picture.spec.usermeta = { value }
      expect(String(await picture.svg().catch((reason: Error) => reason))).to.match(says)
    }
  })

  it('writes files of both kinds, with the bytes of the text', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'myelin-drawing-'))
    try {
      const picture = plot.crossentropy()
      await picture.save(join(folder, 'a.svg'))
      await picture.save(join(folder, 'a.png'))
      // Vega numbers the clip paths of all its pictures.
      const numbered = (svg: string) => svg.replace(/clip\d+/g, 'clip')
      expect(numbered(readFileSync(join(folder, 'a.svg'), 'utf8'))).to.equal(numbered(await picture.svg()))
      expect([...readFileSync(join(folder, 'a.png')).subarray(1, 4)]).to.deep.equal([...Buffer.from('PNG')])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('pictures that compute', () => {
  it('stop when a signal says so', async () => {
    const model = sequential({ inputShape: [2], layers: [layers.dense({ units: 1, activation: 'sigmoid' })] })
    const rows = 200_000
    const x = { data: Float64Array.from({ length: 2 * rows }, (_, i) => Math.sin(i)), shape: [rows, 2] }
    const y = Float64Array.from({ length: rows }, (_, i) => i % 2)
    const calls: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
      'plot.decisionBoundary': (signal) => plot.decisionBoundary(model, x, y, { signal }),
      "plot.decisionBoundaries: 'one'": (signal) => plot.decisionBoundaries({ one: model }, x, y, { signal }),
      "plot.convergencePaths: 'stochastic'": (signal) => plot.convergencePaths(x, y, { signal }),
    }
    for (const [name, call] of Object.entries(calls)) {
      for (const after of [0, 1]) {
        const stop = new AbortController()
        if (after === 0) stop.abort()
        const given = call(stop.signal).catch((reason: unknown) => reason)
        if (after > 0) setImmediate(() => stop.abort())
        const error = (await given) as AbortError
        expect(error, name).to.be.instanceOf(AbortError)
        expect(error.message).to.match(new RegExp(`^${name.split(':')[0]}.*: aborted`))
      }
    }
  })
})

describe('JSON in pieces', () => {
  it('is the text of JSON.stringify', () => {
    const values = [
      ...[null, true, -0, 1e-7, NaN, Infinity, 'a"\n₁', [], {}, [undefined, () => 1, Symbol('s')]],
      {
        a: undefined,
        b: () => 1,
        c: Symbol('s'),
        d: new Date(0),
        e: [[1, [2]], { 'k"': null }],
        f: Float64Array.of(1),
      },
      { toJSON: () => ({ x: 1 }) },
      Array.from({ length: 30_000 }, (_, i) => ({ x: i / 7, y: `${i}`, series: 'x₁' })),
    ]
    for (const value of values) expect(atOnce(jsonPieces('it', value)).join('')).to.equal(JSON.stringify(value))
  })

  it('comes in pieces of some 10,000 characters, with a pause between them', () => {
    const work = jsonPieces(
      'it',
      Array.from({ length: 100_000 }, (_, i) => [i, [i]]),
    )
    let pauses = 0
    for (let step = work.next(); !step.done; step = work.next()) pauses++
    expect(pauses).to.be.above(20)
  })
})
