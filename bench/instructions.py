#!/usr/bin/env python3
"""Counts what a kernel executes: every instruction of one call, by kind, for a step of sixteen elements.

  bench/instructions.py [LIBRARY] [--isa avx512] [--dtype f32]

It runs the call one instruction at a time (ptrace; Linux on x86-64) and looks each one up in the disassembly (objdump).
No clock and no performance counters: what a processor could do at best is worked out from the counts. `cycles` is the
largest of loads / 2, stores, multiplications / 2, other arithmetic / 2 and instructions / 8: what a core takes that has
every input in the first-level cache and sixteen float32 in a register, as Zen 5 is built.
"""

import argparse
import collections
import ctypes
import functools
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench" / "gpu"))
import nk  # noqa: E402

TRACEME, PEEKUSER, CONTINUE, SINGLESTEP = 0, 3, 7, 9
RIP = 16 * 8
ISAS = {"scalar": 1, "avx2": 2, "avx512": 3}
KINDS = ["loads", "stores", "prefetches", "multiply", "arithmetic", "others"]

DTYPES = {"f32": nk.F32, "f16": nk.F16, "bf16": nk.BF16}

VERBS = ("forward", "backward", "jvp")
ROWS = [("rows", verb, op, (64, 1024)) for op in ("rms_norm", "layer_norm") for verb in VERBS]
CHANNELS = [("channels", verb, op, (2, 64, 56 * 56)) for op in ("group_norm", "batch_norm") for verb in VERBS[:2]]
GROUPS = 32


class Memory:
    """Tensors that begin with a line of the cache."""

    def __init__(self):
        self._kept = []

    def bytes(self, size):
        buffer = ctypes.create_string_buffer(size + 64)
        self._kept.append(buffer)
        return (ctypes.addressof(buffer) + 63) // 64 * 64

    def floats(self, count, value=None):
        """Different numbers near 1, or one number."""
        return self.tensor(count, nk.F32, value)

    def tensor(self, count, dtype, value=None):
        """The same of any type."""
        address = self.bytes(4 * count)
        array = ((ctypes.c_uint32 if dtype == nk.F32 else ctypes.c_uint16) * count).from_address(address)
        for i in range(count):
            number = 0.5 + (i * 2654435761 % 65536) / 65536 if value is None else value
            array[i] = int.from_bytes(
                struct.pack("<e", number) if dtype == nk.F16 else struct.pack("<f", number)[2 * (dtype == nk.BF16):],
                "little")
        return address


def row_call(structs, memory, verb, op, shape, isa, dtype):
    rows, cols = shape
    count, centred = rows * cols, op == "layer_norm"
    tensor = functools.partial(memory.tensor, dtype=dtype)
    fields = dict(rows=rows, cols=cols, isa=isa, dtype=dtype, param_dtype=dtype, epsilon=1e-5, x=tensor(count),
                  weight=tensor(cols))
    if verb == "forward":
        fields.update(y=tensor(count), bias=tensor(cols) if centred else 0)
    else:
        fields.update(mean=memory.floats(rows, 1.0) if centred else 0, rstd=memory.floats(rows, 2.0))
    if verb == "backward":
        fields.update(dy=tensor(count), dx=tensor(count), dweight=memory.floats(cols),
                      dbias=memory.floats(cols) if centred else 0, workspace=memory.bytes(1 << 22),
                      workspace_size=1 << 22)
    elif verb == "jvp":
        fields.update(tan_x=tensor(count), jvp_y=tensor(count), tan_weight=tensor(cols),
                      tan_bias=tensor(cols) if centred else 0)
    return structs.pack(f"nk_row_norm_{verb}_params", **fields)


def channel_call(structs, memory, verb, op, shape, isa, dtype):
    batch, channels, spatial = shape
    count = batch * channels * spatial
    slices = batch * GROUPS if op == "group_norm" else channels
    tensor = functools.partial(memory.tensor, dtype=dtype)
    fields = dict(batch=batch, channels=channels, spatial=spatial, groups=GROUPS if op == "group_norm" else 0, isa=isa,
                  dtype=dtype, param_dtype=dtype, epsilon=1e-5, x=tensor(count), weight=tensor(channels))
    if verb == "forward":
        fields.update(y=tensor(count), bias=tensor(channels))
    else:
        fields.update(dy=tensor(count), dx=tensor(count), mean=memory.floats(slices, 1.0),
                      rstd=memory.floats(slices, 2.0), dweight=memory.floats(channels), dbias=memory.floats(channels),
                      workspace=memory.bytes(1 << 20), workspace_size=1 << 20)
    return structs.pack(f"nk_channel_norm_{verb}_params", **fields)


def run(library, structs, case, isa, dtype):
    """In the child: the call, once to warm up and once between two stops."""
    kind, verb, op, shape = case
    memory = Memory()
    params = (row_call if kind == "rows" else channel_call)(structs, memory, verb, op, shape, isa, dtype)
    function = getattr(library, f"nk_{op}_{verb}")
    if function(params) != 0:
        raise SystemExit(f"{op} {verb} was refused")
    os.kill(os.getpid(), signal.SIGSTOP)
    function(params)
    os.kill(os.getpid(), signal.SIGSTOP)


def mapping(pid, name):
    """Where a library lies in a process: its base, begin and end of its code."""
    base = code = None
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        if not line.endswith("/" + name):
            continue
        span, flags, offset = line.split()[:3]
        begin, end = (int(x, 16) for x in span.split("-"))
        base = begin - int(offset, 16) if base is None else base
        if "x" in flags:
            code = begin, end
    return base, code


def count(path, library, structs, case, isa, dtype):
    """How often each instruction of the library is executed, by its address in the file."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.restype = ctypes.c_long
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    pid = os.fork()
    if pid == 0:
        libc.ptrace(TRACEME, 0, None, None)
        run(library, structs, case, isa, dtype)
        os._exit(0)
    if not os.WIFSTOPPED(os.waitpid(pid, 0)[1]):
        raise SystemExit("the call failed")
    base, (begin, end) = mapping(pid, path.name)
    counts = collections.Counter()
    while True:
        libc.ptrace(SINGLESTEP, pid, None, None)
        status = os.waitpid(pid, 0)[1]
        if os.WSTOPSIG(status) == signal.SIGSTOP:
            break
        rip = libc.ptrace(PEEKUSER, pid, RIP, None) & (2**64 - 1)
        if begin <= rip < end:
            counts[rip - base] += 1
    libc.ptrace(CONTINUE, pid, None, None)
    os.waitpid(pid, 0)
    return counts


def kinds_of(path):
    """The kinds of every instruction in a library, by its address."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(path)], check=True, capture_output=True,
                          text=True).stdout
    kinds = {}
    for line in text.splitlines():
        match = re.match(r"\s*([0-9a-f]+):\t(\S+)\s*(.*)", line)
        if match:
            kinds[int(match[1], 16)] = kind_of(match[2], match[3].split("#")[0].strip())
    return kinds


def kind_of(name, operands):
    kinds = []
    if name.startswith("prefetch"):
        return ["prefetches"]
    if re.match(r"v.*[sp][sdh]$|v(mov|p|ext|ins|broadcast|cvt|shuf)", name):
        if "(" in operands:
            # The destination comes last.
            kinds.append("stores" if re.search(r"\)(\{%k\d\})?$", operands) else "loads")
        if re.match(r"v(fn?m|mul|div|sqrt)", name):
            kinds.append("multiply")
        elif re.match(r"v(add|sub|max|min|and|or|xor|cmp|p|cvt|shuf|perm|unpck|extract|insert|movh|movl)", name):
            kinds.append("arithmetic")
    return kinds or ["others"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", nargs="?", default=str(ROOT / "artifacts/native/release/libnormkernels.so"))
    parser.add_argument("--isa", choices=ISAS, default="avx512")
    parser.add_argument("--dtype", choices=DTYPES, default="f32")
    arguments = parser.parse_args()
    path = pathlib.Path(arguments.library).resolve()
    library, structs, kinds = ctypes.CDLL(str(path)), nk.Structs(str(path)), kinds_of(path)
    print(f"{arguments.isa}, {arguments.dtype}: executed for sixteen elements, and for the call in all")
    print(f"{'case':36} {'instr.':>7}" + "".join(f"{kind:>11}" for kind in KINDS) + f"{'cycles':>8}{'in all':>10}")
    for case in ROWS + CHANNELS:
        counts = count(path, library, structs, case, ISAS[arguments.isa], DTYPES[arguments.dtype])
        elements = 1
        for size in case[3]:
            elements *= size
        total = sum(counts.values())
        of = collections.Counter()
        for address, times in counts.items():
            for kind in kinds[address]:
                of[kind] += times
        step = 16 / elements
        least = max(of["loads"] / 2, of["stores"], of["multiply"] / 2, of["arithmetic"] / 2, total / 8) * step
        name = f"{case[2]} {case[1]} {'x'.join(str(size) for size in case[3])}"
        print(f"{name:36} {total * step:7.1f}" + "".join(f"{of[kind] * step:11.2f}" for kind in KINDS)
              + f"{least:8.2f}{total:10}", flush=True)


if __name__ == "__main__":
    main()
