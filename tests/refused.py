"""Calls that must be refused, each with its own words."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import pytest


def raises(error: Any, words: str | None, call: Callable[..., Any], *arguments: Any, **given: Any) -> None:
    """Expect that a call raises this error, with these words."""
    with pytest.raises(error, match=words):
        call(*arguments, **given)


wrong = partial(raises, ValueError)


def refused(*cases: tuple[Callable[[], Any], str], error: Any = ValueError) -> list[str]:
    """Return what each call says, in which its words are found, where it raises; what does not is named in a note."""
    assert cases
    said = []
    for call, words in cases:
        try:
            with pytest.raises(error, match=words) as raised:
                call()
        except BaseException as failure:
            failure.add_note(f"it should have been refused with: {words}")
            raise
        said.append(str(raised.value))
        del raised  # which holds this frame, and so all that the call had opened
    return said


def refuses(
    call: Callable[[Any], Any], cases: Mapping[Any, str] | Iterable[tuple[Any, str]], error: Any = ValueError
) -> list[str]:
    """Return what a call says to each of these arguments."""
    pairs = cases.items() if isinstance(cases, Mapping) else cases
    return refused(*((partial(call, one), words) for one, words in pairs), error=error)
