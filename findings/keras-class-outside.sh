#!/usr/bin/env bash
# Keras 3.15.1 on JAX 0.10.2: a class number that does not exist costs nothing in the sparse categorical cross-entropy.
#
# One expects an error for class 3 of 3 classes, or a loss of NaN. The class number becomes a one-hot row without a one,
# so its loss is 0, the best there is. It still counts in the mean. Classes that are numbered from 1 instead of from 0,
# or a missing class that is written as -1, thus make the loss look better than it is. On PyTorch, the same call is an
# error.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet 'keras==3.15.1' 'jax==0.10.2' 'jaxlib==0.10.2' 'numpy==2.4.6'

KERAS_HOME="$folder" KERAS_BACKEND=jax "$folder/bin/python" - <<'PYTHON'
import sys
import jax
import keras
import numpy as np

loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
logits = np.zeros((1, 3), dtype='float32')
print('keras', keras.__version__, 'jax', jax.__version__)
found = {c: float(loss(np.array([c]), logits)) for c in (2, 3, -1)}
both = float(loss(np.array([2, 3]), np.zeros((2, 3), dtype='float32')))
for c, value in found.items():
    print(f'three equal logits, class {c}: loss {value:.6f}')
print(f'classes 2 and 3 together: loss {both:.6f}')
log3 = float(np.log(3))
if not (abs(found[2] - log3) < 1e-6 and found[3] == 0 and found[-1] == 0 and abs(both - log3 / 2) < 1e-6):
    sys.exit('This is no longer so.')
PYTHON
