"""The one-line repr of a problem made from data."""

import pytest

from problems.naming import short_name


class Loss:
    pass


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", "Loss(20x3, l2=0.5)"),
        ("digits()", "Loss.digits(l2=0.5)"),
        ("svmlight('mushrooms')", "Loss.svmlight('mushrooms', l2=0.5)"),
    ],
)
def test_the_source_is_named_where_it_is_known(source, expected):
    assert short_name(Loss(), source, (20, 3), l2=0.5) == expected
