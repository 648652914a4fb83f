"""One workload of scripts/gpu.js in PyTorch on CUDA: microseconds a step, epoch by epoch, as JSON. Exit code 1 without it."""
import json
import sys
import time

try:
    import torch
except ImportError:
    sys.exit(1)
if not torch.cuda.is_available():
    sys.exit(1)

w = json.loads(sys.argv[1])
torch.manual_seed(1)
torch.backends.cuda.matmul.allow_tf32 = False
layers = []
for i, (a, b) in enumerate(zip(w["widths"], w["widths"][1:])):
    layers.append(torch.nn.Linear(a, b))
    if i < len(w["widths"]) - 2:
        layers.append(torch.nn.Tanh() if w["activation"] == "tanh" else torch.nn.ReLU())
net = torch.nn.Sequential(*layers).cuda()
outputs, rows, batch = w["widths"][-1], w["rows"], w["batch"]
x = torch.randn(rows, w["widths"][0], device="cuda")
if outputs == 1:
    y, loss = (torch.rand(rows, 1, device="cuda") > 0.5).float(), torch.nn.BCEWithLogitsLoss()
else:
    y, loss = torch.randint(outputs, (rows,), device="cuda"), torch.nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)

times = []
for epoch in range(12):
    order = torch.randperm(rows, device="cuda")
    torch.cuda.synchronize()
    start = time.perf_counter()
    steps = 0
    for at in range(0, rows, batch):
        index = order[at : at + batch]
        optimizer.zero_grad(set_to_none=True)
        loss(net(x[index]), y[index]).backward()
        optimizer.step()
        steps += 1
    torch.cuda.synchronize()
    times.append((time.perf_counter() - start) / steps * 1e6)
print(json.dumps({"microseconds": times[2:]}))
