"""A call that is refused as something is missing, in one line."""

from functools import partial

from rac_theory.proofs import Missing
from tests.algebra.refused import refused, wrong

__all__ = ["missing", "refused", "wrong"]

missing = partial(refused, Missing)
