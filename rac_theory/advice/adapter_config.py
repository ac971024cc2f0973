"""What ``adapter_config.json`` says of an adapter, as PEFT saves it: its rank, its lora_alpha, and what else."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rac_theory.base import printable, shown, type_name

_LARGEST = 1_000_000  # bytes
_LARGEST_RANK, _LARGEST_ALPHA = 1_000_000, 1e300
_LORA = "LORA"


class AdapterConfig(NamedTuple):
    """An adapter, before any of its numbers are looked at.

    Attributes
    ----------
    kind : str
        As PEFT calls it: "LORA", "LOHA", "LOKR" and others.
    rank : int
        r; of single layers the file of factors says it.
    lora_alpha : float
        In y = W x + (lora_alpha / r) B A x; nan for kinds that have none.
    by_root : bool
        Whether it is over the square root of r instead: rsLoRA.
    remarks : tuple of str
        What it does besides that no theorem here is about.

    Examples
    --------
    >>> from rac_theory.advice.adapter_config import AdapterConfig
    >>> AdapterConfig("LORA", 16, 32.0, by_root=True).scale(16)
    8.0
    """

    kind: str
    rank: int
    lora_alpha: float
    by_root: bool = False
    remarks: tuple[str, ...] = ()

    def scale(self, rank: int) -> float:
        """What B A is multiplied by at some rank.

        Parameters
        ----------
        rank : int

        Returns
        -------
        float
            ``lora_alpha / rank``, or ``lora_alpha / sqrt(rank)`` with rsLoRA.
        """
        return self.lora_alpha / (math.sqrt(rank) if self.by_root else rank)


def config_beside(path: str) -> AdapterConfig | None:
    """Return what the configuration in the folder of a file says; None where there is none.

    Raises
    ------
    ValueError
        If it is no configuration of an adapter.
    """
    config_path = Path(path).parent / "adapter_config.json"
    if not config_path.is_file():
        return None
    name = printable(str(config_path))
    with config_path.open("rb") as file:
        text = file.read(_LARGEST + 1)
    try:
        read = json.loads(text.decode("utf-8")) if len(text) <= _LARGEST else None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} must be JSON, got {printable(str(error))}") from error
    if not isinstance(read, dict):
        raise ValueError(f"{name} must be an object with the settings of an adapter, got a {type_name(read)}")
    kind, rank, alpha = (read.get(key) for key in ("peft_type", "r", "lora_alpha"))
    if not isinstance(kind, str) or not re.fullmatch(r"\w{1,40}", kind):
        raise ValueError(f"{name} must have a peft_type, such as LORA, got {shown(kind)}")
    if type(rank) is not int or not 1 <= rank <= _LARGEST_RANK:
        raise ValueError(f"{name} must have r, the rank, an integer >= 1, got {shown(rank)}")
    number = isinstance(alpha, int | float) and not isinstance(alpha, bool) and 0 < alpha < _LARGEST_ALPHA
    if kind == _LORA and not number:
        raise ValueError(f"{name} must have lora_alpha, a number > 0, got {shown(alpha)}")
    lora_alpha = float(alpha) if kind == _LORA and alpha is not None else math.nan
    return AdapterConfig(kind, rank, lora_alpha, read.get("use_rslora") is True, tuple(_remarks(read)))


def _remarks(read: Mapping[str, Any]) -> Iterator[str]:
    start = str(read.get("init_lora_weights", "")).lower()
    if read.get("use_dora") is True:
        yield "DoRA trains the length of each row of W as well, which is not counted"
    if start.startswith("pissa"):
        yield "PiSSA begins with the leading singular vectors of W, which are no fresh draw"
    if read.get("lora_dropout", 0):
        yield "dropout makes another f of each step"
    if read.get("rank_pattern") or read.get("alpha_pattern"):
        yield "some layers have a rank of their own, which is read, or a lora_alpha of their own, which is not"
