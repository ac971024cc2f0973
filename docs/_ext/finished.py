"""What the built pages must be: readable without a network, no formula as it was typed, no empty box, no object."""

import re
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

_LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*\b(?:src|srcset|data)=["']((?:https?:)?//[^"']*)"""
    r"""|<link\b(?=[^>]*\brel=["'](?:stylesheet|(?:module)?preload|(?:shortcut )?icon|preconnect|dns-prefetch)["'])"""
    r"""[^>]*\bhref=["']((?:https?:)?//[^"']*)"""
)
_STYLED = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')]*)""")
_MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
_TYPED = re.compile(r"\\[A-Za-z]+|\\[(\[]|&amp;")
_EMPTY = re.compile(r'<div class="output[^"]*">\s*</div>')
_OBJECT = re.compile(r"&lt;matplotlib[^\n]*&gt;|\bText\([^\n]*")

_log = logging.getLogger(__name__)


def faults(name: str, text: str) -> Iterator[str]:
    """Yield what is wrong with a built page or style sheet."""
    for found in (_LOADED if name.endswith(".html") else _STYLED).findall(text):
        yield f"{name} loads {''.join(found)}"
    for formula in _MATH.findall(text):
        if left := _TYPED.search(formula):
            yield f"{name} has a formula with {left[0]}: {formula[:200]}"
    if empty := _EMPTY.search(text):
        yield f"{name} shows an output with nothing in it, a white bar in the dark: {empty[0]}"
    if shown := _OBJECT.search(text):
        yield f"{name} shows an object, does a cell end with what draws, and without a semicolon? {shown[0]}"


def look(app: Sphinx, failed: Exception | None) -> None:
    """Read all that was built."""
    if failed is None and app.builder.format == "html":
        folder = Path(app.outdir)
        for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.css")]):
            for fault in faults(str(path.relative_to(folder)), path.read_text(encoding="utf-8")):
                _log.warning("%s", fault)


def setup(app: Sphinx) -> dict[str, bool]:
    """Look when all is built."""
    app.connect("build-finished", look)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
