"""What assertions are tried on, and their failures: what is raised, and what the line that repeats it raises again.

And what a check refuses with, and with what it calls its parts.
"""

import re
from contextlib import nullcontext

import numpy as np
import pytest

from rac_theory import Case, RACLoRA, sketches
from rac_theory.problems import LeastSquares
from rac_theory.testing import NotShown, Refuted, assert_converges_to, assert_does_not_converge, assert_rate_bound

DATA = np.random.default_rng(0)
PROBLEM = LeastSquares(DATA.standard_normal((20, 6)), DATA.standard_normal((20, 2)))
RAC = RACLoRA(sketches.Coordinate(dim=6, rank=2), gamma=1 / PROBLEM.L)
FROZEN = Case(RACLoRA(sketches.Frozen(np.eye(6)[:, :2]), gamma=1 / PROBLEM.L), PROBLEM, steps=300)


def failure(call, *arguments, **given):
    """What is raised; of a failure pytest is not to show our own lines."""
    with pytest.raises(NotShown) as raised:
        call(*arguments, **given)
    own = [frame for frame in raised.traceback if "rac_theory/testing/" in str(frame.path)]
    assert own
    assert all(frame.ishidden(raised) for frame in own)
    return raised.value


def repeated(message, **names):
    """What the last line of a message raises when it is run."""
    line = message.splitlines()[-1].split(maxsplit=1)[1]
    functions = (assert_rate_bound, assert_converges_to, assert_does_not_converge)
    return str(failure(eval, line, {f.__name__: f for f in functions} | names | {"np": np}))


def refuted(words, check, *arguments, **given):
    """What a check refuses with, in these words, a regular expression; where there are none, it does not refuse."""
    with pytest.raises(Refuted, match=words) if words else nullcontext() as caught:
        check(*arguments, **given)
    return caught and caught.value


def refusal(check, *arguments, **given):
    """The sentence with which a check refuses, empty if it does not."""
    try:
        check(*arguments, **given)
    except Refuted as error:
        return str(error)
    return ""


def expect_refusal(words, check, *arguments, **given):
    """The same with words that are taken as they are."""
    refuted(re.escape(words), check, *arguments, **given)


def heard(monkeypatch, place, name, answer=None):
    """The arguments of all calls of a function, which answers this in place of its own, or what another one does."""
    seen = []

    def watched(*arguments, **given):
        seen.append((*arguments, *given.values()))
        return answer(*arguments, **given) if callable(answer) else answer

    monkeypatch.setattr(place, name, watched)
    return seen
