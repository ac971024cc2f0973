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
    again = re.search(r"again +(.*)", str(failed.value)).group(1)
    names = {"assert_mean_below": assert_mean_below, "curves": curves, "bound": bound, **more}
    with pytest.raises(NotShown, match=words.replace("loss", "metric")):
        eval(again, names)


def test_the_fixture_is_the_assertion(rac_mean_below):
    assert rac_mean_below is assert_mean_below


@pytest.mark.long
def test_the_level_of_the_session_and_the_summary(pytester_like):
    """Catches a fixture that is not found, a level that is not heard, and a claim that the summary does not count."""
    done = pytester_like(
        "import numpy as np\n"
        "def test_mine(rac_mean_below, rac_rng):\n"
        "    losses = rac_rng.beta(2, 8, size=300)\n"
        "    assert rac_mean_below(losses, 0.4, ceiling=1.0, metric='loss').alpha == 0.002\n",
        "--rac-alpha=0.002",
        "-v",
    )
    assert "E[loss] <= bound, alpha=0.002" in done.stdout
    assert "claims tried: 1 HOLDS; one or more false answers with probability at most 0.002" in done.stdout


@pytest.fixture
def pytester_like(tmp_path):
    """Run pytest in a process of its own on a file."""
    import subprocess
    import sys

    def run(content, *options):
        (tmp_path / "test_it.py").write_text(content)
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100)

    return run
