#!/usr/bin/env bash
# Keras 3.15.1: leaky ReLU has the slope 0.3 as a layer and 0.2 as an activation, without options.
#
# One expects the layer and the activation of one name to be one function. LeakyReLU() multiplies negative numbers by
# 0.3; Activation('leaky_relu') and activation='leaky_relu' of any layer multiply them by 0.2. (PyTorch's slope is
# 0.01.) Replacing one by the other changes the network.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet 'keras==3.15.1' 'jax==0.10.2' 'jaxlib==0.10.2' 'numpy==2.4.6'

KERAS_HOME="$folder" KERAS_BACKEND=jax "$folder/bin/python" - <<'PYTHON'
import sys
import keras
import numpy as np

x = np.array([-1.0], dtype='float32')
print('keras', keras.__version__)
layer = float(keras.layers.LeakyReLU()(x)[0])
name = float(keras.layers.Activation('leaky_relu')(x)[0])
print(f'LeakyReLU()(-1) = {layer:.2f}')
print(f"Activation('leaky_relu')(-1) = {name:.2f}")
if not (abs(layer + 0.3) < 1e-6 and abs(name + 0.2) < 1e-6):
    sys.exit('This is no longer so.')
PYTHON
