#!/usr/bin/env bash
# PyTorch 2.13.0: clip_grad_norm_ never reaches the norm it is asked for, and changes gradients that are short enough.
#
# One expects g * min(1, max_norm / norm). It computes g * min(1, max_norm / (norm + 1e-6)). A gradient of exactly the
# permitted norm is thus changed, in float64 in the sixth digit, and a small max_norm is missed widely: clipping 2e-6 to
# 1e-6 leaves 6.7e-7. The signature has no option for the 1e-6.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet 'torch==2.13.0' 'numpy==2.4.6'

"$folder/bin/python" - <<'PYTHON'
import sys
import torch


def clipped(norm, max_norm):
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    weight.grad = torch.tensor([norm], dtype=torch.float64)
    torch.nn.utils.clip_grad_norm_([weight], max_norm)
    return weight.grad.item()


print('torch', torch.__version__)
found = []
for norm, max_norm in ((5.0, 1.0), (1.0, 1.0), (2e-6, 1e-6)):
    found.append(clipped(norm, max_norm))
    print(f'norm {norm:g}, at most {max_norm:g}: {found[-1]:.13g}, expected {min(norm, max_norm):g}')
if not (1 - 3e-7 < found[0] < 1 - 1e-7 and abs(found[1] - 1 / 1.000001) < 1e-12 and abs(found[2] - 2e-6 / 3) < 1e-15):
    sys.exit('This is no longer so.')
PYTHON
