"""Adapters in a file of tensors: two factors B and A stand for the layer that they move, which is what is counted."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

_FACTOR = re.compile(r"(.+)\.lora_(embedding_)?([AB])(?:\.([^.]+?))??(?:\.weight)?")


class Tensor(NamedTuple):
    """What a header says of a tensor.

    ``rank`` is that of the adapter whose factors it stands for, 0 where it stands for itself. ``why`` says why it
    trains no matrix; it is empty where nothing speaks against it yet.
    """

    name: str
    kind: str
    shape: Any
    rank: int = 0
    why: str = ""


def with_layers(tensors: Iterable[Tensor]) -> Iterator[Tensor]:
    """Yield tensors in their order, with the layer of an adapter in the place of the first of its factors.

    The names are those of PEFT. ``layer.lora_A.weight`` is A, r x n, and ``layer.lora_B.weight`` is B, m x r; the name
    of the adapter may stand before ``.weight``. Together they move a layer m x n by y = B A x, whichever way round its
    own weight is stored.

    Examples
    --------
    >>> from rac_theory.advice.adapters import Tensor, with_layers
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
