"""A call that is refused as something is missing, in one line."""

from functools import partial

from rac_theory.proofs import Missing
from tests.refused import raises

missing = partial(raises, Missing)
