"""A table of cases, and classes that differ from others by a member."""

import pytest


def cases(names, *rows, **more):
    """Ask a test of each row, as ``pytest.mark.parametrize`` does."""
    return pytest.mark.parametrize(names, rows, **more)


def altered(base, /, **members):
    """A class with other members, called as its base."""
    return type(base.__name__, (base,), members)
