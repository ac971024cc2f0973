"""Labels of every kind that can be sorted."""

import numpy as np
import pytest

from rac_theory.base.checks import sorted_classes


@pytest.mark.parametrize("labels", [[3, 1, 2, 1], ["c", "a", "b", "a"], [0.5, -1.0, 0.0, -1.0]])
def test_positions_point_into_the_sorted_classes(labels):
    classes, positions = sorted_classes("labels", labels, 4)
    np.testing.assert_array_equal(positions, [2, 0, 1, 0])
    np.testing.assert_array_equal(classes[positions], labels)


def test_results_are_read_only():
    for result in sorted_classes("labels", [1, 2], 2):
        with pytest.raises(ValueError, match="read-only"):
            result[0] = 0


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0.0, 1.0, np.nan], dtype=object), "labels must be finite, got nan or infinite labels"),
        ([0.0, 1.0, np.nan], "labels must be finite"),
        (["a", "b", np.nan], "labels must be labels of one kind, got a mixture of numbers and strings"),
        ([1, 2, "3"], "labels must be labels of one kind, got a mixture of numbers and strings"),
        (np.array(["a", None, "b"], dtype=object), "got a mixture of NoneType and strings"),
        (np.ma.array([0, 1, 1], mask=[0, 0, 1]), r"labels must be an array of labels, got a masked array"),
        (np.array([0, 1j, 1]), "labels must be numbers, strings or booleans, got complex128"),
        ([0j, 1j, 1j], "labels must be numbers, strings or booleans, got complex"),
        (np.array(["2020", "2021", "2021"], dtype="M8[D]"), r"labels must be numbers, .*, got datetime64\[D\]"),
        ([None, None, None], "labels must be numbers, strings or booleans, got NoneType"),
        ([[0], [1, 2], [3]], "labels must be an array of labels, got list, which is no array"),
        (["\x1b[31m"] * 3, r"labels must have at least two distinct labels, got 1: \\x1b\[31m"),
    ],
)
def test_labels_that_are_none_are_named(labels, message):
    with pytest.raises(ValueError, match=message):
        sorted_classes("labels", labels, 3)


@pytest.mark.parametrize(
    "labels",
    [[True, False, True], [1, True, 0], [b"a", b"b", b"a"], [10**400, 1, 1], np.array(["x", "y", "x"], dtype=object)],
)
def test_labels_of_every_kind(labels):
    classes, positions = sorted_classes("labels", labels, 3)
    assert [classes[p] for p in positions] == list(labels)


def test_a_scalar_is_named():
    with pytest.raises(ValueError, match=r"labels must have 1 axis, got shape \(\)"):
        sorted_classes("labels", None, 3)
