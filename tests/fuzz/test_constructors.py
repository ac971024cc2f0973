"""The fuzzing of constructors, at a thirtieth of its size: no case of a fixed seed is wrong, and faults are seen."""

import importlib
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from rac_theory.problems import LeastSquares, Quadratic


@pytest.fixture
def fuzz(monkeypatch):
    """The command, as a module; it needs its neighbours, and makes errors of warnings."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    yield importlib.import_module("constructors")
    for name in ("constructors", "targets", "nonsense"):
        sys.modules.pop(name)


def test_no_argument_makes_more_than_a_sentence(fuzz, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["constructors.py", "--count", "350", "--seed", "100000"])
    assert fuzz.main() == 0, capsys.readouterr().out


def falls(x):
    raise TypeError("unsupported operand")


def mumbles(x):
    raise ValueError("iterator is too large")


def obeys(x):
    raise ValueError("x must be plain, got \x1b[31m")


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
        (falls, "TypeError"),
        (mumbles, "a sentence that names no argument"),
        (obeys, "a sentence that cannot be shown"),
        (warns, "RuntimeWarning"),
        (lambda x: Lying(np.ones((3, 1)), S=np.diag([1.0, 2, 3])), "is VIOLATED"),
        (lambda x: LeastSquares(np.eye(2), [1.0, 2.0]), "works"),
    ],
)
def test_what_is_wrong_is_seen(fuzz, monkeypatch, make, outcome):
    monkeypatch.setattr(fuzz.targets, "pick", lambda rng: ("made up", make, {"x": 1}))
    assert any(outcome in fuzz.attempt(seed)[2] for seed in range(5))
