"""The C ABI of the CUDA library.

Parameter structs are laid out by nk_abi_layout, the table that libnormkernels.so holds of its own structs, so that nothing
here can drift from the headers.
"""

import ctypes
import struct

F32, F16, BF16 = 0, 1, 2
CHANNELS_FIRST, CHANNELS_LAST = 0, 1
INFERENCE = 4
I8, E4M3 = 1, 2


class _Field(ctypes.Structure):
    _fields_ = [
        ("struct_name", ctypes.c_char_p),
        ("field_name", ctypes.c_char_p),
        ("field_type", ctypes.c_char_p),
        ("offset", ctypes.c_uint64),
        ("size", ctypes.c_uint64),
        ("struct_size", ctypes.c_uint64),
    ]


class Error(Exception):
    """What the library refused, or CUDA did."""


class Structs:
    """The parameter structs, laid out by the library of the processor at a path."""

    def __init__(self, layout):
        cpu = ctypes.CDLL(layout)
        cpu.nk_abi_layout.restype = ctypes.POINTER(_Field)
        count = ctypes.c_int64()
        table = cpu.nk_abi_layout(ctypes.byref(count))
        self._structs = {}
        for i in range(count.value):
            row = table[i]
            size, fields = self._structs.setdefault(row.struct_name.decode(), (row.struct_size, {}))
            fields[row.field_name.decode()] = (row.offset, row.size, row.field_type == b"double")

    def pack(self, name, **fields):
        """A struct as ctypes holds it: integers, pointers, doubles; bytes for what is none of them."""
        size, layout = self._structs[name]
        buffer = ctypes.create_string_buffer(size)
        if name.endswith("_params"):
            fields["struct_size"] = size
        for field, value in fields.items():
            offset, width, is_double = layout[field]
            if isinstance(value, bytes):
                data = value
            elif is_double:
                data = struct.pack("<d", value)
            else:
                data = int(value).to_bytes(width, "little", signed=value < 0)
            if len(data) != width:
                raise ValueError(f"{name}.{field} has {width} bytes, not {len(data)}")
            ctypes.memmove(ctypes.addressof(buffer) + offset, data, width)
        return buffer

    def reduction(self, sizes, reduced=0, row_axis=0, column_axis=0, p=0.0, order=0):
        """An nk_reduction."""
        most = self._structs["nk_reduction"][1]["sizes"][1] // 8
        padded = list(sizes) + [0] * (most - len(sizes))
        return self.pack(
            "nk_reduction", sizes=struct.pack(f"<{most}q", *padded), rank=len(sizes), reduced=reduced, row_axis=row_axis,
            column_axis=column_axis, p=float(p), order=order)


class Library(Structs):
    """The CUDA library (or its emulation) at a path, with the layout of the library of the processor."""

    def __init__(self, library, layout):
        super().__init__(layout)
        self._cuda = ctypes.CDLL(library)
        self._cuda.nk_cuda_error.restype = ctypes.c_char_p

    def entry(self, name):
        """A function f(params, stream) that raises unless the call succeeds."""
        function = getattr(self._cuda, "nk_cuda_" + name)
        function.argtypes = [ctypes.c_void_p, ctypes.c_void_p]

        def call(params, stream):
            self._check(function(params, stream), name)

        return call

    def workspace(self, family, *arguments):
        """Bytes of workspace: row_norm, channel_norm, axis, vector_norm, matrix_norm; the last two take a reduction."""
        size = ctypes.c_uint64()
        converted = [a if isinstance(a, ctypes.Array) else ctypes.c_int64(a) for a in arguments]
        function = getattr(self._cuda, f"nk_cuda_{family}_workspace_size")
        self._check(function(*converted, ctypes.byref(size)), family + " workspace")
        return size.value

    def _check(self, status, what):
        if status != 0:
            why = self._cuda.nk_cuda_error().decode() if status == 9 else f"status {status}"
            raise Error(f"{what}: {why}")
