"""What is timed: the shapes of every norm, what PyTorch has for them, and what is aimed at."""

import dataclasses
from typing import Callable, Optional

import calls
import nk


@dataclasses.dataclass
class Case:
    """One call. `make`: the call in an environment, of a library. `torch`: from its tensors, in their shapes, to
    f(x, *parameters) and those inputs, differentiable; None: PyTorch has nothing for it. `main`: compiled by torch.compile
    too. `passes`: how many tensors' worth of bytes the fewest passes move, over what the call's tensors hold. `target`:
    share of the copy's speed, or with `target_us` the time."""

    name: str
    make: Callable
    torch: Optional[Callable] = None
    verb: str = "forward"
    main: bool = False
    passes: float = 1.0
    target: Optional[float] = None
    target_us: Optional[float] = None
    rows: int = 0


def _rows(room, verb, rows, cols, target=None, target_us=None, main=False, dtype=nk.BF16, **options):
    def make(env, library, rows=rows):
        return calls.rows(env, library, room, verb, rows, cols, dtype, **options)

    def torch_of(tensors, torch):
        functional = torch.nn.functional
        x, weight = tensors["x"].view(rows, cols), tensors["weight"]
        if room == "layer_norm":
            bias = tensors.get("bias")
            if bias is None:
                bias = torch.zeros_like(weight)

            def norm(x, weight, bias):
                return functional.layer_norm(x, (cols,), weight, bias, calls.EPSILON)

            inputs = (x, weight, bias)
        else:
            def norm(x, weight):
                return functional.rms_norm(x, (cols,), weight, calls.EPSILON)

            inputs = (x, weight)
        if not options.get("residual"):
            return norm, inputs
        residual = tensors["residual"].view(rows, cols)

        def add(x, residual, *parameters):
            h = x + residual
            return norm(h, *parameters), h

        return add, (x, residual) + inputs[1:]

    details = "".join(
        f" {text}" for text in (
            "add" if options.get("residual") else "", {nk.I8: "int8", nk.E4M3: "fp8"}.get(options.get("quantize"), ""),
            "off by one" if options.get("offset") else "", "f32" if dtype == nk.F32 else "") if text)
    has_torch = not options.get("quantize") and not (options.get("residual") and verb != "forward") and verb != "jvp"
    return Case(
        f"{room} {verb} {rows}x{cols}{details}", make, torch_of if has_torch else None, verb, main, 1.0, target, target_us,
        rows)


def _channels(room, verb, batch, channels, height, layout, passes, main=False):
    spatial = height * height
    groups = 32 if room == "group_norm" else 0

    def make(env, library):
        return calls.channels(env, library, room, verb, batch, channels, spatial, nk.BF16, groups=groups, layout=layout)

    def torch_of(tensors, torch):
        functional = torch.nn.functional
        if layout == nk.CHANNELS_FIRST:
            x = tensors["x"].view(batch, channels, height, height)
        else:
            x = tensors["x"].view(batch, height, height, channels).permute(0, 3, 1, 2)
        weight = tensors["weight"]
        bias = tensors["bias"] if "bias" in tensors else torch.zeros_like(weight)
        norms = {
            "group_norm": lambda x, w, b: functional.group_norm(x, groups, w, b, calls.EPSILON),
            "instance_norm": lambda x, w, b: functional.instance_norm(x, weight=w, bias=b, eps=calls.EPSILON),
            "batch_norm": lambda x, w, b: functional.batch_norm(
                x, None, None, w, b, training=True, eps=calls.EPSILON),
        }
        return norms[room], (x, weight, bias)

    name = f"{room} {verb} {batch}x{channels}x{height}x{height} {'NHWC' if layout else 'NCHW'}"
    return Case(name, make, torch_of, verb, main, passes, 0.90)


def _axis(room, verb, outer, length, inner):
    def make(env, library):
        return calls.axis(env, library, room, verb, outer, length, inner, nk.BF16)

    def torch_of(tensors, torch):
        x = tensors["x"].view(outer, length, inner)
        if room == "l2_normalize":
            return lambda x: torch.nn.functional.normalize(x, dim=1, eps=calls.EPSILON), (x,)
        if room == "weight_norm":
            # dim 0 of what is kept: the tensor has no axis before it.
            return lambda v, g: torch._weight_norm(v, g, 0), (
                x.view(length, inner), tensors["weight"].view(length, 1))
        weight = tensors["weight"].view(outer, length, inner)
        bias = tensors["bias"].view(outer, length, inner) if "bias" in tensors else torch.zeros_like(weight)

        def norm(x, w, b):
            variance, mean = torch.var_mean(x, dim=1, keepdim=True, correction=0)
            return (x - mean) * torch.rsqrt(variance + calls.EPSILON) * w + b

        return norm, (x, weight, bias)

    return Case(f"{room} {verb} {outer}x{length}x{inner}", make, torch_of, verb)


def _reduction(room, verb, sizes, axes):
    def make(env, library):
        return calls.reduction(env, library, room, verb, sizes, nk.BF16, axes if room == "vector_norm" else ())

    def torch_of(tensors, torch):
        x = tensors["x"].view(*sizes)
        return lambda x: torch.linalg.vector_norm(x, dim=axes, dtype=torch.float32), (x,)

    return Case(f"{room} {verb} {'x'.join(map(str, sizes))}", make, torch_of, verb)


def all_cases():
    """In the order in which they are timed: what there is a target for first."""
    cases = []
    for rows, cols in ((16384, 4096), (8192, 8192)):
        for room in ("rms_norm", "layer_norm"):
            cases.append(_rows(room, "forward", rows, cols, 0.96, main=True))
            cases.append(_rows(room, "backward", rows, cols, 0.93, main=True))
    cases += [
        _rows("layer_norm", "backward", 1024, 12288, 0.70, main=True),
        _rows("rms_norm", "forward", 131072, 128, 0.94, main=True),
        _rows("rms_norm", "backward", 131072, 128, 0.90, main=True),
        _rows("rms_norm", "forward", 8192, 128, target_us=2.0, main=True),
        _rows("rms_norm", "backward", 8192, 128, target_us=4.5, main=True),
        _rows("rms_norm", "forward", 64, 8192, target_us=2.2),
        _rows("layer_norm", "forward", 1, 8192, target_us=2.2),
    ]
    # Neighbours on either side of where the geometry changes.
    for cols in (1024, 1032, 4104, 16384, 16392, 65536, 131072, 262144):
        rows = (1 << 26) // cols
        cases.append(_rows("rms_norm", "forward", rows, cols, 0.95))
        cases.append(_rows("rms_norm", "backward", rows, cols, 0.86 if cols >= 65536 else 0.93))
    cases += [
        _rows("layer_norm", "forward", 16384, 4095, 0.86),
        _rows("layer_norm", "backward", 16384, 4095, 0.84),
        _rows("layer_norm", "forward", 16384, 4096, 0.86, offset=1),
        _rows("layer_norm", "backward", 16384, 4096, 0.84, offset=1),
        _rows("rms_norm", "forward", 16384, 4096, 0.97, residual=True, main=True),
        _rows("rms_norm", "forward", 16384, 4096, 0.97, residual=True, quantize=nk.I8),
        _rows("rms_norm", "forward", 16384, 4096, 0.97, residual=True, quantize=nk.E4M3),
        _rows("rms_norm", "backward", 16384, 4096, 0.93, residual=True),
        _rows("layer_norm", "jvp", 16384, 4096),
        _rows("layer_norm", "forward", 16384, 4096, dtype=nk.F32),
        _rows("layer_norm", "backward", 16384, 4096, dtype=nk.F32),
    ]
    for layout in (nk.CHANNELS_FIRST, nk.CHANNELS_LAST):
        for verb in ("forward", "backward"):
            # Slices of group_norm fit one pass; those of batch_norm are read once for the sums and once again.
            again = 3 / 2 if verb == "forward" else 5 / 3
            cases.append(_channels("group_norm", verb, 32, 512, 56, layout, 1.0, main=True))
            cases.append(_channels("batch_norm", verb, 64, 256, 56, layout, again, main=True))
            cases.append(_channels("instance_norm", verb, 32, 128, 112, layout, 1.0))
    for verb in ("forward", "backward"):
        cases.append(_axis("l2_normalize", verb, 65536, 768, 1))
        cases.append(_axis("l2_normalize", verb, 64, 256, 3136))
        cases.append(_axis("weight_norm", verb, 1, 8192, 8192))
        cases.append(_axis("axis_norm", verb, 256, 64, 1024))
        cases.append(_reduction("vector_norm", verb, [16384, 4096], (1,)))
        cases.append(_reduction("matrix_norm", verb, [1024, 256, 256], (1, 2)))
    return cases
