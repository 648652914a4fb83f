#!/usr/bin/env python3
"""Writes training trajectories of small networks, computed by PyTorch in float64, for golden.test.ts.

    python3 generate.py --seed 1 --out trajectories     # the extra settings below
    python3 generate.py --seed 9 --out /some/folder     # the same settings with other data and weights
    python3 generate.py --seed 3 --random 100 --out /some/folder   # settings drawn at random

Batches are taken in order (no shuffling), the last smaller one is kept. A file holds the data, the initial weights,
the gradients of the first batch, the cost of every batch before its update, the size-weighted epoch costs, the final
weights and the predictions. Gradients come from autograd; the updates are written out below in the form that the
library documents, and compared with torch.optim where torch has that form (`checkedAgainstTorchOptim`).
"""
import argparse
import copy
import json
import pathlib
import random

import torch

torch.set_default_dtype(torch.float64)

# l2 and l1 of a layer are lambda: (lambda/2m)·sum W² and (lambda/2m)·sum |W| with m the size of the batch. In `kernel`
# and `bias` regularisers are named as in the library: lambda, lambda1, lambda2 in that scale, l1 and l2 as they are.
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
    dict(name="sparse-clip-norm-warmup", inputs=5,
         layers=[dict(units=7, activation="leakyRelu", slope=0.2, kernel=dict(kind="l2", l2=0.03),
                      bias=dict(kind="l1", l1=0.02)),
                 dict(units=4, activation="softmax", bias=dict(kind="l2", **{"lambda": 0.5}))],
         loss="sparseCategoricalCrossentropy", clip=dict(norm=0.2),
         optimizer=dict(kind="adam", beta1=0.9, beta2=0.999, epsilon=0, epsilonRoot=1e-8), learningRate=0.02,
         examples=22, batchSize=6, epochs=4,
         schedule=dict(kind="warmup", steps=6, rate=dict(kind="staircase", initial=0.02, factor=0.5, every=2))),
    dict(name="weighted-logistic-clip-value", inputs=4,
         layers=[dict(units=6, activation="tanh", useBias=False,
                      kernel=dict(kind="l1l2", lambda1=0.1, lambda2=0.4)),
                 dict(units=1, activation="sigmoid")],
         loss="binaryCrossentropy", clip=dict(value=0.03), weighted=True, classWeight=[0.5, 2.0],
         optimizer=dict(kind="gradientDescent"), learningRate=0.4,
         examples=21, batchSize=5, dropLast=True, epochs=4,
         schedule=dict(kind="inverseSqrt", initial=0.4, k=1, per="step")),
    dict(name="multi-output-regression-weighted", inputs=3,
         layers=[dict(units=5, activation="relu", kernel=dict(kind="l1l2", l1=0.003, l2=0.01)),
                 dict(units=5, activation="sigmoid"),
                 dict(units=3, activation="linear", kernel=dict(kind="l1", l1=0.01))],
         loss="meanSquaredError", weighted=True,
         optimizer=dict(kind="adamw", beta1=0.8, beta2=0.95, epsilon=1e-6, epsilonRoot=1e-9, weightDecay=0.2),
         learningRate=0.03, examples=20, batchSize=7, epochs=3,
         schedule=dict(kind="exponential", initial=0.03, beta=0.95, per="step")),
]


def random_setting(number, rng):
    """One setting of any of the forms that the library has."""
    loss = rng.choice(["binaryCrossentropy", "categoricalCrossentropy", "sparseCategoricalCrossentropy",
                       "meanSquaredError"])
    outputs = rng.randint(2, 5) if "ategorical" in loss else rng.choice([1, 1, 3])
    last = {"b": "sigmoid", "c": "softmax", "s": "softmax", "m": rng.choice(["linear", "tanh"])}[loss[0]]
    scale = lambda top: round(rng.uniform(0, top), 3)

    def penalty():
        return rng.choice([None, None, {"kind": "l2", "lambda": scale(1)}, {"kind": "l2", "l2": scale(0.05)},
                           {"kind": "l1", "lambda": scale(0.5)}, {"kind": "l1", "l1": scale(0.02)},
                           {"kind": "l1l2", "lambda1": scale(0.5), "lambda2": scale(1)},
                           {"kind": "l1l2", "l1": scale(0.02), "l2": scale(0.05)}])

    layers = []
    depth = rng.randint(1, 5)
    for i in range(depth):
        activation = last if i == depth - 1 else rng.choice(["sigmoid", "tanh", "relu", "leakyRelu", "linear"])
        layer = dict(units=outputs if i == depth - 1 else rng.randint(1, 12), activation=activation)
        if activation == "leakyRelu":
            layer["slope"] = rng.choice([0.01, 0.1, 0.3])
        if rng.random() < 0.2:
            layer["useBias"] = False
        if kernel := penalty():
            layer["kernel"] = kernel
        if layer.get("useBias", True) and rng.random() < 0.3 and (bias := penalty()):
            layer["bias"] = bias
        layers.append(layer)
    epsilons = rng.choice([dict(epsilon=1e-8, epsilonRoot=0), dict(epsilon=0, epsilonRoot=1e-8),
                           dict(epsilon=1e-5, epsilonRoot=1e-6)])
    betas = dict(beta1=rng.choice([0.0, 0.5, 0.9]), beta2=rng.choice([0.9, 0.99, 0.999]))
    kind = rng.choice(["gradientDescent", "momentum", "momentum", "rmsprop", "adam", "adam", "adamw"])
    optimizer = {
        "gradientDescent": {},
        "momentum": dict(beta=rng.choice([0, 0.5, 0.9]), form=rng.choice(["average", "sum"])),
        "rmsprop": dict(beta2=betas["beta2"], **epsilons),
        "adam": {**betas, **epsilons},
        "adamw": {**betas, **epsilons, "weightDecay": rng.choice([0, 0.01, 0.3])},
    }[kind]
    initial = round(rng.uniform(0.001, 0.05), 4)
    per = rng.choice(["epoch", "step"])
    schedule = rng.choice([
        None, dict(kind="inverseTime", initial=initial, decayRate=0.3, per=per),
        dict(kind="exponential", initial=initial, beta=0.9, per=per),
        dict(kind="inverseSqrt", initial=initial, k=1.5, per=per),
        dict(kind="staircase", initial=initial, factor=0.4, every=2, per=per)])
    if rng.random() < 0.3:
        schedule = dict(kind="warmup", steps=rng.randint(1, 9), rate=schedule or initial)
    setting = dict(name=f"random-{number:03}-{kind}-{loss}", inputs=rng.randint(1, 9), layers=layers, loss=loss,
                   optimizer=dict(kind=kind, **optimizer), learningRate=initial, examples=rng.randint(5, 40),
                   epochs=rng.randint(2, 4), schedule=schedule)
    setting["batchSize"] = rng.randint(1, setting["examples"])
    if rng.random() < 0.3:
        setting["dropLast"] = True
    if rng.random() < 0.4:
        setting["weighted"] = True
    if rng.random() < 0.3 and loss != "meanSquaredError" and not (loss[0] == "b" and outputs > 1):
        setting["classWeight"] = [round(rng.uniform(0, 3), 2) for _ in range(max(2, outputs))]
    if rng.random() < 0.4:
        setting["clip"] = rng.choice([dict(norm=scale(0.5) + 0.01), dict(value=scale(0.1) + 0.001)])
    return setting

ACTIVATIONS = {
    "linear": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "softmax": lambda z: torch.softmax(z, dim=1),
}


def forward(parameters, layers, x):
    """The last layer's (z, a)."""
    a = x
    for (weight, bias), layer in zip(parameters, layers):
        z = a @ weight.T + bias
        if layer["activation"] == "leakyRelu":
            a = torch.where(z >= 0, z, layer.get("slope", 0.01) * z)
        else:
            a = ACTIVATIONS[layer["activation"]](z)
    return z, a


def penalty(rule, values, m):
    """A regulariser by its options in the library."""
    if rule is None:
        return 0.0
    one = rule.get("lambda1", rule.get("lambda", 0) if rule["kind"] == "l1" else 0) / (2 * m) + rule.get("l1", 0)
    two = rule.get("lambda2", rule.get("lambda", 0) if rule["kind"] == "l2" else 0) / (2 * m) + rule.get("l2", 0)
    return one * values.abs().sum() + two * (values**2).sum()


def cost(parameters, setting, x, y, row_weights):
    """J of a batch: weighted losses are divided by the number of rows."""
    z, a = forward(parameters, setting["layers"], x)
    functional = torch.nn.functional
    if setting["loss"] == "binaryCrossentropy":
        each = functional.binary_cross_entropy_with_logits(z, y, reduction="none").mean(dim=1)
    elif setting["loss"] == "categoricalCrossentropy":
        each = -(y * torch.log_softmax(z, dim=1)).sum(dim=1)
    elif setting["loss"] == "sparseCategoricalCrossentropy":
        each = functional.cross_entropy(z, y.long(), reduction="none")
    else:
        each = ((a - y) ** 2).mean(dim=1)
    m = len(x)
    data = (each * row_weights).sum() / m
    for (weight, bias), layer in zip(parameters, setting["layers"]):
        data = data + layer.get("l2", 0) / (2 * m) * (weight**2).sum()
        data = data + layer.get("l1", 0) / (2 * m) * weight.abs().sum()
        data = data + penalty(layer.get("kernel"), weight, m) + penalty(layer.get("bias"), bias, m)
    return data


def rate(schedule, initial, epoch, step):
    """The learning rate; epochs and steps count from 1."""
    if schedule is None:
        return initial
    if not isinstance(schedule, dict):
        return schedule
    initial = schedule.get("initial", initial)
    time = step if schedule.get("per") == "step" else epoch
    return {
        "inverseTime": lambda: initial / (1 + schedule.get("decayRate", 0) * time),
        "exponential": lambda: initial * schedule.get("beta", 1) ** time,
        "inverseSqrt": lambda: initial * schedule.get("k", 1) / time**0.5,
        "staircase": lambda: initial * schedule["factor"] ** ((time - 1) // schedule["every"]),
        "warmup": lambda: rate(schedule["rate"], initial, epoch, step) * min(1, step / schedule["steps"]),
    }[schedule["kind"]]()


def clipped(rule, gradients):
    """torch.nn.utils.clip_grad_norm_ would divide by the norm + 1e-6; the library divides by the norm itself."""
    if rule is None:
        return gradients
    if "value" in rule:
        return [g.clamp(-rule["value"], rule["value"]) for g in gradients]
    norm = torch.sqrt(sum((g**2).sum() for g in gradients))
    return [g * (rule["norm"] / max(norm.item(), rule["norm"])) for g in gradients]


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


def batches(setting, x, y, row_weights):
    size = setting["batchSize"]
    end = len(x) // size * size if setting.get("dropLast") else len(x)
    return [(x[i : i + size], y[i : i + size], row_weights[i : i + size]) for i in range(0, end, size)]


def train(setting, parameters, data, use_torch):
    """Trains in place. Returns (batch costs, epoch costs, gradients of the first batch), or None where `use_torch` asks
    for an optimiser that torch does not have."""
    flat = [p for pair in parameters for p in pair if p.requires_grad]
    theirs = torch_optimizer(setting["optimizer"], flat, setting["learningRate"]) if use_torch else None
    if use_torch and theirs is None:
        return None
    states = [{} for _ in flat]
    batch_costs, epoch_costs, first = [], [], None
    t = 0
    for epoch in range(1, setting["epochs"] + 1):
        total = rows = 0
        for bx, by, bw in batches(setting, *data):
            t += 1
            learning_rate = rate(setting["schedule"], setting["learningRate"], epoch, t)
            value = cost(parameters, setting, bx, by, bw)
            gradients = torch.autograd.grad(value, flat)
            first = first or [g.clone() for g in gradients]
            batch_costs.append(value.item())
            total += value.item() * len(bx)
            rows += len(bx)
            gradients = clipped(setting.get("clip"), gradients)
            if theirs:
                for group in theirs.param_groups:
                    group["lr"] = learning_rate
                for p, g in zip(flat, gradients):
                    p.grad = g
                theirs.step()
            else:
                for p, g, state in zip(flat, gradients, states):
                    update(setting["optimizer"], learning_rate, p, g, state, t)
        epoch_costs.append(total / rows)
    return batch_costs, epoch_costs, first


def make_data(setting, generator):
    m, inputs, outputs = setting["examples"], setting["inputs"], setting["layers"][-1]["units"]
    x = torch.randn(m, inputs, generator=generator)
    hidden = x @ torch.randn(inputs, outputs, generator=generator) + 0.3 * torch.randn(m, outputs, generator=generator)
    if setting["loss"] == "binaryCrossentropy":
        return x, (hidden > 0).double()
    if setting["loss"] == "sparseCategoricalCrossentropy":
        return x, hidden.argmax(dim=1).double()
    if setting["loss"] == "categoricalCrossentropy":
        return x, torch.nn.functional.one_hot(hidden.argmax(dim=1), outputs).double()
    return x, torch.sin(hidden)


def make_weights(setting, y, generator):
    """(the samples' weights or None, what each row counts: the sample's weight times its class's)."""
    samples = 2 * torch.rand(len(y), generator=generator) if setting.get("weighted") else None
    total = torch.ones(len(y)) if samples is None else samples
    if "classWeight" in setting:
        classes = y.argmax(dim=1) if setting["loss"] == "categoricalCrossentropy" else y.reshape(-1).long()
        total = total * torch.tensor(setting["classWeight"])[classes]
    return samples, total


def make_parameters(setting, generator):
    parameters, width = [], setting["inputs"]
    for layer in setting["layers"]:
        weight = torch.randn(layer["units"], width, generator=generator) / width**0.5
        bias = 0.1 * torch.randn(layer["units"], generator=generator)
        if layer.get("useBias", True):
            bias.requires_grad_()
        else:
            bias.zero_()
        parameters.append((weight.requires_grad_(), bias))
        width = layer["units"]
    return parameters


def as_layers(parameters, values):
    """`values`, one per trained parameter, by layer."""
    rest = iter(values)
    return [dict(weight=next(rest).tolist(), **(dict(bias=next(rest).tolist()) if bias.requires_grad else {}))
            for _, bias in parameters]


def trajectory(setting, seed):
    generator = torch.Generator().manual_seed(seed)
    x, y = make_data(setting, generator)
    parameters = make_parameters(setting, generator)
    samples, row_weights = make_weights(setting, y, generator)
    flat = [p for pair in parameters for p in pair if p.requires_grad]
    initial = as_layers(parameters, copy.deepcopy([p.detach() for p in flat]))
    twins = [tuple(p.detach().clone().requires_grad_(p.requires_grad) for p in pair) for pair in parameters]
    batch_costs, epoch_costs, first = train(setting, parameters, (x, y, row_weights), use_torch=False)
    checked = train(setting, twins, (x, y, row_weights), use_torch=True)
    if checked:
        for mine, other in zip(parameters, twins):
            torch.testing.assert_close(mine, other, rtol=1e-11, atol=1e-12)
    _, predictions = forward(parameters, setting["layers"], x)
    return {
        **setting, "dtype": "float64", "checkedAgainstTorchOptim": checked is not None,
        "x": x.tolist(), "y": y.tolist(), "initial": initial, "firstBatchGradients": as_layers(parameters, first),
        **({} if samples is None else {"sampleWeight": samples.tolist()}),
        "batchCosts": batch_costs, "epochCosts": epoch_costs,
        "final": as_layers(parameters, [p.detach() for p in flat]), "predictions": predictions.tolist(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--random", type=int, default=0, help="so many random settings in place of the fixed ones")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(arguments.seed)
    drawn = [random_setting(number, rng) for number in range(arguments.random)]
    for number, setting in enumerate(drawn or SETTINGS):
        result = trajectory(setting, arguments.seed * 1000 + number)
        (arguments.out / f"{setting['name']}.json").write_text(json.dumps(result) + "\n")
        print(f"{setting['name']}: J {result['epochCosts'][0]:.4f} -> {result['epochCosts'][-1]:.4f}")


if __name__ == "__main__":
    main()
