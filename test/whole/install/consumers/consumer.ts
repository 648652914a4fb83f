// What a TypeScript project writes; checked with `strict` and without `skipLibCheck`, then compiled and run.
import { defineLayer, layers, ops, optimizers, sequential, tensor, ShapeError, type History, type Tensor } from 'myelin'

const Scale = defineLayer<{ initial?: number }>({
  name: 'scale',
  build: (inputShape, _config, add) => ({ gain: add('gain', inputShape, { initializer: 'ones' }) }),
  call: (x, w) => ops.mul(x, w.gain),
})

async function main(): Promise<void> {
  const model = sequential({ inputShape: [2], seed: 1, layers: [Scale({}), layers.dense({ units: 1 })] })
  model.compile({ optimizer: optimizers.adam({ learningRate: 0.1 }), loss: 'meanSquaredError' })
  const history: History = await model.fit(
    [
      [0, 1],
      [1, 0],
    ],
    [[1], [2]],
    { epochs: 200 },
  )
  const prediction: Tensor = await model.predict([[1, 0]])
  const last: number = history.epochs[history.epochs.length - 1].loss
  if (!(last < 0.1) || prediction.shape[0] !== 1) throw new Error(`loss ${last}, shape ${prediction.shape.join()}`)
  try {
    ops.add(tensor([1, 2]), tensor([1, 2, 3]))
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
  }
  // @ts-expect-error: the compiler knows the names of losses
  const misspelt = (): void => model.compile({ optimizer: optimizers.adam(), loss: 'meanSquareError' })
  if (typeof misspelt !== 'function') throw new Error('unreachable')
  console.log(`loss ${last.toExponential(1)}`)
}

void main()
