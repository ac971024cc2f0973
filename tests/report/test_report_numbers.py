"""Numbers on the page of the report."""

import pytest

from rac_theory.report import numbers


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0.0, "0"),
        (1.2345, "1.23"),
        (8764.2, "8,760"),
        (1.34e6, "1.34e6"),
        (4.4e-16, "4.4e−16"),
        (-2, "−2"),
    ],
)
def test_numbers(value, shown):
    assert numbers.number(value, 3) == shown


def test_intervals_and_rates():
    """An interval without an end is open there; the power of t is a superscript, the factor is none."""
    assert numbers.interval(0.5, None) == "[0.5, ∞)"
    assert numbers.interval(None, 2.0) == "[0, 2]"
    assert numbers.interval(1.0, 1.0) == ""
    power = {"kind": "sublinear", "value": -1.0, "low": -1.1, "high": -0.9, "first": 1, "last": 2}
    assert numbers.rate_interval(power) == "t<sup>−1.00</sup> [t<sup>−1.10</sup>, t<sup>−0.90</sup>]"
    assert numbers.rate(power | {"kind": "linear", "value": 0.5}) == "0.5000"
    assert numbers.rate_interval(power | {"low": None}) == "t<sup>−1.00</sup>"
