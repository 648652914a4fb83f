#!/usr/bin/env bash
# Keras 3.15.1: Adam(weight_decay=...) is AdamW. It takes the same steps, and none of Adam with an L2 penalty.
#
# One expects weight decay in an optimiser called Adam to be added to the gradient, as in PyTorch's Adam, or else no
# need for a class AdamW beside it. In Keras, the weight_decay of every optimiser is decoupled: weight -= lr * decay *
# weight. A weight of 2 with gradient 1, lr 0.1 and decay 0.5 goes to 1.8; with the decay in the gradient, it would go
# to 1.9, as the first step of Adam is always lr.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet 'keras==3.15.1' 'jax==0.10.2' 'jaxlib==0.10.2' 'numpy==2.4.6'

KERAS_HOME="$folder" KERAS_BACKEND=jax "$folder/bin/python" - <<'PYTHON'
import sys
import keras
import numpy as np


def step(optimizer, gradient):
    weight = keras.Variable(np.array([2.0]), dtype='float32')
    optimizer.apply([keras.ops.convert_to_tensor(np.array([gradient], dtype='float32'))], [weight])
    return float(weight.value[0])


options = {'learning_rate': 0.1, 'epsilon': 1e-8}
adam = step(keras.optimizers.Adam(weight_decay=0.5, **options), 1)
adamw = step(keras.optimizers.AdamW(weight_decay=0.5, **options), 1)
penalty = step(keras.optimizers.Adam(**options), 1 + 0.5 * 2)
print('keras', keras.__version__)
print(f'Adam(weight_decay=0.5): {adam:.5f}')
print(f'AdamW(weight_decay=0.5): {adamw:.5f}')
print(f'Adam with the decay in the gradient: {penalty:.5f}')
if not (adam == adamw and abs(adam - 1.8) < 1e-5 and abs(penalty - 1.9) < 1e-5):
    sys.exit('This is no longer so.')
PYTHON
