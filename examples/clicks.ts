/**
 * Which advertisements are clicked: a CSV table of a number and a category, and one output for every class of a
 * thousand.
 *
 *   npm run examples -- clicks
 */
import { writeFileSync } from 'node:fs'
import { data, layers, ops, optimizers, sequential } from 'myelin'
import * as plot from 'myelin/plot'
import { notice, outFile, percent, run, save, table } from './support/show'

/** Four users, the advertisement that each saw, and whether they clicked. */
const firstClicks = 'User Age,Ad ID,Click\n41,93242,1\n80,93287,0\n18,87312,1\n27,71244,1\n'

async function fourUsers(): Promise<void> {
  const path = outFile('clicks-four.csv')
  writeFileSync(path, firstClicks)
  // An Ad ID looks like a number but is not one: 93287 is not a little more than 93242.
  const users = await data.fromCsv(path, { target: 'Click', columns: { 'Ad ID': 'category' } })
  console.log(`features: ${users.features.join(', ')}\n`)
  using model = sequential({
    inputShape: [users.features.length],
    seed: 1,
    layers: [layers.normalize(), layers.dense({ units: 1, activation: 'sigmoid' })],
  })
  model.compile({ optimizer: optimizers.gradientDescent({ learningRate: 1 }), loss: 'binaryCrossentropy' })
  await model.fit(users.x, users.y, { epochs: 200, batchSize: 'all' })
  const probabilities = [...model.predictSync(users.x).data]
  const lines = firstClicks.trim().split('\n').slice(1)
  const rows = lines.map((line, i) => [...line.split(','), percent(probabilities[i])])
  console.log(table([['age', 'ad', 'clicked', 'P(click)'], ...rows]))
  const right = probabilities.filter((p, i) => Math.round(p) === users.y.data[i]).length
  notice(`Five numbers for each user; ${right} of 4 clicks are predicted correctly.`, right === 4)
}

/** How likely a user of that age clicks on an advertisement, in an invented world with three of them. */
const truth: Record<string, (age: number) => number> = {
  '71244': (age) => 0.75 / (1 + Math.exp((age - 30) / 5)), // trainers: for the young
  '87312': (age) => 0.55 * Math.exp(-(((age - 42) / 12) ** 2)), // prams: for parents
  '93287': (age) => 0.65 / (1 + Math.exp((62 - age) / 5)), // cruises: for the old
}
const ads = Object.keys(truth)

/** m views of a page with one of the advertisements. */
function views(m: number): { age: number; ad: string; chance: number; click: number }[] {
  const draws = ops.randomUniform([m, 3], { seed: 7 }).toArray() as number[][]
  return draws.map(([a, b, c]) => {
    const [age, ad] = [Math.floor(18 + 67 * a), ads[Math.floor(3 * b)]]
    const chance = truth[ad](age)
    return { age, ad, chance, click: Number(c < chance) }
  })
}

async function twentyThousandViews(): Promise<void> {
  const all = views(20_000)
  const path = outFile('clicks.csv')
  writeFileSync(path, `User Age,Ad ID,Click\n${all.map(({ age, ad, click }) => `${age},${ad},${click}\n`).join('')}`)
  const log = await data.fromCsv(path, { target: 'Click', columns: { 'Ad ID': 'category' } })
  const { train, test } = data.split(log, { train: 0.7, test: 0.3, seed: 1, stratify: true })
  const trained = async (hidden: number[]) => {
    const model = sequential({
      inputShape: [log.features.length],
      seed: 1,
      layers: [
        layers.normalize(),
        ...hidden.map((units) => layers.dense({ units, activation: 'relu' })),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    })
    model.compile({ optimizer: optimizers.adam({ learningRate: 0.01 }), loss: 'binaryCrossentropy' })
    await model.fit(train.x, train.y, { epochs: 20, batchSize: 128 })
    return { model, loss: (await model.evaluate(test.x, test.y)).loss }
  }
  const logistic = await trained([])
  const network = await trained([16, 16])

  // The cost of whoever knows the true chances: no model of these two features can do better but by luck.
  const tested = Array.from(test.rows, (row) => all[row])
  const costs = tested.map(({ chance, click }) => -Math.log(click ? chance : 1 - chance))
  const best = costs.reduce((a, b) => a + b) / costs.length
  console.log(
    table([
      ['on views not seen before', 'cost'],
      ['logistic regression', logistic.loss.toFixed(4)],
      ['hidden layers of 16 and 16', network.loss.toFixed(4)],
      ['knowing the true chances', best.toFixed(4)],
    ]),
  )
  const avoided = (logistic.loss - network.loss) / (logistic.loss - best)
  notice(
    `Logistic regression adds what the age says and what the advertisement says, but here one depends on the ` +
      `other: the network avoids ${percent(avoided, 0)} of what can be avoided of its cost.`,
    avoided > 0.75,
  )

  const ad = '87312'
  const groups = Array.from({ length: 13 }, (_, i) => 18 + 5 * i)
  const dots = groups.flatMap((from) => {
    const group = tested.filter((view) => view.ad === ad && view.age >= from && view.age < from + 5)
    const clicks = group.filter(({ click }) => click === 1)
    return group.length ? [[from + 2, clicks.length / group.length] as const] : []
  })
  const chance = (age: number) => network.model.predictSync(log.encode([{ 'User Age': age, 'Ad ID': ad }])).data[0]
  const title = `Ad ${ad}: the network, and the share of clicks by age`
  await save('clicks-chance', plot.curve(chance, { from: 18, to: 84, title, x: 'age', y: 'P(click)', dots }))
  logistic.model.dispose()
  network.model.dispose()
}

/** Softmax for many classes: the probabilities of all of them sum to 1. */
function thousandClasses(): void {
  using model = sequential({
    inputShape: [20],
    seed: 2,
    layers: [layers.dense({ units: 1000, activation: 'softmax' })],
  })
  const sums = ops.sum(model.predictSync(ops.randomNormal([5, 20], { seed: 1 })), { axis: 1 })
  const off = Math.max(...sums.data.map((sum) => Math.abs(sum - 1)))
  notice(`1000 softmax outputs sum to 1 for each of 5 examples, to within ${off.toExponential(1)}.`, off < 1e-5)
}

run(async () => {
  await fourUsers()
  await twentyThousandViews()
  thousandClasses()
})
