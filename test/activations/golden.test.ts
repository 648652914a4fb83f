/** The values and slopes of golden.json, which generate.py beside it wrote with PyTorch in float64. */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toActivation, type ActivationSpec } from '../../lib/activations'
import { grad } from '../../lib/functions/grad'
import * as ops from '../../lib/ops'
import type { Tensor } from '../../lib/tensor/tensor'
import { close, t } from '../numbers'

interface Golden {
  z: number[]
  activations: { activation: ActivationSpec; values: number[]; slopes: number[] }[]
}

const { z, activations } = JSON.parse(readFileSync(join(__dirname, 'golden.json'), 'utf8')) as Golden

describe('activations, against PyTorch', () => {
  for (const { activation, values, slopes } of activations) {
    const { name, apply } = toActivation('test', activation)
    it(JSON.stringify(activation), () => {
      const at = t(z, [1, z.length])
      const found = apply(at).data
      // PyTorch's gelu cancels in the lower tail: there, only its absolute size can be compared.
      if (name === 'gelu') close(found, values, 2e-15)
      else
        for (const [i, value] of values.entries())
          expect(Math.abs(found[i] - value), `z = ${z[i]}`).to.be.at.most(2e-15 * Math.abs(value))
      const [slope] = grad((x: Tensor) => ops.sum(apply(x)))(at)
      // PyTorch rounds hardSigmoid's 1/6 to float32.
      close(slope as Tensor, slopes, name === 'hardSigmoid' ? 1e-8 : 1e-14)
    })
  }
})
