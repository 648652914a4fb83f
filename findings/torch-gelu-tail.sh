#!/usr/bin/env bash
# PyTorch 2.13.0, CPU: exact gelu in float64 is wrong by 8 % at -8.2, and -0 (relative error 1) from -8.5 on.
#
# One expects z * Phi(z) to nearly full precision, as its tail is far from the smallest float64: -7.6e-23 at -10. It is
# computed as z/2 * (1 + erf(z / sqrt 2)), and 1 + erf cancels. In float32 the same happens from about -5 on. The
# absolute error is tiny, so that training does not notice, but a comparison by relative error fails. With erfc in place
# of 1 + erf there is no cancellation.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet 'torch==2.13.0' 'numpy==2.4.6'

"$folder/bin/python" - <<'PYTHON'
import math
import sys
import torch

print('torch', torch.__version__)
errors = {}
for dtype, points in ((torch.float64, (-4.0, -8.2, -8.5, -10.0)), (torch.float32, (-1.0, -5.0, -6.0))):
    for z in points:
        got = torch.nn.functional.gelu(torch.tensor([z], dtype=dtype)).item()
        true = 0.5 * z * math.erfc(-z / math.sqrt(2))
        errors[dtype, z] = abs(got - true) / abs(true)
        print(f'{dtype} gelu({z}) = {got:.8e}, true {true:.8e}, relative error {errors[dtype, z]:.1e}')
lost = all(errors[key] == 1 for key in ((torch.float64, -8.5), (torch.float64, -10.0), (torch.float32, -6.0)))
if not (lost and errors[torch.float64, -8.2] > 0.01 and errors[torch.float64, -4.0] < 1e-9):
    sys.exit('This is no longer so.')
PYTHON
