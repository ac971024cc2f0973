"""A check that a problem has passed is not made again, and a check that it failed is."""

import dataclasses

import numpy as np
import pytest

from rac_theory.cases.case import check_once
from rac_theory.problems import Quadratic


class Counting:
    """A check that counts its calls, and can fail."""

    def __init__(self, fails=False):
        self.calls, self.fails = 0, fails

    def __call__(self, problem, W):
        self.calls += 1
        if self.fails:
            raise ValueError("wrong")


def test_the_same_problem_from_the_same_start_is_checked_once():
    check, other = Counting(), Counting()
    problem, equal, unlike = (Quadratic.left(scale * np.eye(2), np.ones((2, 1))) for scale in (1, 1, 2))
    for W in (np.zeros((2, 1)), np.zeros((2, 1)), np.ones((2, 1)), np.zeros((2, 1))):
        check_once(check, problem, W)
    assert check.calls == 3  # only the last start is remembered
    check_once(check, equal, np.zeros((2, 1)))
    assert check.calls == 3
    check_once(check, unlike, np.zeros((2, 1)))
    check_once(other, problem, np.zeros((2, 1)))
    assert (check.calls, other.calls) == (4, 1)


def test_a_failure_is_not_remembered():
    check = Counting(fails=True)
    problem = Quadratic.left(np.eye(2), np.ones((2, 1)))
    for _ in range(2):
        with pytest.raises(ValueError, match="wrong"):
            check_once(check, problem, np.zeros((2, 1)))
    assert check.calls == 2


def test_a_problem_without_a_hash_is_checked_each_time():
    @dataclasses.dataclass
    class Plain:
        name: str = ""

    check = Counting()
    for _ in range(2):
        check_once(check, Plain(), np.zeros((2, 1)))
    assert check.calls == 2
