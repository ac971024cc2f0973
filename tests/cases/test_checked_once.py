"""A check that a problem has passed is not made again, and a check that it failed is."""

from unittest.mock import Mock

import numpy as np
import pytest

from rac_theory.cases.case import check_once
from rac_theory.problems import Quadratic


def test_the_same_problem_from_the_same_start_is_checked_once():
    check, other = Mock(), Mock()
    problem, equal, unlike = (Quadratic.left(scale * np.eye(2), np.ones((2, 1))) for scale in (1, 1, 2))
    for W in (np.zeros((2, 1)), np.zeros((2, 1)), np.ones((2, 1)), np.zeros((2, 1))):
        check_once(check, problem, W)
    assert check.call_count == 3  # only the last start is remembered
    check_once(check, equal, np.zeros((2, 1)))
    assert check.call_count == 3
    check_once(check, unlike, np.zeros((2, 1)))
    check_once(other, problem, np.zeros((2, 1)))
    assert (check.call_count, other.call_count) == (4, 1)


def test_a_failure_is_not_remembered():
    check, problem = Mock(side_effect=ValueError("wrong")), Quadratic.left(np.eye(2), np.ones((2, 1)))
    for _ in range(2):
        with pytest.raises(ValueError, match="wrong"):
            check_once(check, problem, np.zeros((2, 1)))
    assert check.call_count == 2


def test_a_problem_without_a_hash_is_checked_each_time():
    plain = type("Plain", (), {"__hash__": None})()
    check = Mock()
    for _ in range(2):
        check_once(check, plain, np.zeros((2, 1)))
    assert check.call_count == 2
