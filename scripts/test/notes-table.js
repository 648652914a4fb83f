'use strict'
// node scripts/test/notes-table.js: writes docs/notes.md, the table of the course notes' rows. --check only compares,
// and fails where a row has no test or no example, an example does not exist or the page is out of date. --report FILE:
// fails where what `npx mocha --reporter json` printed has no passing test for a row, or a failing one.
const fs = require('node:fs')
const path = require('node:path')
const { root, Failure, filesUnder, main, readArguments } = require('../tools')

// Row, section of the notes, what it is, how it is reached.
const rows = `
1.1 | 1.1 | A house price from a neuron and from a small network | layers.normalize, layers.dense, model.fit
1.2 | 1.2, 2.1.2 | Tables and images as features | data.fromCsv, data.flattenImage
1.3 | 1.3 | Learning curve of small and large networks | diagnose.learningCurve, plot.learningCurve
1.4 | 1.2 | Click prediction; 1000 classes | data.fromCsv, layers.dense({ activation: 'softmax' })
1.5 | 1.2 | Sound and text as features | data.readWav, data.bagOfWords
1.6 | 1.2 | Convolution, recurrence, two inputs | defineLayer, ops
2.1 | 2.1.3 | Logistic regression | layers.dense({ units: 1, activation: 'sigmoid' })
2.2 | 2.1.3, 2.1.4 | Sigmoid and cross-entropy for any z | losses.binaryCrossentropy
2.3 | 2.1.4 | Loss of an example, cost of all | model.costAndGradients
2.4 | 2.1.5 | Gradient descent on a convex cost | optimizers.gradientDescent, fit({ onEpoch }), plot.bowl
2.5 | 2.1.6 | Computation graph | ops, trace(f, shapes).evaluate
2.6 | 2.1.7 | Derivatives of any function | grad, valueAndGrad
2.7 | 2.1.6, 2.1.7 | Picture of a computation graph | trace(…).toDot, plot.computationGraph
2.8 | 2.1.8 | Gradients of logistic regression | grad, model.costAndGradients
2.9 | 2.1.9, 2.2.3 | Gradient over m examples at once | model.costAndGradients
2.10 | 2.2.1 | Speed of vectorisation | ops, npm run bench -- vectorisation
2.11 | 2.2 | Tensor primitives | ops
2.12 | 2.2.4 | Broadcasting | ops
2.13 | 2.2.5 | Shapes are checked | assertShape, ShapeError
2.14 | 1.1, 2.1.4, 2.1.5 | Pictures of loss, bowl and fit | plot.crossentropy, plot.bowl, plot.curve
2.15 | 2.1.4 | Why not squared error behind a sigmoid | model.compile warns, diagnose.curvature
3.1 | 3.1, 3.2 | Two-layer network | sequential, model.summary
3.2 | 3.3, 3.4 | Forward for m examples | model.predict
3.3 | 3.5 | Activations | layers.dense({ activation })
3.4 | 3.7 | Their derivatives | grad
3.5 | 3.5 | Their pictures | plot.activation
3.6 | 3.6 | Linear layers collapse | sequential warns
3.7 | 3.8 | Backward through two layers | model.costAndGradients
3.8 | 3.9 | Zero initialisation keeps symmetry | layers.dense({ kernelInitializer })
3.9 | 3.8 | Gradient descent until converged | fit({ stopWhen: { tolerance } })
3.10 | 3.5, 3.6 | Advice on activations | diagnose.activationAdvice, search
4.1 | 4.1 | Networks of any depth | sequential
4.2 | 4.2 | All Z and A by name | model.activations
4.3 | 4.3 | Dimensions | model.costAndGradients, model.activations, layerBlock
4.4 | 4.4 | XOR, deep and shallow | model.setWeights
4.5 | 4.5 | Building blocks with cache | layerBlock
4.6 | 4.6 | dA of the last layer | grad
4.7 | 4.7 | Hyperparameters and their search | search, range
4.8 | 3.1, 4.1, 4.5, 5.4 | Network diagrams | plot.networkDiagram, plot.forwardBackward
4.9 | 4.4 | Weights as images | plot.weightImages
5.1 | 5.1 | Train, dev and test parts | data.split, data.recommendedSplit
5.2 | 5.1 | Mismatched distributions | data.compareDistributions
5.3 | 5.2 | Bias and variance | diagnose.biasVariance
5.4 | 5.3 | The basic recipe | diagnose.biasVariance(…).recipe
5.5 | 5.4.1 | L2 regularisation | regularizers.l2
5.6 | 5.4.1 | L1 regularisation, sparsity | regularizers.l1, diagnose.sparsity
5.7 | 5.4.3 | Inverted dropout | layers.dropout
5.8 | 5.4.4 | The cost curve with dropout | callbacks.progressBar and history.plot warn
5.9 | 5.4.5 | Augmentation | data.augment, data.transformImages
5.10 | 5.4.5 | Early stopping | callbacks.earlyStopping, plot.history
5.11 | 5.5.1 | Input normalisation | layers.normalize, data.normalizer
5.12 | 5.5.2 | Vanishing and exploding signals | diagnose.signals
5.13 | 5.5.3 | Initialisers | initializers, kernelInitializer
5.14 | 5.5.4 | Numerical derivatives | numericalDerivative
5.15 | 5.5.5, 5.5.6 | Gradient checking | gradientCheck
5.16 | 5.5.5 | Every derivative is checked | gradientCheck
5.17 | 5.2, 5.4.2 | What λ does; underfit, right, overfit | regularizers.l2, plot.decisionBoundaries, plot.lines
5.18 | 5.4.1, 5.4.5 | Norms of the weights in the history | callbacks.weightNorms
5.19 | 5.5.1 | Bowls of raw and normalised inputs | diagnose.curvature, plot.costContours
6.1 | 6.1 | Mini-batches | fit({ batchSize }), data.batches
6.2 | 6.2 | Costs of batches and epochs | history.batches, plot.batchVsMiniBatch, plot.convergencePaths
6.3 | 6.2 | A batch size | data.recommendedBatchSize
6.4 | 6.3, 6.4, 6.5 | Exponentially weighted averages | data.ewa, plot.averages
6.5 | 6.6 | Momentum | optimizers.momentum
6.6 | 6.7 | RMSprop | optimizers.rmsprop
6.7 | 6.8 | Adam, AdamW | optimizers.adam, optimizers.adamw
6.8 | 6.9 | Learning-rate decay | schedules, model.setLearningRate
6.9 | 6.6 | Paths of optimisers | plot.optimizerPaths
6.10 | 6.10 | Saddle points and plateaus | diagnose.curvature, callbacks.plateau
6.11 | 6.10 | Picture of a plateau | plot.plateau
`
  .trim()
  .split('\n')
  .map((line) => {
    const [id, section, title, api] = line.split(' | ')
    return { id, section, title, api }
  })

// Programs in examples/ and the rows that they show.
const examples = {
  'architectures.ts': '1.6 4.5 5.15',
  'augmented-digits.ts': '5.9',
  'by-hand.ts': '3.1 3.2 3.4 3.6 3.7 4.2 4.3 4.4 4.5 4.6 4.8 5.5',
  'checking.ts': '5.14 5.15 5.16',
  'clicks.ts': '1.2 1.4',
  'deep-digits.ts': '4.1 4.7 4.8 4.9 5.1 5.12',
  'diagnosis.ts': '3.9 5.3 5.4 5.6 5.8 5.10 5.18 6.4',
  'houses.ts': '1.1 2.14',
  'inputs.ts': '1.2 1.5 5.1 5.2 5.11 6.1 6.3',
  'logistic-images.ts': '2.1 2.4 2.9 4.9',
  'optimiser-race.ts': '6.1 6.2 6.5 6.6 6.7 6.8 6.9',
  'own-layer.ts': '5.15',
  'pictures.ts': '1.1 1.3 2.3 2.4 2.5 2.6 2.7 2.14 3.3 3.5 4.8 4.9 5.10 5.17 5.19 6.2 6.4 6.9 6.11',
  'planar.ts': '3.1 3.3 3.8 3.10 4.7',
  'quickstart.ts': '5.1 5.7 5.8',
  'regularisation.ts': '4.7 5.3 5.4 5.5 5.7 5.9 5.10',
  'signals.ts': '5.12 5.13 6.10',
  'tensors.ts': '2.2 2.3 2.5 2.6 2.7 2.8 2.9 2.10 2.11 2.12 2.13 2.15',
}

/** Row → the examples that show it. Failure where a program or row is named that does not exist, or a row has none. */
function examplesByRow() {
  const found = new Map()
  for (const [file, ids] of Object.entries(examples)) {
    if (!fs.existsSync(path.join(root, 'examples', file)))
      throw new Failure(`scripts/test/notes-table.js names examples/${file}, which does not exist`)
    for (const id of ids.split(' ')) {
      if (!rows.some((row) => row.id === id))
        throw new Failure(`scripts/test/notes-table.js: examples/${file} shows row ${id}, which the notes do not have`)
      found.set(id, [...(found.get(id) ?? []), file])
    }
  }
  const without = rows.filter(({ id }) => !found.has(id)).map(({ id }) => id)
  if (without.length > 0)
    throw new Failure(`rows of the notes that no program in examples/ shows: ${without.join(', ')}`)
  return found
}

/** Row → files in test/whole/notes with a `describe` whose title starts with it. */
function testsByRow() {
  const found = new Map()
  for (const file of filesUnder('test/whole/notes', /\.test\.ts$/).sort())
    for (const [, id] of fs.readFileSync(path.join(root, file), 'utf8').matchAll(/^describe\(['"`](\d+\.\d+) /gm))
      found.set(id, [...new Set([...(found.get(id) ?? []), file])])
  return found
}

const cell = (text) => text.replaceAll('|', '\\|')

function page(tests, shownBy) {
  const lines = rows.map(({ id, section, title, api }) => {
    const files = (tests.get(id) ?? []).map((file) => `[${path.posix.basename(file, '.test.ts')}](../${file})`)
    const calls = api.split(/, (?![^({]*[)}])/).map((call) => `\`${call}\``)
    const shown = /`(callbacks\.progressBar and|model\.compile warns|sequential warns)/.test(calls.join())
      ? [api]
      : calls
    const programs = (shownBy.get(id) ?? []).map((file) => `[${path.parse(file).name}](../examples/${file})`)
    return `| ${[id, section, cell(title), ...[shown, programs, files].map((list) => list.join(', '))].join(' | ')} |`
  })
  return `# The course notes, row by row

What Myelin implements of the notes on neural networks and deep learning: for each row the section it comes from, the
call that does it, the programs that show it and the tests that hold it to the notes' formulas and numbers. \`plot\` is
\`myelin/plot\`.
\`npx mocha 'test/whole/notes/*.test.ts' --grep '^5.7 '\` runs the tests of one row. This page is written by
\`node scripts/test/notes-table.js\`.

| row | section | what | call | examples | tests |
|---|---|---|---|---|---|
${lines.join('\n')}
`
}

/** Every row has a passing test in a report of mocha, and none that fails. */
function checkReport(file) {
  const report = JSON.parse(fs.readFileSync(file, 'utf8'))
  const count = (list, id) => list.filter(({ fullTitle }) => fullTitle.startsWith(`${id} `)).length
  const bad = rows.filter(({ id }) => count(report.passes, id) === 0 || count(report.failures, id) > 0)
  if (bad.length > 0)
    throw new Failure(`rows without a passing test, or with a failing one: ${bad.map(({ id }) => id).join(', ')}`)
  const passing = rows.reduce((sum, { id }) => sum + count(report.passes, id), 0)
  console.log(`${rows.length} rows of the notes pass ${passing} tests, of ${report.stats.tests} in the report`)
}

function notesTable(args) {
  const { options } = readArguments(args, __filename, { known: { check: true, report: false } })
  if (options.report) return checkReport(options.report)
  const tests = testsByRow()
  const missing = rows.filter(({ id }) => !tests.has(id)).map(({ id }) => id)
  if (missing.length > 0)
    throw new Failure(`rows of the notes without a test in test/whole/notes: ${missing.join(', ')}`)
  const unknown = [...tests.keys()].filter((id) => !rows.some((row) => row.id === id))
  if (unknown.length > 0) throw new Failure(`tests of rows that the notes do not have: ${unknown.join(', ')}`)
  const file = path.join(root, 'docs/notes.md')
  const text = page(tests, examplesByRow())
  if (!options.check) fs.writeFileSync(file, text)
  else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text)
    throw new Failure('docs/notes.md is out of date. Run: node scripts/test/notes-table.js')
  console.log(`${rows.length} rows of the notes, each with an example and a test`)
}

module.exports = { rows, testsByRow }
if (require.main === module) main(() => notesTable(process.argv.slice(2)))
