"""A call that is refused, and why, in one line."""

from functools import partial

import pytest


def refused(error, why, call, *arguments, **named):
    with pytest.raises(error, match=why):
        call(*arguments, **named)


wrong = partial(refused, ValueError)
