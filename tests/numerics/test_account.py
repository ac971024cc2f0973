"""An account of significance: what is drawn adds up, and cannot be more than alpha."""

import pytest

from rac_theory.numerics.evidence import Account, for_constants


def test_parts_add_up_and_nothing_is_overdrawn():
    account = Account(0.01)
    assert account.draw("one", 0.004) == 0.004
    assert account.draw("one", 0.001) == 0.001
    assert account.left == pytest.approx(0.005)
    with pytest.raises(
        ValueError, match=r"levels must add up to at most alpha=0\.01, got 0\.0051 for two on top of one"
    ):
        account.draw("two", 0.0051)
    assert account.rest("runs") == pytest.approx(0.005)
    assert account.spent == {"one": 0.005, "runs": pytest.approx(0.005)}
    assert account.left == 0.0
    with pytest.raises(ValueError, match=r"alpha=0\.01 must leave something for more"):
        account.rest("more")


def test_a_hundred_parts_of_a_hundredth_are_all_of_it():
    """In floating point they come to a hair more, which is no overdraft; one part more is."""
    account = Account(0.1)
    for _ in range(100):
        account.draw("a look", 0.001)
    with pytest.raises(ValueError, match="levels must add up"):
        account.draw("a look", 0.001)


def test_no_more_is_left_than_rounding():
    """A millionth of a millionth of alpha. Catches one that is larger, or not relative; nothing may be drawn, too."""
    assert Account(0.5).draw("all", 0.5 + 1e-12 * 0.5) > 0.5
    with pytest.raises(ValueError, match="levels must add up"):
        Account(0.5).draw("more", 0.5 + 1.1e-12 * 0.5)
    account = Account(0.5)
    assert account.draw("nothing", 0.0) == 0.0
    account.draw("most", 0.5 - 1e-12)
    assert account.rest("a hair") == pytest.approx(1e-12, rel=1e-3)
    assert Account(0.999).left == 0.999


def test_no_level_is_negative_or_unknown_and_what_was_spent_cannot_be_written_to():
    for level in (-1e-9, float("nan"), 0.2):
        with pytest.raises(ValueError, match="levels must add up"):
            Account(0.1).draw("nothing", level)
    with pytest.raises(TypeError):
        Account(0.1).spent["runs"] = 0.0
    with pytest.raises(ValueError, match="alpha must be a finite number"):
        Account(1.0)


def test_rows_share_half_of_alpha():
    assert for_constants(0.01, 5) == 0.001
    assert for_constants(0.01, 0) == 0.005
