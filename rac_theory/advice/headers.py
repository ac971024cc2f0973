"""What the headers of files say of tensors: names, shapes and types, and no number of a tensor is read.

The files are ``.safetensors``, one or the shards that an index lists, and ``.npz``, a zip archive of arrays.
"""

import io
import json
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, NamedTuple

import numpy as np

from rac_theory.base import printable, readable_file, shown

_LARGEST_HEADER = 100_000_000  # bytes; the safetensors format itself allows no more


class Tensor(NamedTuple):
    """What a header says of a tensor.

    ``rank`` is that of the adapter B A whose factors it stands for, 0 where it stands for no such. ``why`` says why it
    trains no matrix; it is empty where nothing speaks against it yet. ``form`` is what else than itself the file holds
    of it, and ``state`` what bitsandbytes wrote beside a packed weight.
    """

    name: str
    kind: str
    shape: Any
    rank: int = 0
    why: str = ""
    form: str = ""
    state: Any = None


def shards(path: str, file: IO[bytes]) -> Iterator[Tensor]:
    """Yield the tensors of all shards that an index lists: JSON with the file of each tensor, in the same folder."""
    text = file.read(_LARGEST_HEADER + 1)
    if len(text) > _LARGEST_HEADER:
        raise ValueError(f"{path} must have at most {_LARGEST_HEADER} bytes as an index, got more")
    index = _object(path, text)
    weight_map = index.get("weight_map")
    if (
        not isinstance(weight_map, dict)
        or not weight_map
        or not all(isinstance(shard, str) for shard in weight_map.values())
    ):
        raise ValueError(
            f"{path} must have a weight_map, the file of each tensor by its name, got {shown(weight_map)}; is it the "
            "index of a sharded checkpoint?"
        )
    for shard in dict.fromkeys(weight_map.values()):
        if Path(shard).name != shard or shard in ("", ".", ".."):
            raise ValueError(f"{path} must list files of its own folder, got {printable(repr(shard))}")
        names = {name for name, holder in weight_map.items() if holder == shard}
        for tensor in _of_shard(path, shard):
            if tensor.name in names:  # a tensor may be kept in two of them, and counts once
                names.discard(tensor.name)
                yield tensor
        if names:
            raise ValueError(
                f"{printable(repr(shard))} must hold each tensor that {path} says is in it, and lacks {len(names)}, "
                f"{printable(repr(min(names)))} first; are they of one download?"
            )


def _of_shard(path: str, name: str) -> Iterator[Tensor]:
    shard = Path(path).parent / name
    what = f"with all the shards that {path} lists beside it"
    with Path(readable_file("shape", shard, what)).open("rb") as file:
        yield from safetensors(printable(str(shard)), file)


def safetensors(path: str, file: IO[bytes]) -> Iterator[Tensor]:
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
    entries = _object(f"the header of {path}", header)
    for name, entry in entries.items():
        if name != "__metadata__":
            tensor = Tensor(name, *_described(path, name, entry))
            yield tensor._replace(state=_state(file, 8 + length, entry)) if _STATE in name else tensor


_STATE = ".quant_state.bitsandbytes__"
_LARGEST_STATE = 65_536  # bytes; some hundred are usual


def _state(file: IO[bytes], begin: int, entry: Mapping[str, Any]) -> Any:
    """The JSON that bitsandbytes keeps in a tensor of bytes: how a weight was packed. None where it is no such."""
    match entry:
        case {"dtype": "U8", "data_offsets": [int(first), int(last)]} if 0 <= first < last <= first + _LARGEST_STATE:
            file.seek(begin + first)
            try:
                return json.loads(file.read(last - first).decode("utf-8"))
            except (ValueError, RecursionError):
                return None
    return None


def _object(path: str, text: bytes) -> dict[str, Any]:
    """Read JSON that must be an object; ``path`` is what it is the text of."""
    try:
        read = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} must be JSON, got {printable(str(error))}") from error
    if not isinstance(read, dict):
        raise ValueError(f"{path} must be an object of tensors by name, got {type(read).__name__}")
    return read


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
    {b"\x01\x00": (np.lib.format.read_array_header_1_0, 2), b"\x02\x00": (np.lib.format.read_array_header_2_0, 4)}
)
"""What reads a header of each version, and how many bytes say how long it is."""
