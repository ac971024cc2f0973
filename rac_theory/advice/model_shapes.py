"""The shapes of a model's matrices, from text or from the headers of files; no array is ever loaded.

Two factors of an adapter, B and A, stand for the layer that they move, which is what is counted.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, TypeAlias

from rac_theory.advice.headers import Tensor, npz, safetensors, shards
from rac_theory.base import checks, printable, readable_file, shown

MatrixShape: TypeAlias = tuple[int, int]
"""Rows m and columns n of a matrix."""

_LARGEST_DIM = 1_000_000  # several times the largest vocabulary: beyond it a header is nonsense
_NO_LAYERS = {
    r"(.*\.)?(scales|(weight|input|output)_scale(_inv|_2)?|scale_weight|(weight_)?zero_point|absmax|SCB)": (
        "holds scales of quantised numbers, and is no layer: a file that is not quantised has its shape"
    ),
    r".*\b(hada|lokr|oft|boft|vera)_\w+(\..*)?": (
        "is a part of an adapter that is no product B A (LoHa, LoKr, OFT or VeRA), which no theorem here is about"
    ),
    r".*\blora[_.](up|down)(\..*)?": (
        "is a factor of an adapter under other names than lora_A and lora_B, and is no layer"
    ),
    r"(.*\.)?(embed_(tokens|positions|in)|(\w+_)?embeddings?|pos_embed|wte|wpe|relative_attention_bias)"
    r"(\.weight)?( \(\w+\))?|(model\.)?shared\.weight": (
        "is an embedding, by its name: its rows are looked up, and it is no layer y = W x; type rows x columns for "
        "it, with --rho and --features left"
    ),
}
"""Matrices of floating point numbers that are no linear layers, by their names, and why."""

_FACTOR = re.compile(r"(.+)\.lora_(embedding_)?([AB])(?:\.([^.]+?))??(?:\.weight)?")
"""A factor of an adapter, as PEFT calls it."""

_PACKED = re.compile("u?(int|i|u)?(8|16|32)")

_PICKLED = (".bin", ".pt", ".pth", ".ckpt")
_CONVERSION = (
    "import sys, torch; from safetensors.torch import save_file; "
    "values = torch.load(sys.argv[1], map_location='cpu', weights_only=True); "
    "save_file({name: value.contiguous().clone() for name, value in values.items()}, 'model.safetensors')"
)


@dataclass(frozen=True)
class Shapes:
    """Matrices by name, and what else stood beside them.

    Attributes
    ----------
    matrices : tuple of (str, MatrixShape)
        Each matrix of floating point numbers, by name, and each layer that an adapter moves.
    left_out : tuple of str
        One sentence for each tensor that is no such matrix.
    adapters : tuple of (str, int)
        Which of the matrices are layers of an adapter, and its rank.

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
    adapters: tuple[tuple[str, int], ...] = ()


def parse(text: str, only: Sequence[str] = ()) -> Shapes:
    """Return the one shape that is written as ``768x3072``, or those in files.

    The files are ``.safetensors``, one by itself or all that ``model.safetensors.index.json`` lists, and ``.npz``.

    Parameters
    ----------
    text : str
    only : sequence of str
        Patterns such as ``*.q_proj.weight``: of a file only what has a name that fits one of them. None is everything.

    Raises
    ------
    ValueError
        If the text is neither, no name fits, or a file cannot be read or has a header that makes no sense.

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
    read = _reader(text)
    readable_file("shape", text, "the path of a file that can be read")
    try:
        with Path(text).open("rb") as file:
            tensors = list(with_layers(read(printable(text), file)))
    except OSError as error:
        raise ValueError(f"shape must name a file that can be read, got {printable(text)}: {error.strerror}") from error
    chosen = [one for one in tensors if not only or any(fnmatchcase(one.name, pattern) for pattern in only)]
    if tensors and not chosen:
        names = ", ".join(printable(one.name) for one in tensors[:3])
        raise ValueError(f"only must fit the name of a tensor in {printable(text)}, got {shown([*only])}: {names}, ...")
    return _sorted(chosen)


def _reader(text: str) -> Callable[[str, IO[bytes]], Iterator[Tensor]]:
    path = Path(text)
    if path.name.lower().endswith(".safetensors.index.json"):
        return shards
    read = {".safetensors": safetensors, ".npz": npz}.get(path.suffix.lower())
    if read is None and path.suffix.lower() in _PICKLED:
        raise ValueError(
            f"shape must be a file whose header says what is in it, got {shown(text)}, a pickle, which is code and is "
            f'not run; make it a .safetensors: python -c "{_CONVERSION}" {shlex.quote(printable(text))}'
        )
    if read is None:
        raise ValueError(
            "shape must be rows x columns, as in 768x3072, or the path of a .safetensors, .safetensors.index.json or "
            f".npz file, got {shown(text)}"
        )
    return read


def _no_layer(name: str) -> str | None:
    """Why a matrix of this name is no linear layer."""
    return next((why for pattern, why in _NO_LAYERS.items() if re.fullmatch(pattern, name, re.DOTALL)), None)


def _sorted(tensors: Iterable[Tensor]) -> Shapes:
    """Sort tensors into the matrices and the rest."""
    matrices, left_out, adapters = [], [], []
    for tensor in tensors:
        name, kind, shape = printable(tensor.name), printable(tensor.kind), tensor.shape
        if tensor.why:
            left_out.append(f"{name} {printable(tensor.why)}")
        elif len(shape) != 2:
            left_out.append(f"{name} has {len(shape)} axes")
        elif not re.match("[<>]?b?f", kind.lower()):  # F32, BF16, F8_E4M3, float64, >f4; not BOOL
            packed = ", as packed or quantised weights do" * bool(_PACKED.fullmatch(kind.lower()))
            left_out.append(f"{name} holds {kind}{packed}, which gradients do not train")
        elif why := _no_layer(tensor.name):
            left_out.append(f"{name} {why}")
        elif not all(1 <= length <= _LARGEST_DIM for length in shape):
            left_out.append(f"{name} has a shape outside 1..{_LARGEST_DIM}: {'x'.join(map(shown, shape))}")
        else:
            matrices.append((name, (shape[0], shape[1])))
            adapters += [(name, tensor.rank)] * (tensor.rank > 0)
    return Shapes(tuple(matrices), tuple(left_out), tuple(adapters))


def with_layers(tensors: Iterable[Tensor]) -> Iterator[Tensor]:
    """Yield tensors in their order, with the layer of an adapter in the place of the first of its factors.

    The names are those of PEFT. ``layer.lora_A.weight`` is A, r x n, and ``layer.lora_B.weight`` is B, m x r; the name
    of the adapter may stand before ``.weight``. Together they move a layer m x n by y = B A x, whichever way round its
    own weight is stored.

    Examples
    --------
    >>> from rac_theory.advice.model_shapes import with_layers
    >>> from rac_theory.advice.headers import Tensor
    >>> A, B = Tensor("q.lora_A.weight", "F32", (8, 64)), Tensor("q.lora_B.weight", "F32", (768, 8))
    >>> [(layer.name, layer.shape, layer.rank) for layer in with_layers([A, B])]
    [('q', (768, 64), 8)]
    """
    listed = list(tensors)
    factors = {key: tensor for tensor in listed if (key := _factor(tensor)) is not None}
    paired = set()
    for tensor in listed:
        key = _factor(tensor)
        if key is None:
            yield tensor
        elif key not in paired:
            other = factors.get(_partner(key))
            if other is not None:
                paired.add(_partner(key))
            yield _layer(key, tensor, other)


_Key = tuple[str, str, str, str]
"""Layer, kind, adapter, and which factor."""


def _factor(tensor: Tensor) -> _Key | None:
    found = _FACTOR.fullmatch(tensor.name) if len(tensor.shape) == 2 else None
    if found is None:
        return None
    layer, kind, factor, adapter = found.groups("")
    return layer, kind, adapter, factor


def _partner(key: _Key) -> _Key:
    return (*key[:3], "B" if key[3] == "A" else "A")


def _layer(key: _Key, tensor: Tensor, other: Tensor | None) -> Tensor:
    layer, kind, adapter, factor = key
    if other is None:
        missing = f"lora_{kind}{_partner(key)[3]}"
        return tensor._replace(why=f"is a factor of an adapter without the other, {missing}")
    A, B = (tensor, other) if factor == "A" else (other, tensor)
    if A.shape[0] != B.shape[1]:
        return tensor._replace(why=f"and {other.name} are no pair B A: {A.shape[0]} and {B.shape[1]} are their ranks")
    return Tensor(layer + f" ({adapter})" * bool(adapter), A.kind, (B.shape[0], A.shape[1]), A.shape[0])
