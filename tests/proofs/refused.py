"""A call that is refused, and why, in one line."""

from functools import partial

import pytest

from rac_theory.proofs import Missing


def refused(error, why, call, *arguments, **named):
    with pytest.raises(error, match=why):
        call(*arguments, **named)


missing, wrong = partial(refused, Missing), partial(refused, ValueError)
