"""Times the kernels on a GPU beside a copy of the same bytes, PyTorch and torch.compile.

A case's time is that of one call in a CUDA graph of many, on sets of tensors that together are several times the
second-level cache, so that every call finds its tensors in memory; the median of several replays. The copy, PyTorch and
what torch.compile makes of it are timed in the same way. Results are held against PyTorch in float32, and against
themselves: the same bits again, from the graph, and for a part of the rows.
"""

import argparse
import json
import statistics
import sys
import time

import torch

import cases
import nk

DTYPES = {nk.F32: torch.float32, nk.F16: torch.float16, nk.BF16: torch.bfloat16}
REPLAYS = 11
CACHES = 3  # so many times the second-level cache
MOST_SETS = 64
FEWEST_CALLS = 12


class Device:
    """Tensors on the GPU."""

    def __init__(self, seed=1):
        self.generator = torch.Generator(device="cuda").manual_seed(seed)

    def empty(self, count, dtype, offset=0):
        return torch.empty(count + offset, dtype=DTYPES[dtype], device="cuda")[offset:]

    def random(self, count, dtype, offset=0):
        return self.empty(count, dtype, offset).uniform_(-1, 1, generator=self.generator)

    def scratch(self, size):
        return torch.empty(size, dtype=torch.uint8, device="cuda")

    def pointer(self, tensor):
        return tensor.data_ptr()

    def bytes(self, tensor):
        return tensor.numel() * tensor.element_size()

    def stream(self):
        return torch.cuda.current_stream().cuda_stream

    def wait(self):
        torch.cuda.current_stream().synchronize()


def time_calls(call, sets, stream):
    """Microseconds of call(i), i a set of tensors, by replaying a graph of calls on one set after the other."""
    count = -(-max(sets, FEWEST_CALLS) // sets) * sets
    with torch.cuda.stream(stream):
        for i in range(sets):
            call(i)
    stream.synchronize()
    kept = []
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        for i in range(count):
            # What PyTorch allocates must not be given out again, or it would be found in the cache.
            kept.append(call(i % sets))
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    times = []
    with torch.cuda.stream(stream):
        for _ in range(REPLAYS + 2):
            begin.record()
            graph.replay()
            end.record()
            end.synchronize()
            times.append(begin.elapsed_time(end) * 1e3 / count)
    del graph, kept
    return statistics.median(times[2:])


def time_copy(moved, stream, cache, known):
    """Microseconds of a copy that moves as many bytes."""
    half = max(1, moved // 2)
    if half not in known:
        sets = sets_for(2 * half, cache)
        pairs = [tuple(torch.empty(half, dtype=torch.uint8, device="cuda") for _ in range(2)) for _ in range(sets)]
        known[half] = time_calls(lambda i: pairs[i][0].copy_(pairs[i][1]), sets, stream)
    return known[half]


def sets_for(moved, cache):
    return max(2, min(MOST_SETS, -(-CACHES * cache // moved)))


def bits(tensor):
    return tensor.view({1: torch.uint8, 2: torch.int16, 4: torch.int32}[tensor.element_size()])


def outputs_of(call):
    return {name: call.tensors[name] for name in call.outputs}


def shaped(tensor, shape, x):
    """A tensor of the library in this shape: laid out as x is, if it is as large."""
    return tensor.as_strided(shape, x.stride()) if shape == x.shape else tensor.view(shape)


def prepare_torch(case, tensors, compiled=None, dtype=None):
    """f() for one set of tensors: PyTorch's forward, or its backward of a forward that has been done."""
    function, inputs = case.torch(tensors, torch)
    if compiled is not None:
        function = compiled
    if dtype is not None:
        inputs = tuple(i.to(dtype) for i in inputs)
    if case.verb == "forward":
        def forward():
            with torch.no_grad():
                return function(*inputs)

        return forward
    leaves = tuple(i.detach().requires_grad_() for i in inputs)
    y = function(*leaves)
    dy = shaped(tensors["dy"] if "dy" in tensors else tensors["dnorm"], y.shape, inputs[0]).to(y.dtype)
    return lambda: torch.autograd.grad(y, leaves, dy, retain_graph=True)


def several(result):
    return result if isinstance(result, tuple) else (result,)


def wrong_of(case, call):
    """How far outputs are from PyTorch's in float32, beyond twice what PyTorch in the tensors' type is off; or None."""
    _, (x, *_) = case.torch(call.tensors, torch)
    exact = prepare_torch(case, call.tensors, dtype=torch.float32)()
    rough = prepare_torch(case, call.tensors)()
    names = ("y", "h") if case.verb == "forward" else ("dx", "dweight", "dbias")
    if "norm" in call.tensors:
        names = ("norm",)
    found = [call.tensors[name] for name in names if name in call.tensors]
    for name, ours, right, theirs in zip(names, found, several(exact), several(rough)):
        ours = shaped(ours, right.shape, x).float()
        scale = right.abs().max().item() or 1.0
        off = (ours - right).abs().max().item() / scale
        allowed = 2 * (theirs.float() - right).abs().max().item() / scale + 1e-4
        if not off <= allowed:
            return f"{name} is {off:.1e} of the largest off, PyTorch {(allowed - 1e-4) / 2:.1e}"
    return None


def differences_of(case, call, library, stream, env):
    """Where the same call gives other bits: again, in a graph, for a part of the rows; or None."""
    entry = library.entry(call.entry)
    first = {name: bits(t).clone() for name, t in outputs_of(call).items()}

    def compare(what, of=lambda t: t):
        torch.cuda.synchronize()
        for name, t in outputs_of(call).items():
            if not torch.equal(bits(t), first[name]):
                return f"{name} has other bits {what}"
        return None

    def clear():
        for t in outputs_of(call).values():
            bits(t).fill_(-1 if t.element_size() > 1 else 255)
        torch.cuda.synchronize()

    clear()
    other = torch.cuda.Stream()
    entry(call.params, other.cuda_stream)
    different = compare("on another stream")
    if different:
        return different
    clear()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        entry(call.params, torch.cuda.current_stream().cuda_stream)
    clear()
    graph.replay()
    different = compare("from a graph")
    if different or case.rows < 4:
        return different
    part = case.rows // 4
    smaller = case.make(env, library, rows=part)
    for name, tensor in call.tensors.items():
        target = smaller.tensors[name]
        if name not in call.outputs and name != "workspace":
            target.copy_(tensor[:target.numel()])
    library.entry(smaller.entry)(smaller.params, torch.cuda.current_stream().cuda_stream)
    torch.cuda.synchronize()
    for name, tensor in outputs_of(smaller).items():
        if name not in ("dweight", "dbias") and not torch.equal(bits(tensor), first[name][:tensor.numel()]):
            return f"{name} has other bits for a part of the rows"
    return None


def measure(case, library, stream, cache, copies):
    env = Device()
    call = case.make(env, library)
    sets = sets_for(call.moved, cache)
    all_calls = [call] + [case.make(env, library) for _ in range(sets - 1)]
    entry = library.entry(call.entry)
    entry(call.params, torch.cuda.current_stream().cuda_stream)
    torch.cuda.synchronize()
    result = {"case": case.name, "bytes": call.moved, "sets": sets}
    if case.torch is not None:
        result["wrong"] = wrong_of(case, call)
    result["different"] = differences_of(case, call, library, stream, env)
    result["us"] = time_calls(
        lambda i: entry(all_calls[i].params, torch.cuda.current_stream().cuda_stream), sets, stream)
    result["copy_us"] = time_copy(int(call.moved * case.passes), stream, cache, copies)
    result["gigabytes_per_second"] = call.moved * case.passes / result["us"] / 1e3
    result["of_copy"] = result["copy_us"] / result["us"]
    result["target"] = case.target if case.target is not None else case.target_us and f"{case.target_us} us"
    met = result["of_copy"] >= case.target if case.target is not None else (
        result["us"] <= case.target_us if case.target_us is not None else None)
    result["met"] = met
    if case.torch is not None:
        with torch.cuda.stream(stream):
            runs = [prepare_torch(case, c.tensors) for c in all_calls]
        result["torch_us"] = time_calls(lambda i: runs[i](), sets, stream)
    return result


def measure_compiled(case, all_calls, stream):
    torch._dynamo.reset()
    function, _ = case.torch(all_calls[0].tensors, torch)
    compiled = torch.compile(function, dynamic=False)
    with torch.cuda.stream(stream):
        runs = [prepare_torch(case, c.tensors, compiled) for c in all_calls]
    return time_calls(lambda i: runs[i](), len(runs), stream)


def table_of(results):
    lines = [f"{'case':<52}{'us':>9}{'GB/s':>8}{'of copy':>9}{'target':>9}{'torch':>9}{'compile':>9}  "]
    for r in results:
        if "error" in r:
            lines.append(f"{r['case']:<52} {r['error']}")
            continue
        target = "" if r["target"] is None else str(r["target"])
        marks = [] if r["met"] is not False else ["below target"]
        rivals = [r[k] for k in ("torch_us", "compile_us") if r.get(k)]
        if rivals and min(rivals) < r["us"]:
            marks.append(f"PyTorch is faster: {r['us'] / min(rivals):.2f}")
        marks += [r[k] for k in ("wrong", "different") if r.get(k)]
        other = "".join(f"{r[k]:>9.2f}" if r.get(k) else f"{'-':>9}" for k in ("torch_us", "compile_us"))
        lines.append(
            f"{r['case']:<52}{r['us']:>9.2f}{r['gigabytes_per_second']:>8.0f}{r['of_copy']:>9.3f}{target:>9}{other}  "
            + "; ".join(marks))
    timed = [r for r in results if "us" in r]
    bad = [r for r in results if r.get("error") or r.get("wrong") or r.get("different")]
    losses = [r for r in timed if any(r.get(k) and r[k] < r["us"] for k in ("torch_us", "compile_us"))]
    with_target = [r for r in timed if r["met"] is not None]
    lines.append(
        f"{len(timed)} cases; {sum(r['met'] for r in with_target)} of {len(with_target)} targets met; PyTorch faster in "
        f"{len(losses)}; {len(bad)} wrong")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--library", required=True, help="libnormkernels_cuda.so")
    parser.add_argument("--layout", required=True, help="libnormkernels.so")
    parser.add_argument("--seconds", type=float, default=120, help="about how long it may take")
    parser.add_argument("--filter", default="", help="only cases whose name has this in it")
    parser.add_argument("--json", required=True)
    parser.add_argument("--table", required=True)
    arguments = parser.parse_args()
    deadline = time.monotonic() + arguments.seconds
    library = nk.Library(arguments.library, arguments.layout)
    properties = torch.cuda.get_device_properties(0)
    cache = properties.L2_cache_size
    stream = torch.cuda.Stream()
    report = {
        "device": properties.name,
        "cache": cache,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "replays": REPLAYS,
        "command": " ".join(sys.argv),
        "left_out": [],
        "results": [],
    }
    results, copies = report["results"], {}

    def write():
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)
        with open(arguments.table, "w", encoding="utf-8") as file:
            file.write(table_of(results))

    chosen = [c for c in cases.all_cases() if arguments.filter in c.name]
    for phase in ("kernels", "compiled"):
        for case in chosen:
            if phase == "compiled" and not (case.main and case.torch):
                continue
            # A case of torch.compile takes some five seconds.
            if time.monotonic() > deadline - (6 if phase == "compiled" else 0):
                report["left_out"].append(f"{case.name} ({phase})")
                continue
            try:
                if phase == "kernels":
                    results.append(measure(case, library, stream, cache, copies))
                else:
                    result = next(r for r in results if r["case"] == case.name)
                    env = Device()
                    all_calls = [case.make(env, library) for _ in range(result["sets"])]
                    result["compile_us"] = measure_compiled(case, all_calls, stream)
            except (RuntimeError, nk.Error, AttributeError, StopIteration) as e:
                if phase == "kernels":
                    results.append({"case": case.name, "error": str(e).split("\n")[0]})
                else:
                    report["left_out"].append(f"{case.name} (compiled: {str(e).splitlines()[:1]})")
            torch.cuda.synchronize()
            torch.cuda.empty_cache()
            write()
    write()
    print(table_of(results))
    for line in report["left_out"]:
        print("left out:", line)
    return 1 if any(r.get("error") or r.get("wrong") or r.get("different") for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
