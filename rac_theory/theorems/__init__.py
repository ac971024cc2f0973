"""The theorems, by id (``theorems.T1``), by name (``theorems.rac_lora_gd_pl``), and all of them (``theorems.ALL``)."""

from collections.abc import Mapping
from types import MappingProxyType

from rac_theory.theorem import Theorem
from rac_theory.theorems.rac_lora_gd import (
    rac_lora_gd_nonconvex,
    rac_lora_gd_nonconvex_sharp,
    rac_lora_gd_pl,
    rac_lora_gd_pl_sharp,
)

T1 = rac_lora_gd_nonconvex
T2 = rac_lora_gd_pl
T1_sharp = rac_lora_gd_nonconvex_sharp
T2_sharp = rac_lora_gd_pl_sharp

ALL: Mapping[str, Theorem] = MappingProxyType({value.id: value for value in (T1, T2, T1_sharp, T2_sharp)})

__all__ = [
    "ALL",
    "T1",
    "T2",
    "T1_sharp",
    "T2_sharp",
    "rac_lora_gd_nonconvex",
    "rac_lora_gd_nonconvex_sharp",
    "rac_lora_gd_pl",
    "rac_lora_gd_pl_sharp",
]
