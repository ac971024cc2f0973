"""What a program printed: sentences wrap; tables keep their columns and scroll, on a wide screen and a narrow one."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

_GAP = re.compile(r"\S {2,}\S")


class Printed(nodes.container):  # type: ignore[misc]
    """Output, no narrower than its tables are."""


def width(text: str) -> int:
    """Return the length of the longest line that has columns: two spaces or more between words; 0 if none has."""
    return max((len(line) for line in text.splitlines() if _GAP.search(line.lstrip())), default=0)


def surround(app: Sphinx, page: nodes.document) -> None:
    """Put what cells and commands have printed into elements that know the width of their tables."""
    for block in list(page.findall(nodes.literal_block)):
        cell = any("cell_output" in parent.get("classes", ()) for parent in _parents(block))
        if cell or "run" in block["classes"]:
            block.replace_self(Printed("", block.deepcopy(), columns=width(block.astext())))


def _parents(node: nodes.Node) -> list[nodes.Element]:
    return [] if node.parent is None else [node.parent, *_parents(node.parent)]


def _begin(writer: Any, node: Printed) -> None:
    writer.body.append(f'<div class="printed" style="--columns: {node["columns"]}">')


def _end(writer: Any, node: Printed) -> None:
    writer.body.append("</div>")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the element, which other writers pass over."""
    nothing = (lambda writer, node: None, lambda writer, node: None)
    app.add_node(Printed, html=(_begin, _end), latex=nothing, text=nothing)
    app.connect("doctree-read", surround)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
