#!/usr/bin/env bash
# safetensors 0.8.0 for Python: save_file of a transposed NumPy array writes a file with other values, and says nothing.
#
# One expects the array that was handed over, or an error: safetensors.torch refuses such a tensor. The NumPy writer
# takes the memory as it lies and the shape as it is seen, so that everything but C order is scrambled: a transpose, a
# column slice, an array in Fortran order. The natural way to convert PyTorch's [out, in] weights to [in, out] kernels
# runs into it. By the report, release 0.7.0 wrote the right values:
# https://github.com/safetensors/safetensors/issues/825. What helps: numpy.ascontiguousarray(weights.T).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet 'safetensors==0.8.0' 'numpy==2.4.6'

"$folder/bin/python" - <<'PYTHON'
import os
import sys
import tempfile
import numpy as np
import safetensors
from safetensors.numpy import load_file, save_file


def after_a_trip(array):
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, 'array.safetensors')
        save_file({'array': array}, file)
        return load_file(file)['array'].tolist()


print('safetensors', safetensors.__version__, 'numpy', np.__version__)
weights = np.arange(6, dtype='float32').reshape(2, 3)
for name, array in (('transpose', weights.T), ('columns', weights[:, ::2]), ('copy', np.ascontiguousarray(weights.T))):
    print(f'{name}: saved {array.tolist()}, loaded {after_a_trip(array)}')
scrambled = after_a_trip(weights.T) == [[0, 1], [2, 3], [4, 5]] and after_a_trip(weights[:, ::2]) == [[0, 1], [2, 3]]
if not (scrambled and after_a_trip(np.ascontiguousarray(weights.T)) == weights.T.tolist()):
    sys.exit('This is no longer so.')
PYTHON
