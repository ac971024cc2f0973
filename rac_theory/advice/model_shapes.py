"""The shapes of a model's matrices, from text or from the headers of a file; no array is ever loaded."""

import io
import json
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, TypeAlias

import numpy as np

from problems import checks
from problems.files import readable_file
from problems.naming import printable, shown

MatrixShape: TypeAlias = tuple[int, int]
"""Rows m and columns n of a matrix."""

_LARGEST_HEADER = 100_000_000  # bytes; the safetensors format itself allows no more
_LARGEST_NPY_HEADER = 10_000  # bytes; NumPy itself reads no more from a file that it was not told to trust
_LARGEST_DIM = 1_000_000  # several times the largest vocabulary: beyond it a header is nonsense


@dataclass(frozen=True)
class Shapes:
    """Matrices by name, and what else stood beside them.

    Attributes
    ----------
    matrices : tuple of (str, MatrixShape)
        Each matrix of floating point numbers, by name.
    left_out : tuple of str
        One sentence for each tensor that is no such matrix.

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> from rac_theory.advice.model_shapes import Shapes
    >>> shapes = Shapes((("up", (4, 16)), ("down", (16, 4))), left_out=("norm has 1 axes",))
    >>> options, notes = advise(dict(shapes.matrices).values(), ranks=[2])
    >>> len(options)  # of each: in full, from the left, from the right
    6
    """

    matrices: tuple[tuple[str, MatrixShape], ...]
    left_out: tuple[str, ...] = ()


def parse(text: str) -> Shapes:
    """Return the one shape that is written as ``768x3072``, or those in a ``.safetensors`` or ``.npz`` file.

    Raises
    ------
    ValueError
        If the text is neither, or the file cannot be read or has a header that makes no sense.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from rac_theory.advice.model_shapes import parse
    >>> parse("768x3072").matrices
    (('768x3072', (768, 3072)),)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/model.npz", weight=np.zeros((4, 2)), bias=np.zeros(4))
    ...     shapes = parse(f"{folder}/model.npz")
    >>> shapes.matrices, shapes.left_out
    ((('weight', (4, 2)),), ('bias has 1 axes',))
    """
    if match := re.fullmatch(r"([0-9]{1,9})[xX×]([0-9]{1,9})", text):
        rows, columns = (checks.integer("shape", int(part), 1, _LARGEST_DIM) for part in match.groups())
        return Shapes(((f"{rows}x{columns}", (rows, columns)),))
    read = {".safetensors": _safetensors, ".npz": _npz}.get(Path(text).suffix.lower())
    if read is None:
        raise ValueError(
            "shape must be rows x columns, as in 768x3072, or the path of a .safetensors or .npz file, got "
            f"{shown(text)}"
        )
    readable_file("shape", text, "the path of a file that can be read")
    try:
        with Path(text).open("rb") as file:
            return _matrices(read(printable(text), file))
    except OSError as error:
        raise ValueError(f"shape must name a file that can be read, got {printable(text)}: {error.strerror}") from error


def _matrices(tensors: Iterable[tuple[str, str, Any]]) -> Shapes:
    """Sort (name, type of number, shape) into the matrices and the rest."""
    matrices, left_out = [], []
    for name, kind, shape in tensors:
        name, kind = printable(name), printable(kind)
        if len(shape) != 2:
            left_out.append(f"{name} has {len(shape)} axes")
        elif not re.match("[<>]?b?f", kind.lower()):  # F32, BF16, F8_E4M3, float64, >f4; not BOOL
            left_out.append(f"{name} holds {kind}, which gradients do not train")
        elif not all(1 <= length <= _LARGEST_DIM for length in shape):
            left_out.append(f"{name} has a shape outside 1..{_LARGEST_DIM}: {'x'.join(map(shown, shape))}")
        else:
            matrices.append((name, (shape[0], shape[1])))
    return Shapes(tuple(matrices), tuple(left_out))


def _safetensors(path: str, file: IO[bytes]) -> Iterator[tuple[str, str, Any]]:
    """Yield the tensors of a header: 8 bytes with its length, little-endian, then JSON."""
    # A file too short for a length is padded to one that fails the next test.
    length = int.from_bytes(file.read(8).ljust(8, b"\xff"), "little")
    if not 2 <= length <= _LARGEST_HEADER:
        raise ValueError(
            f"{path} must begin with the length of its header, 2..{_LARGEST_HEADER} bytes, got {length}; "
            "is it a safetensors file?"
        )
    header = file.read(length)
    if len(header) < length:
        raise ValueError(f"{path} must hold a header of {length} bytes, got {len(header)}; is the file cut off?")
    try:
        entries = json.loads(header.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the header of {path} must be JSON, got {printable(str(error))}") from error
    if not isinstance(entries, dict):
        raise ValueError(f"the header of {path} must be an object of tensors by name, got {type(entries).__name__}")
    for name, entry in entries.items():
        if name != "__metadata__":
            yield name, *_described(path, name, entry)


def _described(path: str, name: str, entry: Any) -> tuple[str, list[int]]:
    """Return the type and the shape of one entry of a safetensors header."""
    kind, shape = (entry.get("dtype"), entry.get("shape")) if isinstance(entry, dict) else (None, None)
    if not isinstance(kind, str) or not isinstance(shape, list):
        raise ValueError(
            f"{printable(repr(name))} in the header of {path} must have a dtype and a shape, got {shown(entry)}"
        )
    if not all(type(length) is int and length >= 0 for length in shape):  # True is an int
        raise ValueError(
            f"{printable(repr(name))} in the header of {path} must have lengths >= 0 as its shape, got {shown(shape)}"
        )
    return kind, shape


def _npz(path: str, file: IO[bytes]) -> Iterator[tuple[str, str, Any]]:
    """Yield the arrays of a zip archive of ``.npy`` files, from the first bytes of each."""
    name = ""
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                name = entry.filename
                if name.endswith(".npy"):
                    shape, kind = _npy_header(archive, entry)
                    yield name.removesuffix(".npy"), kind, shape
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
