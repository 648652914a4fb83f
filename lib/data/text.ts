/** Text as features: how often each word of a vocabulary occurs. */
import { checkOptions, positiveInteger } from '../base/checks'
import { describeValue, OptionError } from '../base/errors'
import { tensor, type Tensor } from '../tensor/tensor'

export interface BagOfWordsOptions {
  /** Only the most frequent words become features. Default: all. */
  maxWords?: number | undefined
}

/**
 * Characters that are not seen and change no word: variation selectors of emoji, soft hyphens, joiners, byte order
 * marks. A zero-width space parts words.
 */
const invisible = /(?!\u200b)\p{Default_Ignorable_Code_Point}/gu

/**
 * Words in small letters: runs of letters and digits with their marks, and of apostrophes between letters, in any
 * script. (Marks that enclose, as in the emoji of a digit, are none of a word.)
 */
function wordsOf(where: string, text: unknown, index: number): string[] {
  if (typeof text !== 'string')
    throw new OptionError(`${where}: text ${index}: expected a string, got ${describeValue(text)}.`)
  return (
    text
      .normalize('NFC')
      .toLowerCase()
      .replace(invisible, '')
      .match(/[\p{L}\p{N}][\p{L}\p{N}\p{Mn}\p{Mc}]*(?:['’]\p{L}[\p{L}\p{Mn}\p{Mc}]*)*/gu) ?? []
  )
}

function listOf(where: string, texts: readonly string[]): readonly string[] {
  if (!Array.isArray(texts) || texts.length === 0)
    throw new OptionError(`${where}: expected a list of at least one text, got ${describeValue(texts)}.`)
  return texts
}

export class BagOfWords {
  readonly #places: ReadonlyMap<string, number>

  /** @internal Use `data.bagOfWords.fit`. */
  constructor(
    /** The words, in the order of the features. */
    readonly vocabulary: readonly string[],
  ) {
    this.#places = new Map(vocabulary.map((word, i) => [word, i]))
  }

  /** How often each word of the vocabulary occurs in each text: [texts, words]. Other words are left out. */
  transform(texts: readonly string[]): Tensor {
    const where = 'bagOfWords.transform'
    const width = this.vocabulary.length
    const list = listOf(where, texts)
    const counts = new Float32Array(list.length * width)
    for (const [i, text] of list.entries()) {
      for (const word of wordsOf(where, text, i)) {
        const place = this.#places.get(word)
        if (place !== undefined) counts[i * width + place]++
      }
    }
    return tensor(counts, [list.length, width])
  }
}

export const bagOfWords = {
  /**
   * Learns the vocabulary of the training texts: the most frequent words first, equals in the order of the alphabet.
   */
  fit(texts: readonly string[], options: BagOfWordsOptions = {}): BagOfWords {
    const where = 'data.bagOfWords.fit'
    checkOptions(where, options, ['maxWords'])
    const most = options.maxWords === undefined ? Infinity : positiveInteger(`${where}: maxWords`, options.maxWords)
    const counts = new Map<string, number>()
    for (const [i, text] of listOf(where, texts).entries())
      for (const word of wordsOf(where, text, i)) counts.set(word, (counts.get(word) ?? 0) + 1)
    if (counts.size === 0) throw new OptionError(`${where}: the texts hold no words.`)
    const order = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    return new BagOfWords(order.slice(0, most).map(([word]) => word))
  },
}
