"""The calls that bench.py times, made on small tensors of the host with the emulated library: whether they are accepted,
and forward whether it is right. Needs neither PyTorch nor a GPU."""

import argparse
import ctypes
import math
import random
import sys

import calls
import nk


class Host:
    """Tensors of float32 in the memory of the host, which is that of the emulated device."""

    def __init__(self):
        self._random = random.Random(1)

    def empty(self, count, dtype, offset=0):
        assert dtype == nk.F32
        whole = (ctypes.c_float * (count + offset))()
        for i in range(count):
            whole[offset + i] = math.nan
        return (ctypes.c_float * count).from_buffer(whole, 4 * offset)

    def random(self, count, dtype, offset=0):
        tensor = self.empty(count, dtype, offset)
        for i in range(count):
            tensor[i] = self._random.uniform(0.5, 1.5)
        return tensor

    def scratch(self, size):
        return (ctypes.c_uint8 * size)()

    def pointer(self, tensor):
        return ctypes.addressof(tensor)

    def bytes(self, tensor):
        return ctypes.sizeof(tensor)

    def stream(self):
        return None

    def wait(self):
        pass


def normalized(x, slices, weight, bias):
    """Each slice, a list of indices, centred and scaled."""
    y = [0.0] * len(x)
    for indices in slices:
        mean = sum(x[i] for i in indices) / len(indices)
        variance = sum((x[i] - mean) ** 2 for i in indices) / len(indices)
        for i in indices:
            y[i] = (x[i] - mean) / math.sqrt(variance + calls.EPSILON) * weight(i) + bias(i)
    return y


def norms(x, slices):
    return [math.sqrt(sum(x[i] ** 2 for i in indices)) for indices in slices]


def forward_cases(env, library):
    """Calls and what they should give, by the name of the output."""
    call = calls.rows(env, library, "layer_norm", "forward", 5, 70, nk.F32, offset=1)
    t = call.tensors
    yield call, "y", normalized(
        t["x"], [range(70 * r, 70 * r + 70) for r in range(5)], lambda i: t["weight"][i % 70], lambda i: t["bias"][i % 70])
    call = calls.rows(env, library, "rms_norm", "forward", 3, 40, nk.F32, residual=True)
    u = call.tensors
    h = [a + b for a, b in zip(u["x"], u["residual"])]
    yield call, "y", [
        h[i] / math.sqrt(sum(v * v for v in h[i // 40 * 40:i // 40 * 40 + 40]) / 40 + calls.EPSILON) * u["weight"][i % 40]
        for i in range(120)]
    for layout in (nk.CHANNELS_FIRST, nk.CHANNELS_LAST):
        def at(n, c, s):
            return (n * 4 + c) * 9 + s if layout == nk.CHANNELS_FIRST else (n * 9 + s) * 4 + c

        def channel(i):
            return i // 9 % 4 if layout == nk.CHANNELS_FIRST else i % 4

        shapes = {
            "group_norm": (2, [[at(n, c, s) for c in (g, g + 1) for s in range(9)] for n in range(3) for g in (0, 2)]),
            "instance_norm": (0, [[at(n, c, s) for s in range(9)] for n in range(3) for c in range(4)]),
            "batch_norm": (0, [[at(n, c, s) for n in range(3) for s in range(9)] for c in range(4)]),
        }
        for room, (groups, slices) in shapes.items():
            call = calls.channels(env, library, room, "forward", 3, 4, 9, nk.F32, groups=groups, layout=layout)
            v = call.tensors
            yield call, "y", normalized(
                v["x"], slices, lambda i, v=v: v["weight"][channel(i)], lambda i, v=v: v["bias"][channel(i)])
    along = [[(o * 5 + k) * 3 + i for k in range(5)] for o in range(2) for i in range(3)]
    call = calls.axis(env, library, "axis_norm", "forward", 2, 5, 3, nk.F32)
    w = call.tensors
    yield call, "y", normalized(w["x"], along, lambda i: w["weight"][i], lambda i: w["bias"][i])
    call = calls.axis(env, library, "l2_normalize", "forward", 2, 5, 3, nk.F32)
    x = call.tensors["x"]
    by = {i: n for n, indices in zip(norms(x, along), along) for i in indices}
    yield call, "y", [x[i] / by[i] for i in range(30)]
    kept = [[(o * 5 + k) * 3 + i for o in range(2) for i in range(3)] for k in range(5)]
    call = calls.axis(env, library, "weight_norm", "forward", 2, 5, 3, nk.F32)
    w2 = call.tensors
    squares = [n * n + calls.EPSILON for n in norms(w2["x"], kept)]
    yield call, "y", [w2["x"][i] * w2["weight"][i // 3 % 5] / math.sqrt(squares[i // 3 % 5]) for i in range(30)]
    call = calls.reduction(env, library, "vector_norm", "forward", [2, 5, 3], nk.F32, reduced_axes=(1,))
    yield call, "norm", norms(call.tensors["x"], along)
    call = calls.reduction(env, library, "matrix_norm", "forward", [2, 5, 3], nk.F32)
    yield call, "norm", norms(call.tensors["x"], [range(15), range(15, 30)])


def other_calls(env, library):
    """Backward and JVP of everything, and what is fused."""
    for verb in ("backward", "jvp"):
        for room in ("layer_norm", "rms_norm"):
            yield calls.rows(env, library, room, verb, 5, 70, nk.F32, residual=verb == "backward")
        for room in ("group_norm", "instance_norm", "batch_norm"):
            yield calls.channels(env, library, room, verb, 3, 4, 9, nk.F32, groups=2 if room == "group_norm" else 0)
        for room in ("axis_norm", "l2_normalize", "weight_norm"):
            yield calls.axis(env, library, room, verb, 2, 5, 3, nk.F32)
        yield calls.reduction(env, library, "vector_norm", verb, [2, 5, 3], nk.F32, reduced_axes=(0, 2))
        yield calls.reduction(env, library, "matrix_norm", verb, [2, 5, 3], nk.F32)
    yield calls.channels(env, library, "batch_norm", "forward", 3, 4, 9, nk.F32, inference=True)
    for quantize in (nk.I8, nk.E4M3):
        yield calls.rows(env, library, "rms_norm", "forward", 3, 40, nk.F32, residual=True, quantize=quantize)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", required=True, help="libnormkernels_emu.so")
    parser.add_argument("--layout", required=True, help="libnormkernels.so")
    arguments = parser.parse_args()
    library = nk.Library(arguments.library, arguments.layout)
    env = Host()
    made = wrong = 0

    def make(call):
        nonlocal made, wrong
        made += 1
        try:
            library.entry(call.entry)(call.params, None)
        except (nk.Error, AttributeError) as e:
            print(f"{call.entry}: {e}")
            wrong += 1
            return
        for name, tensor in call.tensors.items():
            if isinstance(tensor, ctypes.Array) and tensor._type_ is ctypes.c_float and any(map(math.isnan, tensor)):
                print(f"{call.entry}: {name} has not been written")
                wrong += 1

    for call, name, expected in forward_cases(env, library):
        make(call)
        error = max(abs(a - e) for a, e in zip(call.tensors[name], expected))
        if not error < 2e-5:
            print(f"{call.entry}: {name} is {error} off")
            wrong += 1
    for call in other_calls(env, library):
        make(call)
    print(f"{made} calls, {wrong} wrong")
    return 1 if wrong or not made else 0


if __name__ == "__main__":
    sys.exit(main())
