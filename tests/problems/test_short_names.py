"""The one-line repr of a problem made from data, of which arrays are digests."""

import re

import numpy as np
import pytest

from rac_theory.base import digest, exactly
from rac_theory.problems.datasets import short_name


class Loss:
    pass


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", r"Loss\(20x3 #[0-9a-f]{8}, l2=0.5\)"),
        ("digits()", r"Loss\.digits\(l2=0.5\)"),
        ("svmlight('mushrooms')", r"Loss\.svmlight\('mushrooms' #[0-9a-f]{8}, l2=0.5\)"),
    ],
)
def test_the_source_is_named_where_it_is_known(source, expected):
    assert re.fullmatch(expected, short_name(Loss(), source, (20, 3), np.ones(3), l2=0.5))


def test_digests_tell_shapes_types_and_orders_apart():
    a = np.arange(6.0)
    same = [digest(a), digest(a.tolist()), digest(np.arange(12.0)[::2] / 2)]
    others = [
        digest(a.reshape(2, 3)),
        digest(a[::-1]),
        digest(a.astype(np.float32)),
        digest(a, None),
        digest(list("ab")),
    ]
    assert len(set(same)) == 1
    assert len({*same, *others}) == 6


@pytest.mark.parametrize(("number", "text"), [(0.0, "0"), (2, "2"), (0.1, "0.1"), (1 / 3, "0.3333333333333333")])
def test_numbers_are_exact_and_short(number, text):
    assert exactly(number) == text
