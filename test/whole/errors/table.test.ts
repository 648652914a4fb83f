/** All the tables together: every class of error has been met. The areas are imported, so that they run first. */
import { expect } from 'chai'
import * as my from '../../../lib'
import './building.test'
import './checks.test'
import './compiling.test'
import './data.test'
import './files.test'
import { seen } from './support'
import './tensors.test'
import './training.test'
import './using.test'

describe('bad input', () => {
  describe('the table', () => {
    it('has met every class of error', () => {
      const { MyelinError: _, ...rest } = my
      const classes = Object.values(rest).filter(
        (value) => typeof value === 'function' && value.prototype instanceof my.MyelinError,
      )
      expect(classes.filter((type) => !seen.has(type)).map((type) => (type as { name: string }).name)).to.deep.equal([])
      expect(classes.length).to.equal(9)
    })
  })
})
