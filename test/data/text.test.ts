import { expect } from 'chai'
import { data } from '../../lib'

describe('the words of bagOfWords', () => {
  const words = (...texts: string[]) => data.bagOfWords.fit(texts).vocabulary

  it('have a letter or a digit: what only chooses a picture is none', () => {
    expect(words('I ❤️ tea', '❤️ ❤️')).to.deep.equal(['i', 'tea'])
    expect(words('1️⃣ 2️⃣ 1')).to.deep.equal(['1', '2'])
    expect(words('\u0301 a')).to.deep.equal(['a'])
  })

  it('keep the marks and apostrophes that belong to them', () => {
    expect(words("Don't don’t")).to.have.members(["don't", 'don’t'])
    expect(words('हिन्दी', 'ẹ̀kọ́'.normalize('NFD'))).to.have.members(['हिन्दी', 'ẹ̀kọ́'.normalize('NFC')])
  })
})
