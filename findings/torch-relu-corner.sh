#!/usr/bin/env bash
# PyTorch 2.13.0: max(0, x) has the derivative 0, 1/2 or 1 at x = 0, depending on how it is spelled.
#
# Any number from 0 to 1 is a fair choice at the corner, but one expects one library to choose once. relu chooses 0,
# clamp chooses 1, and maximum shares the gradient between its two equal arguments. The same goes for both corners of
# relu6 and of clamp(x, 0, 6). It matters more often than it seems: x is exactly 0 wherever all inputs of a unit are 0
# and so is its bias, as biases are in the beginning; rewriting relu as clamp then changes the training.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet 'torch==2.13.0' 'numpy==2.4.6'

"$folder/bin/python" - <<'PYTHON'
import sys
import torch
from torch.nn import functional as F


def derivatives(f, *points):
    x = torch.tensor(points, requires_grad=True)
    f(x).sum().backward()
    return x.grad.tolist()


print('torch', torch.__version__)
found = {
    'relu(x) at 0': derivatives(F.relu, 0.0),
    'x.clamp(min=0) at 0': derivatives(lambda x: x.clamp(min=0), 0.0),
    'maximum(x, 0) at 0': derivatives(lambda x: torch.maximum(x, torch.zeros_like(x)), 0.0),
    'relu6(x) at 0 and 6': derivatives(F.relu6, 0.0, 6.0),
    'x.clamp(0, 6) at 0 and 6': derivatives(lambda x: x.clamp(0, 6), 0.0, 6.0),
}
for name, values in found.items():
    print(f'derivative of {name}: {values}')
if list(found.values()) != [[0.0], [1.0], [0.5], [0.0, 0.0], [1.0, 1.0]]:
    sys.exit('This is no longer so.')
PYTHON
