"""The headers of an ``.npz`` file: a zip archive of arrays, names, shapes and types without the numbers."""

import io
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import IO, Any

import numpy as np

from rac_theory.advice.adapters import Tensor
from rac_theory.base import printable, shown

_LARGEST_NPY_HEADER = 10_000  # bytes; NumPy itself reads no more from a file that it was not told to trust


def npz(path: str, file: IO[bytes]) -> Iterator[Tensor]:
    """Yield the arrays of a zip archive of ``.npy`` files, from the first bytes of each."""
    name = ""
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                name = entry.filename
                if name.endswith(".npy"):
                    shape, kind = _npy_header(archive, entry)
                    yield Tensor(name.removesuffix(".npy"), kind, shape)
    except Exception as error:  # of zipfile, zlib, struct, tokenize and ast, each of its own kind on each Python
        where = f"{printable(repr(name))} in {path}" if name else path
        raise ValueError(f"{where} must be made by numpy.savez, got {printable(str(error))}") from error


def _npy_header(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[tuple[int, ...], str]:
    """Return the shape and the type of one array; no more of it is unpacked than a header can be long."""
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("a compression that it does not use")  # others cannot be unpacked a few bytes at a time
    with archive.open(entry) as member:
        start = member.read(12)
        reader, width = _NPY_READERS.get(start[6:8], (None, 0))
        if not start.startswith(b"\x93NUMPY") or reader is None:
            raise ValueError("no array, or a version of the format that is for structured ones only")
        length = int.from_bytes(start[8 : 8 + width], "little")
        if length > _LARGEST_NPY_HEADER:
            raise ValueError(f"a header of {length} bytes, more than {_LARGEST_NPY_HEADER}")
        header = io.BytesIO(start[8:] + member.read(length))
    with warnings.catch_warnings(action="error"):  # of strings and numbers that nothing sane writes
        shape, _, kind = reader(header)
    if not all(type(length) is int and length >= 0 for length in shape):  # True is an int
        raise ValueError(f"lengths that are none: {shown(shape)}")
    return shape, str(kind)


_NPY_READERS: Mapping[bytes, tuple[Callable[[IO[bytes]], Any], int]] = MappingProxyType(
    {
        b"\x01\x00": (np.lib.format.read_array_header_1_0, 2),
        b"\x02\x00": (np.lib.format.read_array_header_2_0, 4),
    }
)
"""What reads a header of each version, and how many bytes say how long it is."""
