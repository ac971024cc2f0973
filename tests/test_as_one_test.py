"""Cases that are one test: each is run, and the one that fails is named."""

import pytest

from tests.as_one_test import as_one_test


def test_each_case_is_run_and_the_one_that_fails_is_named():
    """Of one name or of several, listed or from ``pytest.param``; none at all would be a test of nothing."""
    ran = []
    as_one_test("x", [(1, 2), 3])(lambda x: ran.append(x))()
    as_one_test("x, y", [(1, 2), pytest.param(3, 4)])(lambda x, y: ran.append(x + y))()
    assert ran == [(1, 2), 3, 3, 7]
    for ids, label in ((None, (0,)), (["one", "zero"], "zero")):
        with pytest.raises(ZeroDivisionError) as raised:
            as_one_test("x", [1, 0], ids=ids)(lambda x: 1 / x)()
        assert raised.value.__notes__ == [f"in the case {label}"]
    for cases, ids in (([], None), ([1], ["one", "two"])):
        with pytest.raises(AssertionError):
            as_one_test("x", cases, ids=ids)
