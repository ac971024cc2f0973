"""The shapes of a model's matrices, from text or from the headers of files; no array is ever loaded.

Two factors of an adapter, or packed numbers and their scales, stand for a layer, which is what is counted.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, TypeAlias

from rac_theory.advice.adapter_config import AdapterConfig, config_beside
from rac_theory.advice.headers import Tensor, npz, safetensors, shards
from rac_theory.advice.layer_forms import with_layers
from rac_theory.base import checks, printable, readable_file, shown

MatrixShape: TypeAlias = tuple[int, int]
"""Rows m and columns n of a matrix."""

_LARGEST_DIM = 1_000_000  # several times the largest vocabulary: beyond it a header is nonsense
_NO_LAYERS = {
    r"(.*\.)?(scales|(weight|input|output)_scales?(_inv|_2)?|_?scale|scale_weight|(weight_)?zero(s|_point)?|absmax|"
    r"SCB)": (
        "holds scales, as those of quantised numbers, and is no layer: a file that is not quantised has its shape"
    ),
    r".*\b((hada|lokr|oft|boft|vera|hra|vblora|randlora|ia3|dora)_\w+|(bone|miss)_block|shira_weight|lora_E)(\..*)?": (
        "is a part of an adapter that is no product B A (LoHa, LoKr, OFT, VeRA, IA3 or the like), of which the layer "
        "cannot be told"
    ),
    r".*(\b|_)lora([_.](up|down)|_[ab])(\..*)?": (
        "is a factor of an adapter under other names than lora_A and lora_B, and is no layer"
    ),
    r"(.*\.)?(embed(_(tokens\w*|positions|in))?|(\w+_)?embeddings?|token_embd|emb|pos_embed|wte|wpe|"
    r"relative_attention_bias)(\.weight)?( \(\w+\))?|(model\.)?shared\.weight": (
        "is an embedding, by its name: its rows are looked up, and it is no layer y = W x; type rows x columns for "
        "it, with --rho and --features left"
    ),
    r"(.*\.)?(relative_position_bias_table|rel_pos_[hw]|(cos|sin)_cached|A_log|time_(faaaa|first|decay))": (
        "is a table of positions or a parameter of a recurrence, by its name, and is no layer"
    ),
    r"(.*\.)?(\w*norm\d*|ln_\w+)\.weight": "is a norm, by its name, and is no layer",
    r"(.*\.)?((max_)?exp_avg(_sq)?|momentum_buffer)(\..*)?": "is what an optimiser remembers, and is no layer",
}
"""Matrices of floating point numbers that are no linear layers, by their names, and why."""

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
        Which of the matrices are layers of an adapter B A, and its rank.
    forms : tuple of (str, str)
        Which of them stand in the file as something else than themselves, and as what: "LoHa", say, or "GPTQ".
    config : AdapterConfig or None
        What ``adapter_config.json`` in the folder of the file says.

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> from rac_theory.advice.model_shapes import Shapes
    >>> shapes = Shapes((("up", (4, 16)), ("down", (16, 4))), left_out=("norm has 1 axis",))
    >>> options, notes = advise(dict(shapes.matrices).values(), ranks=[2])
    >>> len(options)  # of each: in full, from the left, from the right
    6
    """

    matrices: tuple[tuple[str, MatrixShape], ...]
    left_out: tuple[str, ...] = ()
    adapters: tuple[tuple[str, int], ...] = ()
    forms: tuple[tuple[str, str], ...] = ()
    config: AdapterConfig | None = None


def parse(text: str, only: Sequence[str] = ()) -> Shapes:
    """Return the one shape that is written as ``768x3072``, or those in files.

    The files are ``.safetensors``, one by itself or all that ``model.safetensors.index.json`` lists, and ``.npz``. A
    folder is that of a model or of an adapter, as PEFT and transformers save them.

    Parameters
    ----------
    text : str
    only : sequence of str
        Parts of names such as ``q_proj``, or patterns such as ``*.q_proj.weight``: of a file only what has a name with
        such a part, or that fits one of them. None is everything.

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
    ((('weight', (4, 2)),), ('bias has 1 axis',))
    """
    if match := re.fullmatch(r"([0-9]{1,9})[xX×]([0-9]{1,9})", text):
        rows, columns = (checks.integer("shape", int(part), 1, _LARGEST_DIM) for part in match.groups())
        return Shapes(((f"{rows}x{columns}", (rows, columns)),))
    path = _file_of(text)
    read = _reader(path)
    readable_file("shape", path, "the path of a file that can be read")
    try:
        with Path(path).open("rb") as file:
            tensors = _outputs_first(with_layers(read(printable(path), file)))
    except OSError as error:
        raise ValueError(f"shape must name a file that can be read, got {printable(path)}: {error.strerror}") from error
    chosen = [tensor for tensor in tensors if not only or any(_fits(tensor.name, pattern) for pattern in only)]
    if tensors and not chosen:
        names = ", ".join(printable(tensor.name) for tensor in tensors[:3])
        raise ValueError(f"only must fit the name of a tensor in {printable(path)}, got {shown([*only])}: {names}, ...")
    return replace(_sorted(chosen), config=config_beside(path))


_OF_A_FOLDER = ("adapter_model.safetensors", "model.safetensors.index.json", "model.safetensors")


def _file_of(text: str) -> str:
    """The file with the tensors of a folder, or of the folder of a configuration; any other text is left alone."""
    path = Path(text)
    if path.name == "adapter_config.json":
        path = path.parent
    if not _is_folder(path):
        return text
    for name in _OF_A_FOLDER:
        if (path / name).is_file():
            return str(path / name)
    raise ValueError(
        f"shape must be a folder with {', '.join(_OF_A_FOLDER[:-1])} or {_OF_A_FOLDER[-1]}, got {shown(text)} without"
        + (
            "; a model saved as .bin is a pickle: save_pretrained(..., safe_serialization=True) writes what can be read"
            if any(path.glob("*.bin"))
            else ""
        )
    )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir() and path.suffix not in (".safetensors", ".npz")
    except (OSError, ValueError):  # a name that no file can have
        return False


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or pattern in name.split(".")


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


def _outputs_first(tensors: Iterable[Tensor]) -> list[Tensor]:
    """Turn the weights of GPT-2, which has y = x W, where the projection to queries, keys and values shows that."""
    listed = list(tensors)
    shapes = [tensor.shape for tensor in listed if tensor.name.endswith("attn.c_attn.weight")]
    if not any(len(shape) == 2 and shape[1] == 3 * shape[0] for shape in shapes):
        return listed
    return [
        tensor._replace(shape=tensor.shape[::-1])
        if re.fullmatch(r".*\.c_(attn|proj|fc)\.weight", tensor.name, re.DOTALL)
        else tensor
        for tensor in listed
    ]


def _sorted(tensors: Iterable[Tensor]) -> Shapes:
    """Sort tensors into the matrices and the rest."""
    matrices, left_out, adapters, forms = [], [], [], []
    for tensor in tensors:
        name, kind, shape = printable(tensor.name), printable(tensor.kind), tensor.shape
        if tensor.why:
            left_out.append(f"{name} {printable(tensor.why)}")
        elif len(shape) != 2:
            left_out.append(f"{name} has {len(shape)} {'axis' if len(shape) == 1 else 'axes'}")
        elif not tensor.form and not re.match("[<>]?b?f", kind.lower()):  # F32, BF16, F8_E4M3, float64, >f4; not BOOL
            packed = ", as packed or quantised weights do" * bool(_PACKED.fullmatch(kind.lower()))
            left_out.append(f"{name} holds {kind}{packed}, which gradients do not train")
        elif why := _no_layer(tensor.name):
            left_out.append(f"{name} {why}")
        elif not all(1 <= length <= _LARGEST_DIM for length in shape):
            left_out.append(f"{name} has a shape outside 1..{_LARGEST_DIM}: {'x'.join(map(shown, shape))}")
        else:
            matrices.append((name, (shape[0], shape[1])))
            adapters += [(name, tensor.rank)] * bool(tensor.rank)
            forms += [(name, tensor.form)] * bool(tensor.form)
    return Shapes(tuple(matrices), tuple(left_out), tuple(adapters), tuple(forms))
