/** N(0, σ²) with a variance that depends on the number of inputs and outputs, so that signals keep their size. */
import type { Initializer, InitializerContext } from './initializer'
import { random } from './random'

const scaledNormal = (name: string, variance: (context: InitializerContext) => number): Initializer =>
  random(name, 'normal', (context) => ({ offset: 0, scale: Math.sqrt(variance(context)) }))

/** σ = 0.01, whatever the layer. */
export const smallNormal = scaledNormal('smallNormal', () => 0.01 ** 2)

/** σ² = 1/n_in (LeCun et al. 1998). */
export const xavier = scaledNormal('xavier', ({ fanIn }) => 1 / fanIn)

/** σ² = 2/n_in, before activations that are 0 for half of their inputs (He et al. 2015). */
export const he = scaledNormal('he', ({ fanIn }) => 2 / fanIn)

/** σ² = 2/(n_in + n_out) (Glorot & Bengio 2010). */
export const glorot = scaledNormal('glorot', ({ fanIn, fanOut }) => 2 / (fanIn + fanOut))
