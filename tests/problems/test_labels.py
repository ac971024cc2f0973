"""Labels of every kind that can be sorted."""

import numpy as np
import pytest

from problems.labels import sorted_classes


@pytest.mark.parametrize("labels", [[3, 1, 2, 1], ["c", "a", "b", "a"], [0.5, -1.0, 0.0, -1.0]])
def test_positions_point_into_the_sorted_classes(labels):
    classes, positions = sorted_classes("labels", labels, 4)
    np.testing.assert_array_equal(positions, [2, 0, 1, 0])
    np.testing.assert_array_equal(classes[positions], labels)


def test_results_are_read_only():
    for result in sorted_classes("labels", [1, 2], 2):
        with pytest.raises(ValueError, match="read-only"):
            result[0] = 0


def test_a_scalar_is_named():
    with pytest.raises(ValueError, match=r"labels must have 1 axis, got shape \(\)"):
        sorted_classes("labels", None, 3)
