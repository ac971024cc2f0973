"""Figures as data URIs, so that a page holds them."""

import base64
import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

# What may not stand in an attribute as it is: little of a drawing, which so stays a third shorter than in base64.
_UNSAFE = re.compile(r"[^\w /:;=,()!*$@+?~.-]+", re.ASCII)


def data_uri(path: Path) -> str | None:
    """Return an SVG or PNG file as a data URI; None where there is no such file."""
    try:
        if path.suffix == ".svg":
            words = " ".join(path.read_text(encoding="utf-8").split())
            return "data:image/svg+xml," + _UNSAFE.sub(lambda letters: _quoted(letters[0]), words)
        return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
    except OSError:
        return None


@lru_cache(maxsize=1024)
def _quoted(letters: str) -> str:
    """Quote letters that drawings repeat by the thousand."""
    return quote(letters)
