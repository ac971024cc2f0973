"""The fuzzing of constructors, at a thirtieth of its size: no case of a fixed seed is wrong, and faults are seen."""

import sys
import warnings

import numpy as np
import pytest

from rac_theory.problems import LeastSquares, Quadratic

from . import constructors


def test_no_argument_makes_more_than_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["constructors", "--count", "350", "--seed", "100000"])
    assert constructors.main() == 0, capsys.readouterr().out


def raising(error):
    def make(x):
        raise error

    return make


def warns(x):
    warnings.warn("overflow", RuntimeWarning, stacklevel=1)


class Lying(Quadratic):
    """Whose L is a tenth of the truth, so that steps up to 1/L climb."""

    def __post_init__(self):
        super().__post_init__()
        vars(self).update(L=self.L / 10, mu=self.mu / 10)


@pytest.mark.parametrize(
    ("make", "outcome"),
    [
        (raising(TypeError("unsupported operand")), "TypeError"),
        (raising(ValueError("iterator is too large")), "a sentence that names no argument"),
        (raising(ValueError("x must be plain, got \x1b[31m")), "a sentence that cannot be shown"),
        (warns, "RuntimeWarning"),
        (lambda x: Lying(np.ones((3, 1)), S=np.diag([1.0, 2, 3])), "is VIOLATED"),
        (lambda x: LeastSquares(np.eye(2), [1.0, 2.0]), "works"),
    ],
)
def test_what_is_wrong_is_seen(monkeypatch, make, outcome):
    monkeypatch.setattr(constructors.targets, "pick", lambda rng: ("made up", make, {"x": 1}))
    assert any(outcome in constructors.attempt(seed)[2] for seed in range(5))
