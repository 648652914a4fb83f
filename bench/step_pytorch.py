"""The same workloads in PyTorch eager on the CPU with fused Adam: the peer of bench/step.ts.

  python bench/step_pytorch.py mnist
"""
import json
import os
import sys
import time

import torch

name = sys.argv[1] if len(sys.argv) > 1 else "mnist"
with open(os.path.join(os.path.dirname(__file__), "workloads.json")) as file:
    w = json.load(file)[name]
widths = w["widths"]
torch.manual_seed(1)
x = torch.rand(w["examples"], widths[0])
outputs = widths[-1]
y = torch.randint(0, max(outputs, 2), (w["examples"],))
activation = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[w["hidden"]]
layers = []
for i in range(len(widths) - 1):
    layers.append(torch.nn.Linear(widths[i], widths[i + 1]))
    if i < len(widths) - 2:
        layers.append(activation())
net = torch.nn.Sequential(*layers)
if w["head"] == "softmax":
    loss_fn = torch.nn.CrossEntropyLoss()
else:
    loss_fn = torch.nn.BCEWithLogitsLoss()
    y = y.float().reshape(-1, 1)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
times = []
steps = (w["examples"] + w["batch"] - 1) // w["batch"]
for epoch in range(w["epochs"] + 1):
    start = time.perf_counter()
    order = torch.randperm(w["examples"])
    costs = []
    for at in range(0, w["examples"], w["batch"]):
        rows = order[at : at + w["batch"]]
        optimizer.zero_grad(set_to_none=True)
        loss = loss_fn(net(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        costs.append(loss.detach())
    float(torch.stack(costs).mean())
    if epoch > 0:
        times.append(time.perf_counter() - start)
times.sort()
micros = lambda s: round(s * 1e6 / steps, 1)
median = micros(times[len(times) // 2])
print(json.dumps({"name": name, "median": median, "min": micros(times[0]), "threads": torch.get_num_threads()}))
