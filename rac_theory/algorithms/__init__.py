"""The algorithms, one file each."""

from rac_theory.algorithms.rac_lora import GD, RACLoRA, Side

__all__ = ["GD", "RACLoRA", "Side"]
