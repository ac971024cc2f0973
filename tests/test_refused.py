"""What is to be refused, and is not, or in other words, fails and is named."""

import pytest

from tests.refused import refused, refuses


def test_what_is_not_refused_is_named():
    """Catches a helper that looks at the first case alone, at no words, or at the kind of error alone."""
    assert refuses(int, {"a": "invalid literal", "1.5": "'1.5'"})[1].endswith("'1.5'")
    assert refused((lambda: [][0], "out of range"), error=IndexError) == ["list index out of range"]
    for wrong in ((lambda: int("2"), "two"), (lambda: int("b"), "two"), (lambda: [][0], "two")):
        with pytest.raises((pytest.fail.Exception, AssertionError, IndexError)) as raised:
            refused((lambda: int("a"), "invalid literal"), wrong)
        assert raised.value.__notes__ == ["it should have been refused with: two"]
    with pytest.raises(AssertionError):
        refuses(int, {})
