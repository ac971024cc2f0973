"""The reference: a page for each subject, with its names in a table and then in full, members inside."""

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from docutils import nodes
from listed import found, names
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class ReferenceDirective(SphinxDirective):
    """``{reference} package``: names in a package, one a line, as ``listed`` says."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Write a table and an entry for each name, and read them."""
        package = self.arguments[0]
        return self.parse_text_to_nodes("\n".join(_page(package, [*names(package, self.content)])))


def _page(package: str, entries: Sequence[str]) -> Iterator[str]:
    yield from ("```{eval-rst}", f".. currentmodule:: {package}", "", ".. autosummary::", "   :nosignatures:", "")
    yield from (f"   {name}" for name in entries)
    for name in entries:
        yield from ("", *_entry(f"{package}.{name}", found(package, name)))
    yield "```"


def _entry(name: str, value: Any) -> Iterator[str]:
    """The directive that fits a value; of a class all members that have a docstring."""
    if not inspect.isclass(value):
        yield f".. autofunction:: {name}"
    else:
        yield f".. {'autoexception' if issubclass(value, Exception) else 'autoclass'}:: {name}"
        yield "   :members:"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("reference", ReferenceDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
