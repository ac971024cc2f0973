"""assert_mean_below: what passes, what fails and says so, and the fixture that brings it into a test."""

import re

import numpy as np
import pytest

from rac_theory import Status
from rac_theory.testing import NotShown, assert_mean_below

LOSSES = np.random.default_rng(0).beta(2, 8, size=(400, 1))  # of mean 0.2


def test_what_holds_or_is_consistent_passes():
    assert assert_mean_below(LOSSES, 0.4, ceiling=1.0).status is Status.HOLDS
    assert assert_mean_below(LOSSES, 0.4).status is Status.CONSISTENT


@pytest.mark.parametrize(
    ("curves", "bound", "more", "status", "words"),
    [
        (LOSSES, 0.15, {"metric": "loss"}, Status.VIOLATED, r"E\[loss\] <= bound VIOLATED: refuted at level 1e-06"),
        (LOSSES[:9], 0.4, {}, Status.UNDECIDED, "9 runs are too few to see a violation by 50%"),
        (LOSSES, "T2", {"constants": {"gamma": 9.0, "L": 1, "mu": 0.01, "lambda_min": 0.5, "gap0": 1}},
         Status.NOT_APPLICABLE, r"gamma L <= 1 is not met: .*\. Nothing was tested\."),
    ],
)  # fmt: skip
def test_what_is_not_shown_fails_with_the_line_that_repeats_it(curves, bound, more, status, words):
    with pytest.raises(NotShown, match=words) as failed:
        assert_mean_below(curves, bound, **more)
    assert failed.value.finding.status is status
    assert all(one.ishidden(failed) for one in failed.traceback[1:])
    again = re.search(r"again +(.*)", str(failed.value)).group(1)
    names = {"assert_mean_below": assert_mean_below, "curves": curves, "bound": bound, **more}
    with pytest.raises(NotShown, match=words.replace("loss", "metric")):
        eval(again, names)


def test_the_fixture_is_the_assertion(rac_mean_below):
    assert rac_mean_below is assert_mean_below
