// The package as Jest loads it: in a context of node:vm without import(), whose globals lack what jsdom's lack, with a
// `require` that cannot take ES modules.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { input } from './common.mjs'

const main = join(input.root, 'dist/index.js')
const nodeRequire = createRequire(main)
const jestRequire = (name) => {
  if (/^vega/.test(name)) throw new SyntaxError('Cannot use import statement outside a module')
  return nodeRequire(name)
}
const names = ['console', 'process', 'Buffer', 'URL', 'setTimeout', 'clearTimeout', 'AbortController', 'AbortSignal']
const context = createContext(Object.fromEntries(names.map((name) => [name, globalThis[name]])))
const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(main, 'utf8')}\n})`
const module = { exports: {} }
runInContext(source, context, { filename: main })(module.exports, jestRequire, module, main, dirname(main))

const { data, gradientCheck, layers, loadModel, range, search, sequential } = module.exports
const model = sequential({ inputShape: [2], seed: 1, layers: [layers.dense({ units: 1 })] })
model.compile({ optimizer: 'adam', loss: 'meanSquaredError' })
const { signal } = new globalThis.AbortController()
const history = await model.fit([[1, 2]], [1], { epochs: 2, signal })
const loaded = await loadModel(Uint8Array.from(model.toBytes()))
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const image = await data.readImage(Buffer.from(png, 'base64'))
// What frees its memory by `using`: the context may have no Symbol.dispose.
const check = await gradientCheck(model, [[1, 2]], [1])
const folder = mkdtempSync(join(tmpdir(), 'myelin-realm-'))
const draw = async (name) => {
  await history.plot(join(folder, name))
  return readFileSync(join(folder, name)).subarray(1, 4).toString()
}
const pictures = [await draw('a.svg'), await draw('a.png')]
rmSync(folder, { recursive: true })
const found = await search({ a: range.integer(3, 3) }, ({ a }) => a, { trials: 1 })
console.log(
  JSON.stringify({
    epochs: history.epochs.length,
    isSame: loaded.predictSync([[1, 2]]).item() === model.predictSync([[1, 2]]).item(),
    image: [image.height, image.width],
    pictures,
    best: found.best.error,
    check: check.verdict,
  }),
)
