import { close } from '../numbers'
import { binary, classes, measure } from './support'

describe('accuracy, precision, recall, f1', () => {
  const y = [1, 0, 1, 1, 0, 0, 1]
  const p = [0.9, 0.6, 0.4, 0.7, 0.2, 0.5, 0.51] // yes: rows 0, 1, 3, 6 → tp 3, fp 1, fn 1, tn 2

  it('accuracy at the threshold 0.5', () => close([measure('accuracy', binary, y, p)], [5 / 7]))
  it('precision, recall and f1', () => {
    close([measure('precision', binary, y, p)], [3 / 4])
    close([measure('recall', binary, y, p)], [3 / 4])
    close([measure('f1', binary, [1, 1, 1, 0], [0.9, 0.1, 0.2, 0.3])], [2 / 4])
    close([measure('precision', binary, [1, 1], [0.1, 0.2])], [0])
    close([measure('f1', binary, [0, 0], [0.1, 0.2])], [0])
  })
  it('scores instead of probabilities have the threshold 0', () => {
    const z = p.map((v) => Math.log(v / (1 - v)))
    close([measure('accuracy', { ...binary, fromLogits: true }, y, z)], [5 / 7])
  })
  it('several sigmoid outputs: accuracy over all of them', () => {
    close([measure('accuracy', { ...binary, outputs: 2 }, [1, 0, 1, 1], [0.9, 0.9, 0.8, 0.1])], [2 / 4])
  })
  it('classes: largest wins, one-hot and class numbers alike', () => {
    const probabilities = [0.2, 0.5, 0.3, 0.6, 0.3, 0.1, 0.1, 0.2, 0.7, 0.4, 0.35, 0.25]
    close([measure('accuracy', classes(3), [1, 0, 1, 2], probabilities)], [2 / 4])
    close([measure('accuracy', classes(3), [0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1], probabilities)], [2 / 4])
  })
  it('macro averages over the classes that occur', () => {
    // predicted 1, 0, 2, 0 for true 1, 0, 1, 0 among 4 classes
    const probabilities = [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0]
    const truth = [1, 0, 1, 0]
    close([measure('precision', classes(4), truth, probabilities)], [(1 + 1 + 0) / 3])
    close([measure('recall', classes(4), truth, probabilities)], [(1 + 0.5 + 0) / 3])
    close([measure('f1', classes(4), truth, probabilities)], [(1 + 2 / 3 + 0) / 3])
  })
})
