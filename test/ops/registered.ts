import { expect } from 'chai'
import { primitives } from '../../lib/graph/primitives'
import { native } from '../../lib/native/native'

/** Sources are memory, reshape is another view, broadcast is how operands are read, custom is replaced. */
const withoutKernel = ['input', 'state', 'hyper', 'constant', 'reshape', 'broadcast', 'custom']

/** Every primitive of the table has its kernel on the device, in float32 and float64, with as many inputs. */
export function expectRegistered(device: string): void {
  const { kernels, elementwise, arities, incomplete } = native.kernelNames(device)
  for (const [name, primitive] of Object.entries(primitives)) {
    if (withoutKernel.includes(name)) continue
    expect(primitive.elementwise ? elementwise : kernels, `${device}: ${name}`).to.include(name)
    if (primitive.elementwise)
      expect(arities[elementwise.indexOf(name)], `${device}: ${name}`).to.equal(primitive.arity)
  }
  expect(incomplete, `${device}: kernels without float32 or float64`).to.deep.equal([])
}
