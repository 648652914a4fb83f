'use strict'
// npm run mutate:notes [row …]: breaks, one at a time and in a copy of the sources, the formula or rule behind a row of the
// notes; the tests of that row must fail. It proves that they look at what they claim.
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { root, filesUnder, main, tool } = require('./tools')

// Row, file in lib, what stands there, what is put in its place.
const mutations = [
  ['1.1', 'losses.ts', 'ops.mul(difference, difference)', 'ops.abs(difference)'],
  [
    '3.2',
    'layers/dense.ts',
    'ops.matmul(x, w.weight, { transposeB: true })',
    'ops.neg(ops.matmul(x, w.weight, { transposeB: true }))',
  ],
  ['1.2', 'data/flatten-image.ts', 'result[c * pixels + i]', 'result[i * colours + c]'],
  ['1.2', 'data/csv.ts', "else if (source[i + 1] === '\"') cell += source[i++]", "else if (false) cell += ''"],
  [
    '1.3',
    'check/diagnose/learning-curve.ts',
    '.subarray(0, m)',
    '.subarray(0, 1 + 4 * (sizes.length - sizes.indexOf(m)))',
  ],
  ['1.4', 'data/csv.ts', 'values[at + place] = 1', 'values[at] = 1'],
  ['1.5', 'data/wav.ts', 'view.getInt16(at, true) / 2 ** 15', 'view.getInt16(at, false) / 2 ** 15'],
  ['1.5', 'data/text.ts', 'counts[i * width + place]++', 'counts[i * width + place] = 1'],
  ['3.9', 'model/training.ts', 'Math.abs(logs.loss - previous.loss) < tolerance', 'Math.abs(logs.loss) < tolerance'],
  ['3.10', 'check/diagnose/activation-advice.ts', "best: 'sigmoid'", "best: 'linear'"],
  ['3.5', 'plot/curves.ts', "points('g′(z)', z, slope.data)", "points('g′(z)', z, z)"],
  ['4.5', 'layers/block.ts', 'ops.div(found[i], m)', 'found[i]'],
  ['4.7', 'search/range.ts', '(max / min) ** share', '(max / min) * share'],
  ['4.8', 'plot/diagrams.ts', 'from.layer === to.layer - 1', 'from.layer < to.layer'],
  ['4.9', 'plot/diagrams.ts', 'left + 1', 'left + 1, value: 0'],
  ['5.1', 'data/split.ts', 'examples / 400', 'examples / 40'],
  ['5.2', 'data/compare-distributions.ts', 'pValue < alpha / left.width', 'pValue < alpha'],
  ['5.3', 'check/diagnose/bias-variance.ts', 'high(train - bayes)', 'high(train)'],
  ['5.4', 'check/diagnose/bias-variance.ts', '...(bias ? againstBias : [])', '...(bias ? againstVariance : [])'],
  ['5.5', 'regularizers.ts', 'squares(weight, lambda / 2)', 'squares(weight, lambda)'],
  ['5.6', 'check/diagnose/sparsity.ts', 'Math.abs(w) < threshold', 'Math.abs(w) > threshold'],
  ['5.9', 'data/augment.ts', '{ flip, degrees: rotate,', '{ flip: false, degrees: rotate,'],
  ['5.9', 'data/augment.ts', '{ flip, degrees: rotate,', '{ flip, degrees: -rotate,'],
  ['5.9', 'data/augment.ts', 'right }\n', 'right: right - 0.5 }\n'],
  ['5.9', 'data/augment.ts', 'ops.concat([y, y]', 'ops.concat([y, ops.neg(y)]'],
  ['5.9', 'data/augment.ts', 'seed: this.#seed, pass', 'seed: 0n, pass'],
  ['5.10', 'callbacks/early-stopping.ts', 'run.model.setWeights(this.#weights)', 'void 0'],
  ['5.11', 'data/normalizer.ts', 'deviation === 0 ? 0 :', 'deviation === -1 ? 0 :'],
  ['5.12', 'check/diagnose/signals.ts', 'size > limit * reference', 'size > limit * limit * reference'],
  [
    '5.13',
    'initializers.ts',
    "scaledNormal('he', ({ fanIn }) => 2 / fanIn)",
    "scaledNormal('he', ({ fanIn }) => 1 / fanIn)",
  ],
  ['5.14', 'check/numerical-derivative.ts', '(2 * epsilon)', '(3 * epsilon)'],
  ['5.15', 'check/verdict.ts', 'norm((e) => e.analytic) + norm((e) => e.numeric)', 'norm((e) => e.analytic)'],
  ['5.18', 'callbacks/weight-norms.ts', 'sum + w * w', 'sum + Math.abs(w)'],
  ['5.19', 'check/diagnose/curvature.ts', 'largest / Math.min(...sizes)', '1'],
  ['6.1', 'data/batches.ts', 'new Random(seed, passes)', 'new Random(seed)'],
  [
    '6.2',
    'model/training.ts',
    'sums.cost += batch * costs[s]',
    'sums.cost += sums.examples === 0 ? batch * costs[s] : 0',
  ],
  ['6.3', 'data/batches.ts', 'examples <= 2000 && examples <= memory', 'examples <= 1000 && examples <= memory'],
  ['6.4', 'data/ewa.ts', '(1 - this.#beta) * checked', 'checked'],
  ['6.5', 'optimizers/momentum.ts', 'ops.mul(1 - beta, gradient)', 'gradient'],
  ['6.6', 'optimizers/rmsprop.ts', 'ops.mul(gradient, gradient)', 'gradient'],
  ['6.7', 'optimizers/adam.ts', 'options.beta2 ?? 0.999', 'options.beta2 ?? 0.99'],
  ['6.8', 'schedules.ts', 'initial / (1 + decayRate * time[per])', 'initial / (1 + decayRate * (time[per] - 1))'],
  ['6.9', 'plot/surfaces.ts', 'weight: [[Number(g1)], [Number(g2)]]', 'weight: [[Number(g1)], [Number(g1)]]'],
  ['6.10', 'check/diagnose/curvature.ts', "up && down ? 'saddle'", "up && down ? 'minimum'"],
]

/** The sources in a folder of their own; packages and the addon are those of this tree. */
function copyTree() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'myelin-mutate-'))
  for (const name of ['lib', 'test', 'scripts', 'docs', 'package.json', 'tsconfig.json'])
    fs.cpSync(path.join(root, name), path.join(home, name), { recursive: true })
  for (const name of ['node_modules', 'build']) fs.symlinkSync(path.join(root, name), path.join(home, name), 'junction')
  return home
}

function rowFiles(row) {
  const files = filesUnder('test/notes', /\.test\.ts$/)
  return files.filter((file) => fs.readFileSync(path.join(root, file), 'utf8').includes(`describe('${row} `))
}

/** True if the row's tests pass in `home`. */
function passes(home, row) {
  const grep = `^${row.replace('.', '\\.')} `
  const args = ['--import', 'tsx', tool('mocha', 'bin/mocha.js'), '--no-config', '--extension', 'ts', '--timeout', '120000', '--grep', grep, ...rowFiles(row)] // prettier-ignore
  return spawnSync(process.execPath, args, { cwd: home, encoding: 'utf8' }).status === 0
}

function mutateNotes(only) {
  const home = copyTree()
  const survivors = []
  const chosen = mutations.filter(([row]) => only.length === 0 || only.includes(row))
  try {
    for (const row of new Set(chosen.map(([id]) => id)))
      if (!passes(home, row)) survivors.push(`${row}: fails without any mutation`)
    for (const [row, name, from, to] of chosen) {
      const file = path.join(home, 'lib', name)
      const text = fs.readFileSync(file, 'utf8')
      if (!text.includes(from)) {
        survivors.push(`${row}: lib/${name} no longer holds: ${from}`)
        continue
      }
      fs.writeFileSync(file, text.replace(from, to))
      const survived = passes(home, row)
      fs.writeFileSync(file, text)
      console.log(`${survived ? 'SURVIVED' : 'noticed'}: ${row} lib/${name}: ${from} → ${to}`)
      if (survived) survivors.push(`${row}: lib/${name}: ${from}`)
    }
  } finally {
    fs.rmSync(home, { recursive: true, force: true })
  }
  console.log(`${chosen.length} mutations of the rows of the notes, ${survivors.length} problems`)
  survivors.forEach((line) => console.error(`  ${line}`))
  return survivors.length === 0
}

module.exports = { mutateNotes }
if (require.main === module)
  main(() => {
    if (!mutateNotes(process.argv.slice(2))) process.exitCode = 1
  })
