#!/usr/bin/env python3
"""Writes training trajectories of small networks, computed by PyTorch in float64, for golden.test.ts.

    python3 generate.py --seed 1 --out trajectories     # the extra settings below
    python3 generate.py --seed 9 --out /some/folder     # the same settings with other data and weights

Batches are taken in order (no shuffling), the last smaller one is kept. A file holds the data, the initial weights,
the gradients of the first batch, the cost of every batch before its update, the size-weighted epoch costs, the final
weights and the predictions. Gradients come from autograd; the updates are written out below in the form that the
library documents, and compared with torch.optim where torch has that form (`checkedAgainstTorchOptim`).
"""
import argparse
import copy
import json
import pathlib

import torch

torch.set_default_dtype(torch.float64)

# l2 and l1 are the notes' lambda: (lambda/2m)·sum W² and (lambda/2m)·sum |W| with m the size of the batch.
SETTINGS = [
    dict(name="logistic-rmsprop-both-epsilons", inputs=3, layers=[dict(units=1, activation="sigmoid", l2=0.2)],
         loss="binaryCrossentropy",
         optimizer=dict(kind="rmsprop", beta2=0.95, epsilon=1e-6, epsilonRoot=1e-7), learningRate=0.02,
         examples=17, batchSize=5, epochs=4, schedule=None),
    dict(name="regression-relu-adam-exponential", inputs=4,
         layers=[dict(units=6, activation="relu", l1=0.3), dict(units=3, activation="linear", l2=0.4)],
         loss="meanSquaredError",
         optimizer=dict(kind="adam", beta1=0.8, beta2=0.99, epsilon=1e-8, epsilonRoot=0), learningRate=0.03,
         examples=19, batchSize=6, epochs=3, schedule=dict(kind="exponential", beta=0.9)),
    dict(name="multi-label-momentum", inputs=5,
         layers=[dict(units=7, activation="sigmoid"), dict(units=4, activation="sigmoid")],
         loss="binaryCrossentropy",
         optimizer=dict(kind="momentum", beta=0.8, form="sum"), learningRate=0.05,
         examples=16, batchSize=4, epochs=3, schedule=dict(kind="inverseSqrt", k=1)),
    dict(name="deep-leaky-adamw", inputs=4,
         layers=[dict(units=8, activation="leakyRelu", l2=0.5), dict(units=6, activation="tanh"),
                 dict(units=5, activation="leakyRelu"), dict(units=4, activation="softmax")],
         loss="categoricalCrossentropy",
         optimizer=dict(kind="adamw", beta1=0.9, beta2=0.99, epsilon=1e-7, epsilonRoot=0, weightDecay=0.1),
         learningRate=0.005, examples=23, batchSize=7, epochs=3, schedule=None),
    dict(name="softmax-batch-gradient-descent", inputs=6, layers=[dict(units=5, activation="softmax", l1=0.2, l2=0.3)],
         loss="categoricalCrossentropy", optimizer=dict(kind="gradientDescent"), learningRate=0.3,
         examples=18, batchSize=18, epochs=8, schedule=dict(kind="inverseTime", decayRate=0.5)),
    dict(name="stochastic-tanh-regression", inputs=2,
         layers=[dict(units=5, activation="tanh"), dict(units=1, activation="linear")],
         loss="meanSquaredError", optimizer=dict(kind="momentum", beta=0.9, form="average"), learningRate=0.05,
         examples=9, batchSize=1, epochs=3, schedule=None),
]

ACTIVATIONS = {
    "linear": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leakyRelu": lambda z: torch.where(z >= 0, z, 0.01 * z),
    "softmax": lambda z: torch.softmax(z, dim=1),
}


def forward(parameters, layers, x):
    """The last layer's (z, a)."""
    a = x
    for (weight, bias), layer in zip(parameters, layers):
        z = a @ weight.T + bias
        a = ACTIVATIONS[layer["activation"]](z)
    return z, a


def cost(parameters, setting, x, y):
    z, _ = forward(parameters, setting["layers"], x)
    if setting["loss"] == "binaryCrossentropy":
        data = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
    elif setting["loss"] == "categoricalCrossentropy":
        data = -(y * torch.log_softmax(z, dim=1)).sum(dim=1).mean()
    else:
        data = ((z - y) ** 2).mean()
    m = len(x)
    for (weight, _), layer in zip(parameters, setting["layers"]):
        data = data + layer.get("l2", 0) / (2 * m) * (weight**2).sum()
        data = data + layer.get("l1", 0) / (2 * m) * weight.abs().sum()
    return data


def rate(setting, epoch):
    schedule, initial = setting["schedule"], setting["learningRate"]
    if schedule is None:
        return initial
    return {
        "inverseTime": lambda: initial / (1 + schedule.get("decayRate", 0) * epoch),
        "exponential": lambda: initial * schedule.get("beta", 1) ** epoch,
        "inverseSqrt": lambda: initial * schedule.get("k", 1) / epoch**0.5,
    }[schedule["kind"]]()


def update(option, learning_rate, weight, gradient, state, t):
    """One step of the optimiser in place; `state` keeps v and s."""
    kind = option["kind"]
    v = state.setdefault("v", torch.zeros_like(weight))
    s = state.setdefault("s", torch.zeros_like(weight))
    with torch.no_grad():
        if kind == "gradientDescent":
            step = gradient
        elif kind == "momentum":
            v.mul_(option["beta"]).add_(gradient * (1 - option["beta"] if option["form"] == "average" else 1))
            step = v
        else:
            beta2 = option["beta2"]
            s.mul_(beta2).add_((1 - beta2) * gradient**2)
            if kind == "rmsprop":
                step = gradient / (torch.sqrt(s + option["epsilonRoot"]) + option["epsilon"])
            else:
                beta1 = option["beta1"]
                v.mul_(beta1).add_((1 - beta1) * gradient)
                s_hat = s / (1 - beta2**t)
                step = v / (1 - beta1**t) / (torch.sqrt(s_hat + option["epsilonRoot"]) + option["epsilon"])
            if kind == "adamw":
                weight.mul_(1 - learning_rate * option["weightDecay"])
        weight.sub_(learning_rate * step)


def torch_optimizer(option, parameters, learning_rate):
    """torch's own optimiser of the same form, or None."""
    kind = option["kind"]
    if option.get("epsilonRoot"):
        return None
    betas = (option.get("beta1"), option.get("beta2"))
    if kind == "gradientDescent":
        return torch.optim.SGD(parameters, lr=learning_rate)
    if kind == "momentum" and option["form"] == "sum":
        return torch.optim.SGD(parameters, lr=learning_rate, momentum=option["beta"])
    if kind == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=learning_rate, alpha=option["beta2"], eps=option["epsilon"])
    if kind == "adam":
        return torch.optim.Adam(parameters, lr=learning_rate, betas=betas, eps=option["epsilon"])
    if kind == "adamw":
        return torch.optim.AdamW(parameters, lr=learning_rate, betas=betas, eps=option["epsilon"],
                                 weight_decay=option["weightDecay"])
    return None


def batches(setting, x, y):
    size = setting["batchSize"]
    return [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]


def train(setting, parameters, x, y, use_torch):
    """Trains in place. Returns (batch costs, epoch costs, gradients of the first batch), or None without such a form."""
    flat = [p for pair in parameters for p in pair]
    theirs = torch_optimizer(setting["optimizer"], flat, setting["learningRate"]) if use_torch else None
    if use_torch and theirs is None:
        return None
    states = [{} for _ in flat]
    batch_costs, epoch_costs, first = [], [], None
    t = 0
    for epoch in range(1, setting["epochs"] + 1):
        learning_rate = rate(setting, epoch)
        total = 0.0
        for bx, by in batches(setting, x, y):
            t += 1
            value = cost(parameters, setting, bx, by)
            gradients = torch.autograd.grad(value, flat)
            first = first or [g.clone() for g in gradients]
            batch_costs.append(value.item())
            total += value.item() * len(bx)
            if theirs:
                for group in theirs.param_groups:
                    group["lr"] = learning_rate
                for p, g in zip(flat, gradients):
                    p.grad = g
                theirs.step()
            else:
                for p, g, state in zip(flat, gradients, states):
                    update(setting["optimizer"], learning_rate, p, g, state, t)
        epoch_costs.append(total / len(x))
    return batch_costs, epoch_costs, first


def make_data(setting, generator):
    m, inputs, outputs = setting["examples"], setting["inputs"], setting["layers"][-1]["units"]
    x = torch.randn(m, inputs, generator=generator)
    hidden = x @ torch.randn(inputs, outputs, generator=generator) + 0.3 * torch.randn(m, outputs, generator=generator)
    if setting["loss"] == "binaryCrossentropy":
        return x, (hidden > 0).double()
    if setting["loss"] == "categoricalCrossentropy":
        return x, torch.nn.functional.one_hot(hidden.argmax(dim=1), outputs).double()
    return x, torch.sin(hidden)


def make_parameters(setting, generator):
    parameters, width = [], setting["inputs"]
    for layer in setting["layers"]:
        weight = torch.randn(layer["units"], width, generator=generator) / width**0.5
        bias = 0.1 * torch.randn(layer["units"], generator=generator)
        parameters.append((weight.requires_grad_(), bias.requires_grad_()))
        width = layer["units"]
    return parameters


def as_layers(tensors):
    return [dict(weight=tensors[i].tolist(), bias=tensors[i + 1].tolist()) for i in range(0, len(tensors), 2)]


def trajectory(setting, seed):
    generator = torch.Generator().manual_seed(seed)
    x, y = make_data(setting, generator)
    parameters = make_parameters(setting, generator)
    flat = [p for pair in parameters for p in pair]
    initial = as_layers(copy.deepcopy([p.detach() for p in flat]))
    twins = [tuple(p.detach().clone().requires_grad_() for p in pair) for pair in parameters]
    batch_costs, epoch_costs, first = train(setting, parameters, x, y, use_torch=False)
    checked = train(setting, twins, x, y, use_torch=True)
    if checked:
        for mine, other in zip(flat, [p for pair in twins for p in pair]):
            torch.testing.assert_close(mine, other, rtol=1e-12, atol=1e-13)
    _, predictions = forward(parameters, setting["layers"], x)
    return {
        **setting, "dtype": "float64", "checkedAgainstTorchOptim": checked is not None,
        "x": x.tolist(), "y": y.tolist(), "initial": initial, "firstBatchGradients": as_layers(first),
        "batchCosts": batch_costs, "epochCosts": epoch_costs,
        "final": as_layers([p.detach() for p in flat]), "predictions": predictions.tolist(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number, setting in enumerate(SETTINGS):
        result = trajectory(setting, arguments.seed * 1000 + number)
        (arguments.out / f"{setting['name']}.json").write_text(json.dumps(result) + "\n")
        print(f"{setting['name']}: J {result['epochCosts'][0]:.4f} -> {result['epochCosts'][-1]:.4f}")


if __name__ == "__main__":
    main()
