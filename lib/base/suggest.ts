/** Which name somebody meant: near ones by spelling, others because other libraries call the same thing so. */

/** Names as they are compared: neither capitals nor `_`, `-` and spaces matter, so that batch_size is batchSize. */
const plain = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, '')

const crossentropies = ['sparseCategoricalCrossentropy', 'categoricalCrossentropy', 'binaryCrossentropy']
const rates = ['learningRate', 'initial']

/**
 * What other libraries, papers and habits call by another name, in plain spelling. Only those names are suggested that
 * exist where the mistake was made. An empty list: a known thing that has no counterpart here, so that no name which
 * happens to be spelled alike is suggested.
 */
const aliases: Readonly<Record<string, readonly string[]>> = {
  // optimisers and their options
  sgd: ['gradientDescent'],
  gd: ['gradientDescent'],
  nesterov: [],
  adagrad: [],
  adadelta: [],
  lr: rates,
  alpha: rates,
  eta: rates,
  stepsize: rates,
  rate: ['learningRate', 'keepProb'],
  rho: ['beta', 'beta2'],
  decay: ['decayRate', 'weightDecay'],
  eps: ['epsilon'],
  momentum: ['momentum', 'beta'],
  wd: ['weightDecay'],
  clipnorm: ['gradientClip'],
  clipvalue: ['gradientClip'],
  // losses and metrics
  mse: ['meanSquaredError'],
  l2loss: ['meanSquaredError'],
  mae: ['meanAbsoluteError'],
  l1loss: ['meanAbsoluteError'],
  acc: ['accuracy'],
  bce: ['binaryCrossentropy'],
  logloss: ['binaryCrossentropy', 'categoricalCrossentropy'],
  crossentropy: crossentropies,
  cce: ['categoricalCrossentropy'],
  nll: ['sparseCategoricalCrossentropy'],
  nllloss: ['sparseCategoricalCrossentropy'],
  f1score: ['f1'],
  rocauc: ['auc'],
  // activations and initialisers
  identity: ['linear'],
  lrelu: ['leakyRelu'],
  logistic: ['sigmoid'],
  swish: ['silu'],
  celu: [],
  prelu: [],
  hardtanh: [],
  logsoftmax: [],
  kaiming: ['he'],
  henormal: ['he'],
  kaimingnormal: ['he'],
  xaviernormal: ['xavier'],
  glorotnormal: ['glorot'],
  lecunnormal: ['lecun'],
  // options of layers and of training
  dropout: ['rate'],
  p: ['rate'],
  dropprob: ['rate'],
  neurons: ['units'],
  outputs: ['units'],
  outfeatures: ['units'],
  inputdim: ['inputShape'],
  bias: ['useBias'],
  epoch: ['epochs'],
  iterations: ['epochs', 'steps'],
  val: ['dev', 'validationData'],
  valid: ['dev', 'validationData'],
  validation: ['dev', 'validationData'],
  valdata: ['validationData'],
  validationsplit: ['validationData'],
  dropremainder: ['dropLast'],
  weights: ['sampleWeight'],
  randomstate: ['seed'],
  // tables
  delimiter: ['separator'],
  sep: ['separator'],
  label: ['target', 'labels'],
  classes: ['labels'],
  classnames: ['labels'],
  navalues: ['missing', 'markers'],
  drop: ['ignore'],
}

/** What a suggested name does not say by itself. */
const remarks: Readonly<Record<string, string>> = {
  validationsplit: 'Split the data first: data.split(…) gives the parts.',
}

/** Levenshtein distance; a swap of neighbours counts once. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + change)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2][j - 2] + 1)
      row.push(best)
    }
    rows.push(row)
  }
  return rows[a.length][b.length]
}

/** One name inside the other, where the shorter one is a word. */
function contains(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return short.length > 2 && long.includes(short)
}

/** The name in `names` that is spelled most like `given`: one change in three letters, or one inside the other. */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  const key = plain(given)
  let best: string | undefined
  let bestDistance = Infinity
  for (const name of names) {
    const other = plain(name)
    const distance = editDistance(key, other)
    const short = Math.min(key.length, other.length)
    const near = (distance <= Math.max(1, Math.floor(short / 3)) && distance < short) || contains(key, other)
    if (near && distance < bestDistance) [best, bestDistance] = [name, distance]
  }
  return best
}

/** What names of values of the validation data begin with; the rest is the name of a value of training. */
const validation = 'val_'

/** The names among `names` that `given` probably stands for: none, one, or several that it may mean. */
function meantNames(given: string, names: readonly string[]): readonly string[] {
  const key = plain(given)
  const same = names.find((name) => plain(name) === key)
  if (same !== undefined) return [same]
  const rest = given.startsWith(validation) ? given.slice(validation.length) : ''
  const validated = names.filter((name) => name.startsWith(validation)).map((name) => name.slice(validation.length))
  if (rest && validated.length > 0) return meantNames(rest, validated).map((name) => validation + name)
  const known = Object.hasOwn(aliases, key) ? aliases[key] : undefined
  if (known?.length === 0) return []
  const meant = known?.filter((name) => names.includes(name)) ?? []
  if (meant.length > 0) return meant
  const near = nearestName(given, names)
  return near === undefined ? [] : [near]
}

/** ` Did you mean 'units'?`; empty where no name is near. */
export function didYouMean(given: string, names: readonly string[]): string {
  const meant = meantNames(given, names).map((name) => `'${name}'`)
  if (meant.length === 0) return ''
  const list = meant.length === 1 ? meant[0] : `${meant.slice(0, -1).join(', ')} or ${meant[meant.length - 1]}`
  const remark = Object.hasOwn(remarks, plain(given)) ? ` ${remarks[plain(given)]}` : ''
  return ` Did you mean ${list}?${remark}`
}
