"""Calls of the library with their tensors, made wherever an environment allocates them.

An environment has random(count, dtype, offset), empty(count, dtype, offset), scratch(bytes), pointer(tensor),
bytes(tensor), stream() and wait(); dtypes are those of nk.py. `offset`: how many elements a tensor lies behind the start
of its allocation.
"""

import dataclasses

import nk

EPSILON = 1e-5


@dataclasses.dataclass
class Call:
    """One call. `moved`: the bytes of all tensors, each read or written once. `outputs`: the tensors that it writes."""

    entry: str
    params: object
    tensors: dict
    moved: int
    outputs: tuple


class _Maker:
    def __init__(self, env, library, family, entry, dtype, param_dtype):
        self.env, self.library, self.entry = env, library, entry
        self.struct = f"nk_{family}_{entry.rsplit('_', 1)[1]}_params"
        self.dtype, self.param_dtype = dtype, param_dtype
        self.fields, self.tensors, self.moved, self.outputs = {}, {}, 0, ()

    def _add(self, name, tensor):
        self.tensors[name] = tensor
        self.fields[name] = self.env.pointer(tensor)
        self.moved += self.env.bytes(tensor)

    def read(self, name, count, dtype=None, offset=0):
        self._add(name, self.env.random(count, self.dtype if dtype is None else dtype, offset))

    def write(self, name, count, dtype=None, offset=0):
        self.outputs += (name,)
        self._add(name, self.env.empty(count, self.dtype if dtype is None else dtype, offset))

    def given(self, name, tensor):
        self._add(name, tensor)

    def write_bytes(self, name, count):
        self.outputs += (name,)
        self._add(name, self.env.scratch(count))

    def workspace(self, size):
        if size:
            scratch = self.env.scratch(size)
            self.tensors["workspace"] = scratch
            self.fields.update(workspace=self.env.pointer(scratch), workspace_size=size)

    def done(self, **fields):
        params = self.library.pack(self.struct, dtype=self.dtype, **self.fields, **fields)
        return Call(self.entry, params, self.tensors, self.moved, self.outputs)


def rows(env, library, room, verb, rows, cols, dtype, param_dtype=None, residual=False, quantize=0, offset=0):
    """layer_norm or rms_norm, with everything a training step has: a weight, a bias if the norm has a mean, saved
    statistics, gradients of the parameters."""
    param = dtype if param_dtype is None else param_dtype
    make = _Maker(env, library, "row_norm", f"{room}_{verb}", dtype, param)
    centred = room == "layer_norm"
    count = rows * cols
    fields = dict(param_dtype=param, rows=rows, cols=cols, epsilon=EPSILON)
    make.read("x", count, offset=offset)
    make.read("weight", cols, param)
    if verb == "forward":
        if centred:
            make.read("bias", cols, param)
        if residual:
            make.read("residual", count, offset=offset)
            make.write("h", count, offset=offset)
        if quantize:
            make.write_bytes("y", count)
            make.write("y_scale", rows, nk.F32)
            fields["quantize"] = quantize
        else:
            make.write("y", count, offset=offset)
            if centred:
                make.write("mean", rows, nk.F32)
            make.write("rstd", rows, nk.F32)
    elif verb == "backward":
        saved = _saved_statistics(env, library, room, make.tensors, rows, cols, dtype, param)
        for name, tensor in saved.items():
            make.given(name, tensor)
        make.read("dy", count, offset=offset)
        if residual:
            make.read("dh", count, offset=offset)
        make.write("dx", count, offset=offset)
        make.write("dweight", cols, nk.F32)
        if centred:
            make.write("dbias", cols, nk.F32)
        make.workspace(library.workspace("row_norm", rows, cols))
    else:
        make.read("tan_x", count, offset=offset)
        make.read("tan_weight", cols, param)
        make.write("jvp_y", count, offset=offset)
    return make.done(**fields)


def _saved_statistics(env, library, room, tensors, rows, cols, dtype, param):
    """mean and rstd of x, as forward gives them."""
    names = ("mean", "rstd") if room == "layer_norm" else ("rstd",)
    saved = {name: env.empty(rows, nk.F32) for name in names}
    y = env.empty(rows * cols, dtype)
    fields = {name: env.pointer(tensor) for name, tensor in {**saved, "x": tensors["x"], "y": y}.items()}
    params = library.pack(
        "nk_row_norm_forward_params", dtype=dtype, param_dtype=param, rows=rows, cols=cols, epsilon=EPSILON, **fields)
    library.entry(f"{room}_forward")(params, env.stream())
    env.wait()
    return saved


def channels(env, library, room, verb, batch, channels, spatial, dtype, groups=0, layout=nk.CHANNELS_FIRST,
             inference=False):
    """group_norm, instance_norm or batch_norm (training, or inference)."""
    make = _Maker(env, library, "channel_norm", f"{room}_{verb}", dtype, dtype)
    count = batch * channels * spatial
    over_batch = room == "batch_norm"
    slices = batch * groups if groups else channels if over_batch else batch * channels
    make.read("x", count)
    make.read("weight", channels)
    fields = dict(
        param_dtype=dtype, layout=layout, batch=batch, channels=channels, spatial=spatial, groups=groups,
        epsilon=EPSILON)
    if inference:
        fields["flags"] = nk.INFERENCE
        make.read("running_mean", channels, nk.F32)
        make.read("running_var", channels, nk.F32)
    if verb == "forward":
        make.read("bias", channels)
        make.write("y", count)
        if not inference:
            make.write("mean", slices, nk.F32)
            make.write("rstd", slices, nk.F32)
    elif verb == "backward":
        make.read("dy", count)
        make.write("dx", count)
        make.write("dweight", channels, nk.F32)
        make.write("dbias", channels, nk.F32)
    else:
        make.read("tan_x", count)
        make.write("jvp_y", count)
    make.workspace(library.workspace("channel_norm", batch, channels, spatial, groups, layout, int(over_batch)))
    return make.done(**fields)


def axis(env, library, room, verb, outer, length, inner, dtype):
    """axis_norm, l2_normalize or weight_norm."""
    make = _Maker(env, library, "axis", f"{room}_{verb}", dtype, dtype)
    count = outer * length * inner
    keeps = room == "weight_norm"
    parameters = {"axis_norm": count, "weight_norm": length}.get(room, 0)
    make.read("x", count)
    if parameters:
        make.read("weight", parameters)
    if verb == "forward":
        if room == "axis_norm":
            make.read("bias", parameters)
        make.write("y", count)
    elif verb == "backward":
        make.read("dy", count)
        make.write("dx", count)
        if parameters:
            make.write("dweight", parameters, nk.F32)
        if room == "axis_norm":
            make.write("dbias", parameters, nk.F32)
    else:
        make.read("tan_x", count)
        make.write("jvp_y", count)
    make.workspace(library.workspace("axis", outer, length, inner, int(keeps)))
    return make.done(
        param_dtype=dtype, outer=outer, length=length, inner=inner, epsilon=EPSILON,
        p=2.0 if room == "l2_normalize" else 0.0)


def reduction(env, library, room, verb, sizes, dtype, reduced_axes=()):
    """vector_norm of order 2 over some axes, or the Frobenius norm of the last two axes (matrix_norm)."""
    make = _Maker(env, library, "reduction", f"{room}_{verb}", dtype, dtype)
    count, norms = 1, 1
    kept = [n for i, n in enumerate(sizes) if i not in reduced_axes] if reduced_axes else sizes[:-2]
    for n in sizes:
        count *= n
    for n in kept:
        norms *= n
    if room == "vector_norm":
        described = library.reduction(sizes, reduced=sum(1 << i for i in reduced_axes), p=2.0)
    else:
        described = library.reduction(sizes, row_axis=len(sizes) - 2, column_axis=len(sizes) - 1)
    make.read("x", count)
    if verb == "forward":
        make.write("norm", norms, nk.F32)
    elif verb == "backward":
        make.read("dnorm", norms, nk.F32)
        make.write("dx", count)
    else:
        make.read("tan_x", count)
        make.write("jvp_norm", norms, nk.F32)
    make.workspace(library.workspace(room, described))
    return make.done(norm_dtype=nk.F32, reduction=described.raw)
