#!/usr/bin/env bash
# Keras 3.15.1 on JAX 0.10.2: Embedding takes the id -1 for the last row and trains that row; too large an id gives NaN.
#
# One expects an error for an id outside of 0 ... input_dim - 1, as input_dim is documented as the largest id + 1. -1 is
# a usual mark of unknown or missing words, and here such words share the row of the last word of the vocabulary, and
# pull at it. The id 3 of a table of 3 rows gives a row of NaN, and a loss of NaN.
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

rows = np.array([[10, 11], [20, 21], [30, 31]], dtype='float32')
embedding = keras.layers.Embedding(3, 2)
model = keras.Sequential([keras.Input((1,), dtype='int32'), embedding, keras.layers.Flatten()])
embedding.set_weights([rows])
model.compile(keras.optimizers.SGD(1.0), 'mse')
print('keras', keras.__version__, 'jax', jax.__version__)
last, outside = (model.predict(np.array([[id]]), verbose=0)[0].tolist() for id in (-1, 3))
print(f'table {rows.tolist()}: id -1 gives {last}, id 3 gives {outside}')
model.fit(np.array([[-1]]), np.zeros((1, 2)), verbose=0)
trained = embedding.get_weights()[0].tolist()
print(f'after a step on id -1 towards 0: {trained}')
if not (last == [30, 31] and np.isnan(outside).all() and trained == [[10, 11], [20, 21], [0, 0]]):
    sys.exit('This is no longer so.')
PYTHON
