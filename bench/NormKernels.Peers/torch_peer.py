"""PyTorch on the CPU, one thread, as a peer of `normkernels bench --peers`.

Reads commands from standard input, a line of JSON each, and answers each with a line of JSON:
  {"case": ..., "shape": [...], "groups": n, "inputs": DIR}  reads x.f32, dy.f32, weight.f32, bias.f32 of DIR, runs the
                                                           case once, writes result.f32 there; answers {"ready": true}
  {"run": n}                                               runs it n times; answers {"seconds": s}
It begins by answering {"version": ...}. Memory is kept between calls (see the environment that the caller sets), so
that outputs cost no page faults.
"""
import json
import os
import sys
import time

import numpy
import torch

torch.set_num_threads(1)
torch.set_grad_enabled(False)
EPSILON = 1e-5


def load(folder, name, shape):
    return torch.from_numpy(numpy.fromfile(os.path.join(folder, name + ".f32"), dtype=numpy.float32).reshape(shape))


def prepare(request):
    """The call, and how to get the tensor that is compared out of what it returns."""
    case, shape, folder = request["case"], request["shape"], request["inputs"]
    x, dy = load(folder, "x", shape), load(folder, "dy", shape)
    parameters = shape[-1] if case.startswith("layer_norm") else shape[1]
    weight, bias = load(folder, "weight", [parameters]), load(folder, "bias", [parameters])
    first = lambda result: result[0]
    if case.startswith("layer_norm"):
        y, mean, rstd = torch.native_layer_norm(x, [parameters], weight, bias, EPSILON)
        if case == "layer_norm forward":
            return lambda: torch.native_layer_norm(x, [parameters], weight, bias, EPSILON), first
        return lambda: torch.ops.aten.native_layer_norm_backward(
            dy, x, [parameters], mean, rstd, weight, bias, [True, True, True]), first
    n, c = shape[0], shape[1]
    area = x.numel() // (n * c)
    if case.startswith("group_norm"):
        groups = request["groups"]
        y, mean, rstd = torch.native_group_norm(x, weight, bias, n, c, area, groups, EPSILON)
        if case == "group_norm forward":
            return lambda: torch.native_group_norm(x, weight, bias, n, c, area, groups, EPSILON), first
        return lambda: torch.ops.aten.native_group_norm_backward(
            dy, x, mean, rstd, weight, n, c, area, groups, [True, True, True]), first
    running_mean, running_var = torch.zeros(c), torch.ones(c)
    if case == "batch_norm forward":
        return lambda: torch.native_batch_norm(
            x, weight, bias, running_mean, running_var, True, 0.1, EPSILON), first
    if case == "batch_norm statistics":
        return lambda: torch.batch_norm_update_stats(x, running_mean, running_var, 0.1), first
    y, mean, rstd = torch.native_batch_norm(x, weight, bias, running_mean, running_var, True, 0.1, EPSILON)
    return lambda: torch.ops.aten.native_batch_norm_backward(
        dy, x, weight, running_mean, running_var, mean, rstd, True, EPSILON, [True, True, True]), first


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the libraries print is no answer

    def answer(value):
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    answer({"version": torch.__version__})
    call = None
    for line in sys.stdin:
        request = json.loads(line)
        if "case" in request:
            call, result = prepare(request)
            result(call()).numpy().astype(numpy.float32).tofile(os.path.join(request["inputs"], "result.f32"))
            answer({"ready": True})
        else:
            start = time.perf_counter()
            for _ in range(request["run"]):
                call()
            answer({"seconds": time.perf_counter() - start})


if __name__ == "__main__":
    main()
