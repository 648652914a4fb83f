#!/usr/bin/env bash
# PyTorch 2.13.0: SparseAdam does not take Adam's steps, even if every row has a gradient in every step.
#
# One expects the same formula, applied to fewer rows: the documentation calls it a masked version of Adam. But Adam
# divides by sqrt(v / (1 - beta2^t)) + eps, and SparseAdam by (sqrt(v) + eps) / sqrt(1 - beta2^t). In the first step its
# eps is therefore about 32 times as large (1 / sqrt 0.001). The table below has a single row, with a gradient of 1e-8,
# the size of eps: Adam moves it by lr / 2, SparseAdam by lr / 33. At a gradient of 1e-3 the steps still differ by 3 in
# 10000, enough to part two training runs that should be the same.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet 'torch==2.13.0' 'numpy==2.4.6'

"$folder/bin/python" - <<'PYTHON'
import sys
import torch


def first_step(optimizer, gradient):
    table = torch.nn.Embedding(1, 1, sparse=optimizer is torch.optim.SparseAdam, dtype=torch.float64)
    torch.nn.init.zeros_(table.weight)
    step = optimizer(table.parameters(), lr=0.1, betas=(0.9, 0.999), eps=1e-8)
    (gradient * table(torch.tensor([0]))).sum().backward()
    step.step()
    return table.weight.item()


print('torch', torch.__version__)
moved = {}
for gradient in (1e-8, 1e-3):
    for optimizer in (torch.optim.Adam, torch.optim.SparseAdam):
        moved[optimizer, gradient] = first_step(optimizer, gradient)
        print(f'{optimizer.__name__:10} gradient {gradient:.0e}: moved by {moved[optimizer, gradient]:.12f}')
adam, sparse = moved[torch.optim.Adam, 1e-8], moved[torch.optim.SparseAdam, 1e-8]
print(f'Adam moves {adam / sparse:.1f} times as far at 1e-8')
if not (abs(adam + 0.05) < 1e-9 and abs(sparse + 0.1 / (1 + 1 / 0.001**0.5)) < 1e-9):
    sys.exit('This is no longer so.')
PYTHON
