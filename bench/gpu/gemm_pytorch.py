"""The matrix products of scripts/gpu in PyTorch: microseconds of one, a line of JSON a case. On CUDA many products are
captured into a graph and timed by events. bf16: PyTorch is given matrices that are bf16 already.

  python bench/gpu/gemm_pytorch.py cuda [--tiny] < cases      lines as for gemm.cpp: m n k transA transB type name
"""
import json
import sys
import time

import torch

device, tiny = sys.argv[1], "--tiny" in sys.argv
on_gpu = device == "cuda"
dtypes = {"float32": torch.float32, "tf32": torch.float32, "bf16": torch.bfloat16, "float64": torch.float64}


def seconds_of(work):
    """Of one call, between events on the GPU."""
    if not on_gpu:
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    begin.record()
    work()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) / 1e3


def measure(m, n, k, trans_a, trans_b, kind):
    torch.backends.cuda.matmul.allow_tf32 = kind == "tf32"
    a = torch.rand(*((k, m) if trans_a else (m, k)), device=device, dtype=dtypes[kind])
    b = torch.rand(*((n, k) if trans_b else (k, n)), device=device, dtype=dtypes[kind])
    a, b = a.t() if trans_a else a, b.t() if trans_b else b
    out = torch.empty(m, n, device=device, dtype=dtypes[kind])

    def product():
        torch.mm(a, b, out=out)

    for _ in range(3):
        product()
    once = max(seconds_of(product), 1e-7)
    copies = 2 if tiny else int(min(64, max(1, 2e-4 / once)))
    repeats = 2 if tiny else int(min(2000, max(2, 2e-2 / (once * copies))))

    def copied():
        for _ in range(copies):
            product()

    way, step = "eager", copied
    if on_gpu:
        try:
            torch.cuda.synchronize()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                copied()
            way, step = "graph", graph.replay
        except RuntimeError:
            torch.cuda.synchronize()

    def many():
        for _ in range(repeats):
            step()

    many()
    rounds = [seconds_of(many) / (repeats * copies) * 1e6 for _ in range(2 if tiny else 5)]
    return {"microseconds": rounds, "way": way}


for line in sys.stdin:
    if not line.strip():
        continue
    *numbers, kind, name = line.strip().split(" ", 6)
    try:
        result = measure(*map(int, numbers), kind)
    except Exception as error:
        result = {"failed": f"{type(error).__name__}: {error}"}
    print(json.dumps({"name": name, **result}), flush=True)
