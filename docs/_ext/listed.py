"""What the pages of the reference list: names in a package, one a line, dotted where they are in a module of it.

A mapping of sketches stands for the classes of these, in its order.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

_BLOCK = re.compile(r"^```\{reference\} ([\w.]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def on_the_page(text: str) -> Iterator[tuple[str, str]]:
    """Yield the package and the name of each entry of a page."""
    for package, lines in _BLOCK.findall(text):
        yield from ((package, name) for name in names(package, lines.splitlines()))


def names(package: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield the names that lines stand for."""
    for line in filter(None, map(str.strip, lines)):
        value = found(package, line) if line.split(".")[0] != "torch" else None  # which needs an extra
        if isinstance(value, Mapping):
            place = line.rpartition(".")[0]
            yield from (f"{place}.{type(make(4, 2)).__name__}" for make in value.values())
        else:
            yield line


def found(package: str, name: str) -> Any:
    """Return what a dotted name is, importing the modules that it goes through."""
    value: Any = import_module(package)
    for part in name.split("."):
        if not hasattr(value, part):
            import_module(f"{value.__name__}.{part}")
        value = getattr(value, part)
    return value
