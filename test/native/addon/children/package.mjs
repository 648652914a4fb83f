// The package through import and through require: one instance, the same names.
import * as imported from 'myelin'
import { tensor } from 'myelin'
import { createRequire } from 'node:module'

const required = createRequire(import.meta.url)('myelin')
const names = Object.keys(required).filter((name) => name !== '__esModule')
console.log(
  JSON.stringify({
    missing: names.filter((name) => imported[name] !== required[name]),
    added: Object.keys(imported).filter((name) => !(name in required)),
    isSame: tensor === required.tensor,
    names: names.length,
  }),
)
