"""Packs: what rows open, compressed a few dozen rows at a time, so that the page stays small and opens fast."""

import base64
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

ROWS = 50
"""How many rows are in a pack: drawings are alike, and what opens one row unpacks no more than these."""

LETTERS = 2_000_000
"""How many letters are in a pack of several rows, before they are compressed."""

T = TypeVar("T")


class Pack(NamedTuple):
    """Some HTML fragments as letters that are safe in HTML, and how many they are."""

    rows: int
    text: str


def pack(fragments: Iterable[str]) -> Iterator[Pack]:
    """Yield packs of HTML fragments."""
    return (packed(some) for some in together(fragments, lambda fragment: (1, len(fragment))))


def together(
    items: Iterable[T], size: Callable[[T], tuple[int, int]], most: tuple[int, int] | None = None
) -> Iterator[list[T]]:
    """Yield as many items at a time as have so many rows and letters, by default those of a pack, or a larger one."""
    some: list[T] = []
    rows = letters = 0
    limits = most or (ROWS, LETTERS)
    for item in items:
        more_rows, more_letters = size(item)
        if some and (rows + more_rows > limits[0] or letters + more_letters > limits[1]):
            yield some
            some, rows, letters = [], 0, 0
        some.append(item)
        rows, letters = rows + more_rows, letters + more_letters
    if some:
        yield some


def packed(values: list[Any]) -> Pack:
    """Return plain data as one pack."""
    return Pack(len(values), _compressed(values, 9))


def room(values: list[Any]) -> int:
    """Return about how many letters a pack of plain data has, and no fewer, in a fraction of the time."""
    return len(_compressed(values, 1))


def _compressed(values: list[Any], level: int) -> str:
    written = json.dumps(values, ensure_ascii=False).encode("utf-8", "replace")
    return base64.b64encode(zlib.compress(written, level)).decode()
