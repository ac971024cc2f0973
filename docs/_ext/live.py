"""What the pages take from the library instead of repeating it: statements of theorems, and output of commands."""

import inspect
import re
import shlex
import shutil
import tempfile
from pathlib import Path

import ending
import forked
import house
import statements
import yaml
from docutils import nodes
from docutils.parsers.rst import Directive, directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tables import table

from rac_theory import spectrum, theorems
from rac_theory.sketches import NAMED


class TheoremDirective(Directive):
    """``{theorem} T1``: the statement, assumptions, source and mark, as the theorem value has them."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Build a box."""
        value = {**theorems.ALL, theorems.T11.id: theorems.T11}[self.arguments[0]]
        box = nodes.admonition(classes=["theorem"])
        box += nodes.title("", f"{value.id}: {value.name}")
        box += nodes.math_block("", statements.display(value), number=None, label=None, nowrap=False, docname="")
        assumptions = nodes.bullet_list()
        for parts in value.typeset_assumptions:
            assumptions += nodes.list_item("", nodes.paragraph("", "", *statements.sentence(parts)))
        box += nodes.paragraph("", "", nodes.strong("", "Assumes"))
        box += assumptions
        about = f" {value.source}, marked “{value.mark}”."
        if isinstance(value, theorems.Theorem):
            about += f" Bounds the {value.metric.name}; {value.rate} rate."
        box += nodes.paragraph("", "", nodes.strong("", "Source"), nodes.Text(about))
        return [box]


class TightestDirective(SphinxDirective):
    """``{tightest}``: for each theorem the largest exact / bound that is known, and the case."""

    def run(self) -> list[nodes.Node]:
        """Build a table."""
        rows = []
        for value in theorems.ALL.values():
            ratio, case = (
                ("unknown", "") if value.tightest is None else (f"{value.tightest.ratio:g}", value.tightest.case)
            )
            rows.append(([nodes.literal("", value.id)], [nodes.Text(ratio)], [nodes.Text(case)]))
        return [table(("id", "exact / bound", "where"), (20, 15, 65), rows)]


class SymbolsDirective(SphinxDirective):
    """``{symbols}``: the symbols that theorems are written in."""

    def run(self) -> list[nodes.Node]:
        """Build a table."""
        heads = ("symbol", "in code", "meaning", "unit, scale", "rounded", "in")
        return [table(heads, (14, 14, 32, 12, 10, 18), list(statements.of_symbols()))]


class DefinitionsDirective(SphinxDirective):
    """``{definitions}``: the names that statements define."""

    def run(self) -> list[nodes.Node]:
        """Build a table."""
        return [table(("name", "meaning", "in"), (14, 56, 30), list(statements.of_definitions()))]


class SketchesDirective(SphinxDirective):
    """``{sketches} 8 2``: each sketch that has a name, what it draws, and its lambda_min at this dim and rank."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Build a table."""
        dim, rank = map(int, self.arguments)
        rows = []
        for name, make in NAMED.items():
            sketch = make(dim, rank)
            what = " ".join((inspect.getdoc(type(sketch)) or "").split("\n\n")[0].split())
            known = spectrum(sketch, rng=0)
            rows.append(
                (
                    [nodes.literal("", name)],
                    _inline(what),
                    [nodes.Text(f"{known.lambda_min:.4f}")],
                    [nodes.Text(known.how)],
                )
            )
        return [table(("name", "what is drawn", "lambda_min", "known by"), (20, 54, 12, 14), rows)]


class RoomsDirective(SphinxDirective):
    """``{rooms}``: each room of the house, from the ground up, and what it says of itself."""

    def run(self) -> list[nodes.Node]:
        """Build a table."""
        level = house.floors(house.uses())
        rows = []
        for name in sorted(level, key=lambda name: (level[name], name)):
            words = house.paragraph(name).split("``")
            said = [nodes.literal("", part) if i % 2 else nodes.Text(part) for i, part in enumerate(words)]
            rows.append(([nodes.literal("", name)], said))
        return [table(("room", "what it is"), (16, 84), rows)]


def _inline(words: str) -> list[nodes.Node]:
    """Typeset the formulas and the code in a sentence of a docstring."""
    parts = re.split(r":math:`(.*?)`|``(.*?)``", words)
    kinds = (nodes.Text, lambda formula: nodes.math("", formula), lambda code: nodes.literal("", code))
    return [kinds[i % 3](part) for i, part in enumerate(parts) if part]


def _texts(argument: str) -> list[str]:
    """Read the option ``prints``, a text or a list of texts: of a text the quotes are gone when it comes here."""
    return list(map(str, yaml.safe_load(argument))) if argument.startswith("[") else [argument]


class RunDirective(SphinxDirective):
    """``{run} python -m rac_theory ...``: the command with what it really prints, and its exit status if not zero.

    It runs in an empty folder that holds copies of the Python files beside the page. Another exit status than the
    option ``exit`` says, 0 by default, is an error, and so is a text of the option ``prints``, as a code cell has it,
    that the command does not print.
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"exit": directives.nonnegative_int, "prints": _texts}  # noqa: RUF012 (docutils wants a plain dict)

    def run(self) -> list[nodes.Node]:
        """Run the command and build a block."""
        command = " ".join(self.arguments[0].split())
        python, *rest = shlex.split(command)
        if [python, *rest[:2]] != ["python", "-m", "rac_theory"]:
            raise self.error(f"a command must begin with python -m rac_theory, got {command!r}")
        page = Path(self.env.doc2path(self.env.docname))
        with tempfile.TemporaryDirectory() as folder:
            for file in page.parent.glob("*.py"):
                shutil.copy(file, folder)
            status, printed = forked.printed("rac_theory", rest[2:], folder)
        if status != self.options.get("exit", 0):
            raise self.error(f"{command!r} ended with exit status {status}:\n{printed}")
        for words in ending.missing(self.options.get("prints", []), printed):
            raise self.error(f"{command!r} should print {words!r} and prints:\n{printed}")
        lines = [f"$ {command}", *(line.rstrip() for line in printed.splitlines())]
        if status:
            lines += ["$ echo $?", str(status)]
        text = "\n".join(lines)
        return [nodes.literal_block(text, text, language="console", classes=["run"])]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("theorem", TheoremDirective)
    app.add_directive("tightest", TightestDirective)
    app.add_directive("symbols", SymbolsDirective)
    app.add_directive("definitions", DefinitionsDirective)
    app.add_directive("sketches", SketchesDirective)
    app.add_directive("rooms", RoomsDirective)
    app.add_directive("run", RunDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
