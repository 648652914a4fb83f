#!/usr/bin/env python3
"""Writes training trajectories of networks for networks.test.ts, computed by PyTorch in float64: several inputs,
outputs and axes, shared and frozen layers, state. The files in the folder `networks` were made with torch 2.13.0.

    python3 generate-networks.py --seed 1 --out networks
    python3 generate-networks.py --seed 9 --out /some/folder    # the same networks with other data and weights

A file holds `inputs` (name: shape, and the vocabulary where it is of whole numbers), `nodes` in an order in which they
can be computed, and `outputs`. A node is `layers[layer]({ ...options, name })` applied to `from`; one with `weightsOf`
in place of `layer` applies the layer of an earlier node again; `frozen` is `trainable: false`. The rest is as in
generate.py: batches in order, the smaller last one kept, costs before the update. `initial` and `final` also have the
moving statistics. Gradients come from autograd; moving statistics and updates are written out, the latter compared with
torch.optim where it has the form (`checkedAgainstTorchOptim`).
"""
import argparse
import json
import pathlib

import torch

from generate import penalty, torch_optimizer, update
from network_settings import SETTINGS

functional = torch.nn.functional
torch.set_default_dtype(torch.float64)


def activated(spec, z):
    if isinstance(spec, dict):
        return functional.gelu(z, approximate="tanh")
    return {"linear": lambda: z, "softmax": lambda: torch.softmax(z, dim=-1), "gelu": lambda: functional.gelu(z),
            "silu": lambda: functional.silu(z), "sigmoid": lambda: torch.sigmoid(z), "tanh": lambda: torch.tanh(z),
            "relu": lambda: torch.relu(z)}[spec]()


def first_uses(setting):
    return {n["name"]: n for n in setting["nodes"] if "layer" in n}


def normalised(x, w, mean, variance, epsilon):
    out = (x - mean) / torch.sqrt(variance + epsilon)
    return out * w.get("gamma", 1) + w.get("beta", 0)


def batch_norm(n, w, x, training, moved):
    """Leaves in `moved` what the moving statistics become."""
    options = n.get("options", {})
    mean, variance = w["movingMean"], w["movingVariance"]
    if training and not n.get("frozen"):
        axes = list(range(x.dim() - 1))
        mean, variance = x.mean(axes), x.var(axes, unbiased=False)
        kept = options.get("momentum", 0.9)
        moved[n["name"]] = {
            key: kept * w[key] + (1 - kept) * new.detach()
            for key, new in [("movingMean", mean), ("movingVariance", variance)]
        }
    return normalised(x, w, mean, variance, options.get("epsilon", 1e-5))


def computed(n, w, xs, training, moved):
    """(z, a) of one use of a layer."""
    kind, options, x = n["layer"], n.get("options", {}), xs[0]
    if kind == "dense":
        z = x @ w["weight"].T + w.get("bias", 0)
        return z, activated(options["activation"], z)
    if kind == "layerNorm":
        mean, variance = x.mean(-1, keepdim=True), x.var(-1, unbiased=False, keepdim=True)
        return None, normalised(x, w, mean, variance, options.get("epsilon", 1e-5))
    return None, {
        "activation": lambda: activated(options["activation"], x),
        "batchNorm": lambda: batch_norm(n, w, x, training, moved),
        "prelu": lambda: torch.where(x >= 0, x, w["alpha"] * x),
        "embedding": lambda: w["weight"][x.long()],
        "flatten": lambda: x.flatten(1),
        "concat": lambda: torch.cat(xs, -1),
        "add": lambda: sum(xs),
        "multiply": lambda: torch.stack(xs).prod(0),
        "average": lambda: torch.stack(xs).mean(0),
        "maximum": lambda: torch.stack(xs).amax(0),
    }[kind]()


def forward(setting, weights, data, training):
    """((z, a) by node, the new moving statistics by layer)."""
    values, moved, layers = {name: (None, x) for name, x in data.items()}, {}, first_uses(setting)
    for n in setting["nodes"]:
        layer = layers[n.get("weightsOf", n["name"])]
        xs = [values[name][1] for name in n["from"]]
        values[n["name"]] = computed(layer, weights.get(layer["name"], {}), xs, training, moved)
    return values, moved


def loss_of(kind, z, a, y):
    """The mean over the batch and all positions."""
    if kind == "binaryCrossentropy":
        return functional.binary_cross_entropy_with_logits(z, y)
    if kind == "categoricalCrossentropy":
        return -(y * torch.log_softmax(z, -1)).sum(-1).mean()
    if kind == "sparseCategoricalCrossentropy":
        return functional.cross_entropy(z.flatten(0, -2), y.long().flatten())
    return ((a - y) ** 2).mean()


def cost(setting, weights, x, y):
    """(J of a batch, the new moving statistics). A shared layer is penalised once, a frozen one too."""
    values, moved = forward(setting, weights, x, training=True)
    total, m = 0, len(next(iter(x.values())))
    for name in setting["outputs"]:
        kind = setting["loss"] if isinstance(setting["loss"], str) else setting["loss"][name]
        total = total + setting.get("lossWeights", {}).get(name, 1) * loss_of(kind, *values[name], y[name])
    for name, layer in first_uses(setting).items():
        options = layer.get("options", {})
        for key, option in [("weight", "kernelRegularizer"), ("bias", "biasRegularizer")]:
            if option in options:
                total = total + penalty(options[option], weights[name][key], m)
    return total, moved


def initial_weights(setting, generator):
    """By layer; those that training changes require gradients. Shapes come from running the network once."""
    normal = lambda *shape: torch.randn(*shape, generator=generator)
    layers, widths, weights = first_uses(setting), {k: v["shape"][:] for k, v in setting["inputs"].items()}, {}
    for n in setting["nodes"]:
        layer = layers[n.get("weightsOf", n["name"])]
        options, shapes = layer.get("options", {}), [widths[name] for name in n["from"]]
        shape, c, kind, made = shapes[0], shapes[0][-1], layer["layer"], {}
        widths[n["name"]] = {
            "dense": lambda: [*shape[:-1], options["units"]], "embedding": lambda: [*shape, options["units"]],
            "flatten": lambda: [torch.Size(shape).numel()], "concat": lambda: [sum(s[-1] for s in shapes)],
        }.get(kind, lambda: shape)()
        if layer is not n:
            continue
        if kind == "dense":
            made["weight"] = normal(options["units"], c) / c**0.5
            if options.get("useBias", True):
                made["bias"] = 0.1 * normal(options["units"])
        elif kind == "embedding":
            made["weight"] = 0.5 * normal(options["vocabulary"], options["units"])
        elif kind == "prelu":
            made["alpha"] = torch.full((c,), 0.25)
        elif kind.endswith("Norm"):
            if options.get("scale", True):
                made["gamma"] = 1 + 0.2 * normal(c)
            if options.get("center", True):
                made["beta"] = 0.2 * normal(c)
        for weight in made.values():
            weight.requires_grad_(not layer.get("frozen", False))
        if kind == "batchNorm":
            made["movingMean"], made["movingVariance"] = 0.3 * normal(c), 0.5 + torch.rand(c, generator=generator)
        if made:
            weights[n["name"]] = made
    return weights, widths


def make_data(setting, widths, generator):
    m, x, y = setting["examples"], {}, {}
    for name, about in setting["inputs"].items():
        if "vocabulary" in about:
            x[name] = torch.randint(about["vocabulary"], (m, *about["shape"]), generator=generator)
        else:
            x[name] = torch.randn(m, *about["shape"], generator=generator)
    for name in setting["outputs"]:
        kind, shape = setting["loss"] if isinstance(setting["loss"], str) else setting["loss"][name], widths[name]
        drawn = torch.randn(m, *shape, generator=generator)
        y[name] = {"binaryCrossentropy": lambda: (drawn > 0).double(),
                   "categoricalCrossentropy": lambda: functional.one_hot(drawn.argmax(-1), shape[-1]).double(),
                   "sparseCategoricalCrossentropy": lambda: drawn.argmax(-1), "meanSquaredError": lambda: drawn}[kind]()
    return x, y


def touched_rows(setting, x):
    """By embedding with updates 'touched': the rows that a batch uses, over all uses of the layer."""
    rows = {}
    for n in setting["nodes"]:
        first = n.get("weightsOf", n["name"])
        if first_uses(setting)[first].get("options", {}).get("updates") == "touched":
            rows.setdefault(first, []).extend(x[name].flatten() for name in n["from"])
    return {name: torch.cat(values).unique() for name, values in rows.items()}


def update_rows(option, rate, weight, gradient, state, t, rows):
    """`update` on these rows of the weight and of its state alone; t counts all steps."""
    with torch.no_grad():
        for key in ("v", "s"):
            state.setdefault(key, torch.zeros_like(weight))
        part, kept = weight[rows].clone(), {key: state[key][rows].clone() for key in ("v", "s")}
        update(option, rate, part, gradient[rows], kept, t)
        weight[rows] = part
        for key, value in kept.items():
            state[key][rows] = value


def their_optimizers(setting, parameters, touched):
    """One of torch's by parameter, or None where torch has none of the form."""
    theirs = {}
    for key, p in parameters.items():
        if key[0] in touched and setting["optimizer"]["kind"] == "adam":
            option = setting["optimizer"]
            theirs[key] = torch.optim.SparseAdam([p], setting["learningRate"], (option["beta1"], option["beta2"]),
                                                 option["epsilon"])
        elif key[0] in touched and setting["optimizer"]["kind"] != "gradientDescent":
            return None
        else:
            theirs[key] = torch_optimizer(setting["optimizer"], [p], setting["learningRate"])
    return None if None in theirs.values() else theirs


def train(setting, weights, x, y, use_torch=False):
    """Trains in place. Returns (batch costs, epoch costs, first batch's gradients), or None as their_optimizers."""
    parameters = {(name, key): w for name, layer in weights.items() for key, w in layer.items() if w.requires_grad}
    theirs = their_optimizers(setting, parameters, touched_rows(setting, x)) if use_torch else None
    if use_torch and theirs is None:
        return None
    states = {key: {} for key in parameters}
    batch_costs, epoch_costs, first, t = [], [], None, 0
    for _ in range(setting["epochs"]):
        total = 0
        for start in range(0, setting["examples"], setting["batchSize"]):
            t += 1
            part = slice(start, start + setting["batchSize"])
            bx, by = ({name: values[part] for name, values in data.items()} for data in (x, y))
            value, moved = cost(setting, weights, bx, by)
            gradients = dict(zip(parameters, torch.autograd.grad(value, list(parameters.values()))))
            first = first or {key: g.clone() for key, g in gradients.items()}
            batch_costs.append(value.item())
            total += value.item() * len(next(iter(bx.values())))
            rows = touched_rows(setting, bx)
            for key, p in parameters.items():
                g = gradients[key]
                if theirs:
                    sparse = isinstance(theirs[key], torch.optim.SparseAdam)
                    p.grad = torch.sparse_coo_tensor(rows[key[0]][None], g[rows[key[0]]], g.shape) if sparse else g
                    theirs[key].step()
                elif key[0] in rows:
                    update_rows(setting["optimizer"], setting["learningRate"], p, g, states[key], t, rows[key[0]])
                else:
                    update(setting["optimizer"], setting["learningRate"], p, g, states[key], t)
            for name, new in moved.items():
                weights[name].update(new)
        epoch_costs.append(total / setting["examples"])
    return batch_costs, epoch_costs, first


def twin(weights):
    return {name: {key: w.detach().clone().requires_grad_(w.requires_grad) for key, w in layer.items()}
            for name, layer in weights.items()}


def agrees_with_torch(setting, weights, x, y):
    """Whether torch.optim has the optimiser; AssertionError where it goes another way. SparseAdam adds epsilon before
    it corrects the bias, Adam and this library after it: touched rows are compared with an epsilon of no effect."""
    if touched_rows(setting, x) and "epsilon" in setting["optimizer"]:
        setting = {**setting, "optimizer": {**setting["optimizer"], "epsilon": 1e-30}}
    mine, other = twin(weights), twin(weights)
    train(setting, mine, x, y)
    if train(setting, other, x, y, use_torch=True) is None:
        return False
    for name, layer in mine.items():
        for key, w in layer.items():
            torch.testing.assert_close(w, other[name][key], rtol=1e-11, atol=1e-12)
    return True


def lists(weights):
    return {name: {key: w.tolist() for key, w in layer.items()} for name, layer in weights.items()}


def trajectory(setting, seed):
    generator = torch.Generator().manual_seed(seed)
    weights, widths = initial_weights(setting, generator)
    x, y = make_data(setting, widths, generator)
    initial, checked = lists(weights), agrees_with_torch(setting, weights, x, y)
    batch_costs, epoch_costs, first = train(setting, weights, x, y)
    with torch.no_grad():
        values, _ = forward(setting, weights, x, training=False)
    gradients = {}
    for (name, key), g in first.items():
        gradients.setdefault(name, {})[key] = g.tolist()
    return {
        **setting, "dtype": "float64", "checkedAgainstTorchOptim": checked,
        "data": {name: v.tolist() for name, v in x.items()}, "y": {name: v.tolist() for name, v in y.items()},
        "initial": initial, "firstBatchGradients": gradients, "batchCosts": batch_costs, "epochCosts": epoch_costs,
        "final": lists(weights), "predictions": {name: values[name][1].tolist() for name in setting["outputs"]},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number, setting in enumerate(SETTINGS):
        result = trajectory(setting, arguments.seed * 1000 + number)
        text = json.dumps(result) + "\n"
        (arguments.out / f"{setting['name']}.json").write_text(text)
        first, last = result["epochCosts"][0], result["epochCosts"][-1]
        print(f"{setting['name']}: J {first:.4f} -> {last:.4f}, {len(text)} bytes, "
              f"{'as torch.optim' if result['checkedAgainstTorchOptim'] else 'no such torch.optim'}")


if __name__ == "__main__":
    main()
