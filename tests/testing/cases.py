"""A table of cases."""

import pytest


def cases(names, *rows, **more):
    """Ask a test of each row, as ``pytest.mark.parametrize`` does."""
    return pytest.mark.parametrize(names, rows, **more)
