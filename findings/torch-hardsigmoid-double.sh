#!/usr/bin/env bash
# PyTorch 2.13.0, CPU: the derivative of hardsigmoid in float64 is 1/6 rounded to float32.
#
# One expects 1/6 to about 16 digits from a float64 op. The backward pass multiplies by a constant that was stored as a
# float, 0.16666667163372040, wrong by 5e-9. The forward pass is exact, and so is hardswish, forwards and backwards. A
# float64 gradient check with a tolerance of 1e-9 fails on hardsigmoid, and so does a training run that is compared to
# 1e-9.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet 'torch==2.13.0' 'numpy==2.4.6'

"$folder/bin/python" - <<'PYTHON'
import sys
import torch
from torch.nn import functional as F


def derivative(f, at):
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    f(x).backward()
    return x.grad.item()


value = F.hardsigmoid(torch.tensor(0.5, dtype=torch.float64)).item()
got = derivative(F.hardsigmoid, 0.5)
hardswish = derivative(F.hardswish, 0.5)
print('torch', torch.__version__)
print(f'hardsigmoid(0.5) in float64: {value:.17f}, exact {3.5 / 6:.17f}')
print(f"hardsigmoid'(0.5) in float64: {got:.17f}, exact {1 / 6:.17f}, error {got - 1 / 6:.1e}")
print(f"hardswish'(0.5) in float64: {hardswish:.17f}, exact {2 / 3:.17f}")
same = got == torch.tensor(1 / 6, dtype=torch.float32).item()
if not (same and abs(value - 3.5 / 6) < 1e-15 and abs(hardswish - 2 / 3) < 1e-15):
    sys.exit('This is no longer so.')
PYTHON
