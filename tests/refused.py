"""Calls that must be refused, each with its own words."""

from collections.abc import Callable
from typing import Any

import pytest


def refused(*cases: tuple[Callable[[], Any], str], error: type[Exception] = ValueError) -> None:
    """Each call raises the error, with a message in which its words are found: what is not refused is named in a note."""
    for call, words in cases:
        try:
            with pytest.raises(error, match=words):
                call()
        except BaseException as failure:
            failure.add_note(f"where it should be told: {words}")
            raise
