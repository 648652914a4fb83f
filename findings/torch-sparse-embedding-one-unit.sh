#!/usr/bin/env bash
# PyTorch 2.13.0, CPU: a sparse embedding of one unit learns nothing from the sum of a batch of one id.
#
# One expects Embedding(n, 1, sparse=True), the usual bias of each user or item, to train like the dense one. With a
# single id, sum() hands back a gradient that is one number, expanded to shape [1, 1] with strides (0, 0). The sparse
# gradient keeps it as it is. It prints as 1, but adding it to a dense tensor adds nothing, and to_dense() gives zeros.
# SGD thus leaves the table as it was, without an error. Two ids, two units, or a gradient with ordinary strides work.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet 'torch==2.13.0' 'numpy==2.4.6'

"$folder/bin/python" - <<'PYTHON'
import sys
import torch


def step(ids, units, sparse):
    """The gradient and how far SGD with lr = 1 moves a table of zeros, for the loss sum(table[ids])."""
    table = torch.nn.Embedding(3, units, sparse=sparse)
    torch.nn.init.zeros_(table.weight)
    optimizer = torch.optim.SGD(table.parameters(), lr=1.0)
    table(torch.tensor(ids)).sum().backward()
    optimizer.step()
    return table.weight.grad, table.weight.flatten().tolist()


print('torch', torch.__version__)
gradient, moved = step([2], 1, sparse=True)
_, moved_dense = step([2], 1, sparse=False)
_, moved_two = step([0, 2], 1, sparse=True)
values = gradient.coalesce().values()
dense = gradient.to_dense().flatten().tolist()
print(f'sparse gradient of id 2: values {values.tolist()}, strides {values.stride()}; to_dense() {dense}')
print(f'table after a step: sparse {moved}, dense {moved_dense}')
print(f'with the ids 0 and 2: sparse {moved_two}')
lost = values.tolist() == [[1.0]] and dense == [0.0, 0.0, 0.0] and moved == [0.0, 0.0, 0.0]
if not (lost and moved_dense == [0.0, 0.0, -1.0] and moved_two == [-1.0, 0.0, -1.0]):
    sys.exit('This is no longer so.')
PYTHON
