"""Labels of every kind that can be sorted."""

import numpy as np
import pytest

from rac_theory.base.checks import sorted_classes
from tests.as_one_test import as_one_test


@as_one_test(
    "labels",
    [
        [3, 1, 2, 1],
        ["c", "a", "b", "a"],
        [0.5, -1.0, 0.0, -1.0],
        [b"c", b"a", b"b", b"a"],
        [10**400, 0, 1, 0],
        np.array(["z", "x", "y", "x"], dtype=object),
    ],
)
def test_positions_point_into_the_sorted_classes(labels):
    """Which are read-only. Catches positions that are not those of the labels, and an order of first sight."""
    classes, positions = sorted_classes("labels", labels, 4)
    assert positions.tolist() == [2, 0, 1, 0]
    assert [classes[p] for p in positions] == list(labels)
    assert not classes.flags.writeable
    assert not positions.flags.writeable


def test_booleans_are_numbers():
    for labels in ([True, False, True], [1, True, 0]):
        assert sorted_classes("labels", labels, 3)[1].tolist() == np.array(labels, int).tolist()


@as_one_test(
    ("labels", "message"),
    [
        (np.array([0.0, 1.0, np.nan], dtype=object), "labels must be finite, got nan or infinite labels"),
        ([0.0, 1.0, -np.inf], "labels must be finite, got nan or infinite labels"),
        ([0.0, 1.0, np.inf], "labels must be finite, got nan or infinite labels"),
        (["a", "b", np.nan], "labels must be labels of one kind, got a mixture of numbers and strings"),
        (np.array(["a", None, "b"], dtype=object), "got a mixture of NoneType and strings"),
        (np.ma.array([0, 1, 1], mask=[0, 0, 1]), r"labels must be an array of labels, got a masked array"),
        (np.array([0, 1j, 1]), "labels must be numbers, strings or booleans, got complex128"),
        ([0j, 1j, 1j], "labels must be numbers, strings or booleans, got complex"),
        ([[0], [1, 2], [3]], "labels must be an array of labels, got list, which is no array"),
        (["\x1b[31m"] * 3, r"labels must have at least two distinct labels, got 1: \\x1b\[31m"),
        (None, r"labels must have 1 axis, got shape \(\)"),
    ],
)
def test_labels_that_are_none_are_named(labels, message):
    with pytest.raises(ValueError, match=message):
        sorted_classes("labels", labels, 3)
