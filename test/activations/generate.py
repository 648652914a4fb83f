#!/usr/bin/env python3
"""Writes values and slopes of the activations, computed by PyTorch in float64, for golden.test.ts.

    python3 generate.py > golden.json

The points reach from 1e-10 to 1e4 on both sides. They leave out the corners of activations of straight pieces (0, ±3
and 6), where PyTorch takes a slope of 0 and the library that of the middle piece.
"""
import json

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

SIZES = [1e-10, 1e-5, 1e-3, 0.1, 0.5, 1, 1.5, 2, 2.9, 3.1, 4, 5, 5.9, 6.1, 10, 20, 40, 100, 700, 1e4]

# What the library's option says, and the same in PyTorch.
ACTIVATIONS = [
    ("elu", F.elu),
    ({"name": "elu", "alpha": 0.5}, lambda z: F.elu(z, alpha=0.5)),
    ("selu", F.selu),
    ("gelu", F.gelu),
    ({"name": "gelu", "approximate": True}, lambda z: F.gelu(z, approximate="tanh")),
    ("silu", F.silu),
    ("mish", F.mish),
    ("softplus", lambda z: F.softplus(z, threshold=1000)),
    ("softsign", F.softsign),
    ("relu6", F.relu6),
    ("hardSigmoid", F.hardsigmoid),
    ("hardSwish", F.hardswish),
]


POINTS = [-size for size in reversed(SIZES)] + SIZES


def entry(spec, function):
    z = torch.tensor(POINTS, requires_grad=True)
    values = function(z)
    values.sum().backward()
    return {"activation": spec, "values": values.tolist(), "slopes": z.grad.tolist()}


if __name__ == "__main__":
    entries = ",\n".join(json.dumps(entry(*activation)) for activation in ACTIVATIONS)
    print(f'{{"torch": "{torch.__version__}",\n"z": {json.dumps(POINTS)},\n"activations": [\n{entries}]}}')
