"""Small cases of one test, one after the other: to start a test takes longer than most of them."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

ParameterSet = type(pytest.param())


def as_one_test(
    names: str | tuple[str, ...], cases: Iterable[Any], ids: Any = None
) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Take the place of ``pytest.mark.parametrize`` where a case takes microseconds: what fails is named in a note."""
    places = [name.strip() for name in names.split(",")] if isinstance(names, str) else names
    rows = [case.values if isinstance(case, ParameterSet) else (case,) if len(places) == 1 else case for case in cases]
    labels = rows if ids is None or callable(ids) else [*ids]
    assert len(labels) == len(rows) > 0

    def decorated(test: Callable[..., None]) -> Callable[[], None]:
        def run() -> None:
            for label, row in zip(labels, rows, strict=True):
                try:
                    test(**dict(zip(places, row, strict=True)))
                except BaseException as error:
                    error.add_note(f"in the case {label}")
                    raise

        run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
        return run

    return decorated
