import { expect } from 'chai'
import { data } from '../../lib'

const wordsOf = (text: string) => [...data.bagOfWords.fit([text]).vocabulary].sort()

describe('words', () => {
  const rows: [what: string, text: string, words: string[]][] = [
    ['variation selectors of emoji are none', 'I ❤\ufe0f tea ❤\ufe0f', ['i', 'tea']],
    ['the emoji of a digit is the digit', '1\ufe0f\u20e3 1', ['1']],
    ['soft hyphens part none', 'co\u00adoperate cooperate', ['cooperate']],
    ['joiners part none, zero-width spaces do', 'a\u2060b ab\u200bc', ['ab', 'c']],
    ['a byte order mark is none', '\ufeffword word', ['word']],
    ['marks belong to their letter', 'हिन्दी e\u0301te', ['हिन्दी', 'éte']],
    ['a mark by itself is none', '\u0301 a', ['a']],
    ['apostrophes stand between letters', "don't l’été rock 'n' 90's", ["90's", "don't", 'l’été', 'n', 'rock']],
  ]
  for (const [what, text, words] of rows)
    it(what, () => {
      expect(wordsOf(text)).to.deep.equal([...words].sort())
      for (const word of wordsOf(text)) expect(word).to.match(/[\p{L}\p{N}]/u)
    })

  it('are counted under the same rule in other texts', () => {
    const bag = data.bagOfWords.fit(['1 tea'])
    expect(bag.transform(['1\ufe0f\u20e3 te\u00ada']).toArray()).to.deep.equal([[1, 1]])
  })
})
