/**
 * What goes in: images, sounds and texts as features, sets that should come from one distribution, inputs brought to
 * one scale, and batches.
 *
 *   npm run examples -- inputs
 */
import { data, layers, ops, optimizers, sequential, type DataLike, type Model, type Tensor } from 'myelin'
import * as plot from 'myelin/plot'
import { notice, percent, run, save, table } from './support/show'

/** Yes or no from features: one sigmoid, behind a hidden layer if `units` is given. */
async function yesOrNo(x: Tensor, y: DataLike, units = 0): Promise<Model> {
  const hidden = units ? [layers.dense({ units, activation: 'relu' })] : []
  const model = sequential({
    inputShape: x.shape.slice(1),
    seed: 1,
    layers: [...hidden, layers.dense({ units: 1, activation: 'sigmoid' })],
  })
  model.compile({
    optimizer: optimizers.adam({ learningRate: 0.01 }),
    loss: 'binaryCrossentropy',
    metrics: ['accuracy'],
  })
  await model.fit(x, y, { epochs: 150 })
  return model
}

/** The red, green and blue numbers of an image, one after the other. */
function image(): void {
  const side = 64
  const colours = [200, 120, 40] // every pixel the same orange
  const pixels = Uint8Array.from({ length: side * side * 3 }, (_, i) => colours[i % 3])
  const features = data.flattenImage({ data: pixels, width: side, height: side })
  const starts = [0, side * side, 2 * side * side].map((start) => features[start])
  notice(
    `An image of 64 × 64 pixels has n_x = ${features.length} features: ${side * side} of ${starts[0]} (red), as many ` +
      `of ${starts[1]} (green) and of ${starts[2]} (blue).`,
    features.length === 12288 && starts.join() === colours.join(),
  )
}

/** The bytes of a WAV file of 16 bits: what a microphone would have written. */
function wav(samples: ArrayLike<number>, sampleRate: number): Uint8Array {
  const bytes = Buffer.alloc(44 + 2 * samples.length)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20) // whole numbers
  bytes.writeUInt16LE(1, 22) // one channel
  bytes.writeUInt32LE(sampleRate, 24)
  bytes.writeUInt32LE(2 * sampleRate, 28)
  bytes.writeUInt16LE(2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(2 * samples.length, 40)
  for (let i = 0; i < samples.length; i++) bytes.writeInt16LE(Math.round(32767 * samples[i]), 44 + 2 * i)
  return bytes
}

/** Is a tone high or low? Its phase is different every time, and there is noise. */
async function sound(): Promise<void> {
  const [m, length, sampleRate] = [600, 64, 8000]
  const draws = ops.randomUniform([m, length + 1], { seed: 1 }).toArray() as number[][]
  const isHigh = draws.map((_, i) => i % 2)
  const recordings = draws.map(([phase, ...noise], i) => {
    const frequency = isHigh[i] ? 880 : 440
    const samples = noise.map(
      (u, t) => 0.5 * Math.sin(2 * Math.PI * ((frequency * t) / sampleRate + phase)) + 0.4 * (u - 0.5),
    )
    return wav(samples, sampleRate)
  })
  const heard = await Promise.all(recordings.map((file) => data.readWav(file)))
  const x = ops.stack(heard.map(({ samples }) => ops.reshape(samples, [length])))
  const { train, test } = data.split({ x, y: isHigh }, { train: 400, test: 200, seed: 1 })
  using neuron = await yesOrNo(train.x, train.y)
  using network = await yesOrNo(train.x, train.y, 32)
  const [one, many] = [await neuron.evaluate(test.x, test.y), await network.evaluate(test.x, test.y)]
  notice(
    `${m} WAV files of ${length} samples, ${(1000 * length) / heard[0].sampleRate} ms each. Whether the tone is high ` +
      `depends on no sample by itself: one neuron is right for ${percent(one.accuracy, 0)} of new ones, 32 hidden ` +
      `units for ${percent(many.accuracy, 0)}.`,
    many.accuracy > 0.95 && many.accuracy > one.accuracy + 0.1,
  )
  const first = (kind: number) => Array.from(heard[kind].samples.data, (value, t) => [t, value] as const)
  await save(
    'inputs-sound',
    plot.lines({ low: first(0), high: first(1) }, { title: 'Two recordings', x: 'sample', y: '' }),
  )
}

/** How often each word of a vocabulary occurs. */
async function text(): Promise<void> {
  const weather = [
    'Rain and wind from the west',
    'Sunny, but cold in the morning',
    'Snow and wind in the north',
    'The rain will end in the evening',
    'Cold wind, later sunny',
    'Fog in the morning, then rain',
  ]
  const kitchen = [
    'Boil the rice in salt water',
    'Cut the onions and fry them',
    'Add salt and pepper',
    'Fry the fish in butter',
    'Stir the rice and add butter',
    'Bake the bread with salt',
  ]
  const texts = [...weather, ...kitchen]
  const words = data.bagOfWords.fit(texts)
  const y = texts.map((_, i) => Number(i >= weather.length))
  using model = await yesOrNo(words.transform(texts), y)
  const unseen = [
    'Wind and snow in the evening',
    'Fry the bread in butter',
    'A cold and sunny morning',
    'Rice with onions and fish',
  ]
  const found = [...(await model.predict(words.transform(unseen))).data]
  console.log(table([['', 'P(kitchen)'], ...unseen.map((sentence, i) => [sentence, percent(found[i], 0)])]))
  const [first] = words.transform(['the wind and the rain']).toArray() as number[][]
  notice(
    `${texts.length} sentences have ${words.vocabulary.length} different words, so a sentence is a row of ` +
      `${first.length} counts; ${found.filter((p, i) => Math.round(p) === i % 2).length} of 4 new sentences are ` +
      `classified correctly.`,
    first[words.vocabulary.indexOf('the')] === 2 && found.every((p, i) => Math.round(p) === i % 2),
  )
}

/** How large the parts should be, and whether they are of one kind. */
function parts(): void {
  const rows = [1000, 1_000_000, 4_000_000].map((m) => {
    const { train, dev, test } = data.recommendedSplit(m)
    return [m, train, dev ?? 0, test ?? 0].map((count) => count.toLocaleString('en'))
  })
  console.log(table([['m', 'train', 'dev', 'test'], ...rows]))
  const names = ['brightness', 'sharpness', 'width']
  const draw = (m: number, seed: number) => ops.randomNormal([m, 3], { seed }).toArray() as number[][]
  // Photographs of a web page to train on, and what users take with their telephones: less sharp.
  const [web, dev, test] = [draw(1000, 1), draw(300, 2), draw(300, 3)]
  const blurred = (set: number[][]) => set.map(([a, b, c]) => [a, b - 0.5, c])
  const trainAndDev = data.compareDistributions(web, blurred(dev), { names })
  const devAndTest = data.compareDistributions(blurred(dev), blurred(test), { names })
  console.log(`\ntrain and dev: ${trainAndDev}\ndev and test: ${devAndTest}`)
  const differing = trainAndDev.features.filter(({ differs }) => differs)
  notice(
    `Of large sets a small share is enough for dev and test. These two have to come from one distribution (they do); ` +
      `the training set may differ, here in ${differing.map(({ name }) => name).join()}, but you should ` +
      `know that it does.`,
    rows[1].join(' ') === '1,000,000 980,000 10,000 10,000' &&
      devAndTest.same &&
      differing.length === 1 &&
      differing[0].name === 'sharpness',
  )
}

/** μ and σ² of the training set, the same for all sets. */
async function normalisation(): Promise<void> {
  // Square metres, rooms, and a feature that is the same for every house.
  const houses = (ops.randomNormal([400, 2], { seed: 4 }).toArray() as number[][]).map(([a, b]) => [
    120 + 40 * a,
    4 + b,
    1,
  ])
  const prices = houses.map(([size, rooms]) => 0.02 * size + 0.3 * rooms)
  const [train, dev] = [houses.slice(0, 300), houses.slice(300)]
  const normalizer = data.normalizer.fit(train)
  const z = normalizer.transform(train)
  const [mean, variance] = [ops.mean(z, { axis: 0 }), ops.variance(z, { axis: 0 })]
  const [devMean] = ops.mean(normalizer.transform(dev), { axis: 0 }).data
  const costAfter = async (normalised: boolean, learningRate: number) => {
    using model = sequential({
      inputShape: [3],
      seed: 1,
      layers: [...(normalised ? [layers.normalize()] : []), layers.dense({ units: 1 })],
    })
    model.compile({ optimizer: optimizers.gradientDescent({ learningRate }), loss: 'meanSquaredError' })
    await model.fit(train, prices.slice(0, 300), { epochs: 100, batchSize: 'all' })
    return (await model.evaluate(dev, prices.slice(300))).loss
  }
  // Each near the largest rate with which it does not diverge.
  const [raw, scaled] = [await costAfter(false, 5e-5), await costAfter(true, 0.5)]
  notice(
    `Normalised with their own μ and σ², training inputs have the means ` +
      `${[...mean.data].map((v) => Math.abs(v).toFixed(3)).join(', ')} and the variances ` +
      `${[...variance.data].map((v) => v.toFixed(3)).join(', ')} (a constant gives 0, not NaN); the dev set keeps a ` +
      `mean of ${devMean.toFixed(3)}, as it is shifted by the same numbers. After 100 steps the dev cost is ` +
      `${scaled.toExponential(1)}, with raw inputs ${raw.toExponential(1)}.`,
    [...mean.data].every((v) => Math.abs(v) < 1e-3) &&
      [...variance.data].every((v, j) => Math.abs(v - (j < 2 ? 1 : 0)) < 1e-3) &&
      devMean !== 0 &&
      scaled < 0.01 * raw,
  )
}

/** Mini-batches: every example once in a pass, and how many at a time. */
function batches(): void {
  const m = 1000
  const rows = Array.from({ length: m }, (_, i) => [i])
  const pass = data.batches({ x: rows, y: rows }, { batchSize: 64, seed: 1 })
  const sizes: number[] = []
  const seen = new Set<number>()
  for (const { x } of pass) {
    sizes.push(x.shape[0])
    x.data.forEach((row) => seen.add(row))
  }
  const recommended = [500, 2000, 5000, 20_000, 1_000_000].map((m) => [m, data.recommendedBatchSize(m)])
  console.log(table([['m', 'batch size'], ...recommended.map((row) => row.map((n) => n.toLocaleString('en')))]))
  const last = sizes[sizes.length - 1]
  const inMemory = data.recommendedBatchSize(1_000_000, { memory: 100 })
  notice(
    `${m} examples in batches of 64 are ${sizes.length} batches, the last of ${last}; every example comes once in a ` +
      `pass. Up to 2000 examples go all at once; above that the recommended size is a power of two from 64 to 512, ` +
      `and ${inMemory} where memory holds 100 examples.`,
    sizes.length === 16 && last === 40 && seen.size === m && recommended[1][1] === 2000 && inMemory === 64,
  )
}

run(async () => {
  image()
  await sound()
  await text()
  parts()
  await normalisation()
  batches()
})
