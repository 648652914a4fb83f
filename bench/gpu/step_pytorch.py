"""One workload of scripts/gpu in PyTorch, with fused Adam: microseconds of a step, epoch by epoch, and the first costs.
Prints a line of JSON for each way: eager, and on CUDA the whole step as one CUDA graph. Data and weights are those of
workload.js.

  python bench/gpu/step_pytorch.py '{"widths": …}' cuda
"""
import contextlib
import json
import sys
import time

import torch

w, device = json.loads(sys.argv[1]), sys.argv[2]
widths, rows, batch, epochs = w["widths"], w["rows"], w["batch"], w["epochs"]
on_gpu = device == "cuda"
torch.backends.cuda.matmul.allow_tf32 = w["precision"] == "tf32"
WEIGHTS_BEGIN, FIRST_EPOCHS = 1000003, 2


def numbers(count, begin=0):
    i = torch.arange(begin, begin + count, dtype=torch.int64, device=device)
    return (((i * 2654435761) & 0xFFFFFFFF).double() / 2**31 - 1).float()


outputs = widths[-1]
x = numbers(rows * widths[0]).reshape(rows, widths[0])
y = torch.arange(rows, device=device) * 7 % max(outputs, 2)
if w["head"] == "softmax":
    loss_of = torch.nn.CrossEntropyLoss()
else:
    y, loss_of = y.float().reshape(-1, 1), torch.nn.BCEWithLogitsLoss()
batches = torch.arange(rows, device=device).split(batch)


def precision():
    return torch.autocast(device, dtype=torch.bfloat16) if w["precision"] == "bf16" else contextlib.nullcontext()


def network():
    layers = []
    for i, (inputs, units) in enumerate(zip(widths, widths[1:])):
        layer = torch.nn.Linear(inputs, units, device=device)
        with torch.no_grad():
            scale = (6 / (inputs + units)) ** 0.5
            weights = numbers(units * inputs, WEIGHTS_BEGIN * (i + 1)).double() * scale
            layer.weight.copy_(weights.reshape(units, inputs))
            layer.bias.zero_()
        layers.append(layer)
        if i < len(widths) - 2:
            layers.append({"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}[w["hidden"]]())
    net = torch.nn.Sequential(*layers)
    return net, torch.optim.Adam(net.parameters(), lr=1e-3, eps=1e-8, fused=True, capturable=on_gpu)


def cost(net, index):
    with precision():
        return loss_of(net(x[index]), y[index])


def wait():
    if on_gpu:
        torch.cuda.synchronize()


def epochs_of(step):
    times, costs = [], []
    for epoch in range(epochs):
        wait()
        start = time.perf_counter()
        for index in batches:
            value = step(index)
            if len(costs) < 3:
                costs.append(value.detach().clone())
        wait()
        times.append((time.perf_counter() - start) / len(batches) * 1e6)
    return {"microseconds": times[FIRST_EPOCHS:], "costs": [float(c) for c in costs]}


def eager():
    net, optimizer = network()

    def step(index):
        optimizer.zero_grad(set_to_none=True)
        value = cost(net, index)
        value.backward()
        optimizer.step()
        return value

    return epochs_of(step)


def graph():
    net, optimizer = network()
    static = batches[0].clone()

    def step():
        value = cost(net, static)
        value.backward()
        optimizer.step()
        return value

    # Gradients, Adam's state and the libraries' handles must exist before a capture.
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3):
            optimizer.zero_grad(set_to_none=True)
            step()
    torch.cuda.current_stream().wait_stream(aside)
    optimizer.zero_grad(set_to_none=True)
    captured = torch.cuda.CUDAGraph()
    with torch.cuda.graph(captured):
        value = step()

    def replay(index):
        static.copy_(index)
        captured.replay()
        return value

    result = epochs_of(replay)
    del result["costs"]  # the network had been trained on the way
    return result


for name, way in (("eager", eager), *((("graph", graph),) if on_gpu else ())):
    try:
        print(json.dumps({"name": name, **way()}), flush=True)
    except Exception as error:  # what the other way measured stays
        print(json.dumps({"name": name, "failed": f"{type(error).__name__}: {error}"}), flush=True)
