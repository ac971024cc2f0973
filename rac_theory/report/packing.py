"""Packs: what rows open, compressed a few dozen rows at a time, so that the page stays small and opens fast."""

import base64
import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

ROWS = 50
"""How many rows are in a pack: drawings are alike, and what opens one row unpacks no more than these."""


def pack(fragments: Sequence[str]) -> Iterator[str]:
    """Yield packs of HTML fragments, the letters of each safe in HTML."""
    for first in range(0, len(fragments), ROWS):
        yield packed(fragments[first : first + ROWS])


def packed(value: Any) -> str:
    """Return plain data as one pack."""
    return base64.b64encode(zlib.compress(json.dumps(value, ensure_ascii=False).encode(), 9)).decode()
