"""Tensors that stand for a layer together: factors of an adapter, or packed numbers beside their scales.

The names are those of PEFT, LyCORIS, GPTQ, AWQ and bitsandbytes. A layer is m x n, outputs times inputs, as in y = W x,
whichever way round its own weight is stored.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from rac_theory.advice.headers import Tensor

Parts: TypeAlias = Mapping[str, Tensor]
"""The tensors of one layer, by what each is of it."""

_Key: TypeAlias = tuple[int, str, str]
"""Which form, the layer, and the name of the adapter, which is empty where a file has one."""


_BITS = (2, 3, 4, 8)  # of a number that GPTQ packs


class _Form(NamedTuple):
    """How a layer may stand in a file: what its parts are called, and what they make of it; None where they do not."""

    parts: re.Pattern[str]
    layer: Callable[[str, Parts], Tensor | None]


def with_layers(tensors: Iterable[Tensor]) -> Iterator[Tensor]:
    """Yield tensors in their order, with a layer in the place of the first of the parts that stand for it.

    Examples
    --------
    >>> from rac_theory.advice.layer_forms import with_layers
    >>> from rac_theory.advice.headers import Tensor
    >>> A, B = Tensor("q.lora_A.weight", "F32", (8, 64)), Tensor("q.lora_B.weight", "F32", (768, 8))
    >>> [(layer.name, layer.shape, layer.rank) for layer in with_layers([A, B])]
    [('q', (768, 64), 8)]

    GPTQ packs eight numbers of four bits into one, along the inputs:

    >>> parts = {"qweight": ("I32", (256, 768)), "qzeros": ("I32", (16, 96)), "scales": ("F16", (16, 768))}
    >>> [layer] = with_layers(Tensor(f"v.{name}", *rest) for name, rest in parts.items())
    >>> layer.name, layer.shape, layer.form
    ('v', (768, 2048), 'GPTQ, AWQ or the like')
    """
    listed = list(tensors)
    keys = [_key(tensor) for tensor in listed]
    groups: dict[_Key, dict[str, Tensor]] = {}
    for tensor, member in zip(listed, keys, strict=True):
        if member is not None:
            groups.setdefault(member[0], {})[member[1]] = tensor
    layers = {key: _FORMS[key[0]].layer(key[1] + f" ({key[2]})" * bool(key[2]), parts) for key, parts in groups.items()}
    passed = set()
    for tensor, member in zip(listed, keys, strict=True):
        layer = None if member is None else layers[member[0]]
        if member is None or layer is None:
            yield tensor
        elif member[0] not in passed:
            passed.add(member[0])
            yield layer


def _key(tensor: Tensor) -> tuple[_Key, str] | None:
    """Which layer a tensor may be a part of, and which part."""
    for number, form in enumerate(_FORMS):
        if match := form.parts.fullmatch(tensor.name):
            return (number, match["layer"], match.groupdict("").get("adapter", "")), match["part"]
    return None


def _lora(name: str, parts: Parts) -> Tensor | None:
    """B A: ``lora_A`` is r x n, ``lora_B`` m x r; of embeddings the same under longer names."""
    parts = {part.removeprefix("lora_embedding_").removeprefix("lora_"): tensor for part, tensor in parts.items()}
    tensor, *others = parts.values()
    if any(len(factor.shape) != 2 for factor in parts.values()):
        return None
    if not others:
        kind = "lora_embedding_" if "lora_embedding_" in tensor.name else "lora_"
        missing = kind + ("B" if "A" in parts else "A")
        return tensor._replace(why=f"is a factor of an adapter without the other, {missing}")
    A, B = parts["A"], parts["B"]
    if A.shape[0] != B.shape[1]:
        return tensor._replace(
            why=f"and {others[0].name} are no pair B A: {A.shape[0]} and {B.shape[1]} are their ranks"
        )
    if not 0 < A.shape[0] <= max(B.shape[0], A.shape[1]):
        return tensor._replace(
            why=f"and {others[0].name} have rank {A.shape[0]} for a layer of {B.shape[0]} x {A.shape[1]}; are they "
            "transposed?"
        )
    return Tensor(name, A.kind, (B.shape[0], A.shape[1]), A.shape[0])


def _loha(name: str, parts: Parts) -> Tensor | None:
    """Two products of factors, m x r and r x n, multiplied entry by entry."""
    shape = _product(parts, "hada_w1_a", "hada_w1_b")
    if shape is None or shape != _product(parts, "hada_w2_a", "hada_w2_b") or {"hada_t1", "hada_t2"} & {*parts}:
        return None
    return Tensor(name, parts["hada_w1_a"].kind, shape, form="LoHa")


def _lokr(name: str, parts: Parts) -> Tensor | None:
    """A Kronecker product of two matrices, each as it is or as a product of factors."""
    first, second = (
        _matrix_shape(parts, f"lokr_w{k}") or _product(parts, f"lokr_w{k}_a", f"lokr_w{k}_b") for k in (1, 2)
    )
    if first is None or second is None or "lokr_t2" in parts:
        return None
    shape = first[0] * second[0], first[1] * second[1]
    return Tensor(name, next(iter(parts.values())).kind, shape, form="LoKr")


def _matrix_shape(parts: Parts, part: str) -> tuple[int, int] | None:
    shape: Any = parts[part].shape if part in parts else ()
    return (shape[0], shape[1]) if len(shape) == 2 else None


def _product(parts: Parts, left: str, right: str) -> tuple[int, int] | None:
    """The shape of a product of two factors."""
    a, b = _matrix_shape(parts, left), _matrix_shape(parts, right)
    return (a[0], b[1]) if a is not None and b is not None and a[1] == b[0] else None


def _integers(name: str, parts: Parts) -> Tensor | None:
    """``qweight`` in integers of 32 bits: GPTQ packs along the inputs, AWQ along the outputs.

    ``scales`` has a column for each output. How many numbers GPTQ packs into one is what ``qzeros`` has of these too,
    and ``g_idx`` has an entry for each input.
    """
    packed, scales = _matrix_shape(parts, "qweight"), _matrix_shape(parts, "scales")
    if packed is None or scales is None or not all((*packed, *scales)):
        return None
    (rows, columns), outputs, inputs = packed, scales[1], 0
    if columns != outputs:
        inputs = rows if outputs in (4 * columns, 8 * columns, 16 * columns) else 0
    elif "g_idx" in parts and len(parts["g_idx"].shape) == 1:
        inputs = parts["g_idx"].shape[0]
    elif zeros := _matrix_shape(parts, "qzeros"):
        inputs = rows * outputs // zeros[1] if zeros[1] else 0
    if columns == outputs and 32 * rows not in (bits * inputs for bits in _BITS):
        return None
    return Tensor(name, parts["scales"].kind, (outputs, inputs), form="GPTQ, AWQ or the like") if inputs else None


def _bitsandbytes(name: str, parts: Parts) -> Tensor | None:
    """``weight`` in bytes: of 8 bits it has its own shape, of 4 bits what stands beside it says which."""
    weight = parts.get("weight")
    if weight is None:
        return None
    if weight.kind == "I8" and len(weight.shape) == 2 and ("SCB" in parts or "weight_scale" in parts):
        return weight._replace(form="8 bits")
    states = [tensor.state for part, tensor in parts.items() if part.startswith("weight.quant_state")]
    match states:
        case [{"shape": [m, n]}] if weight.kind == "U8" and type(m) is type(n) is int:
            if (m * n + 1) // 2 == math.prod(weight.shape):  # two to a byte
                return weight._replace(shape=(m, n), form="bitsandbytes, 4 bits")
    return None


def _called(parts: str, *, adapter: bool = False) -> re.Pattern[str]:
    names = r"(?:\.(?P<adapter>[^.]+?))??(?:\.weight)?" if adapter else ""
    return re.compile(rf"(?P<layer>.+)\.(?P<part>{parts}){names}", re.DOTALL)


_FORMS = (
    _Form(_called("lora_(?:embedding_)?[AB]", adapter=True), _lora),
    _Form(_called("hada_(?:w[12]_[ab]|t[12])", adapter=True), _loha),
    _Form(_called("lokr_(?:w[12](?:_[ab])?|t2)", adapter=True), _lokr),
    _Form(_called("qweight|qzeros|scales|g_idx"), _integers),
    _Form(
        _called(r"weight(?:\.(?:(?:nested_)?(?:absmax|quant_map)|quant_state\..+))?|SCB|weight_(?:format|scale)"),
        _bitsandbytes,
    ),
)
