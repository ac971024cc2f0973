"""The code that a proof is trusted to, as the page shows it: from the source, without imports, and counted."""

import ast
import re
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from rac_theory import proofs

LIMIT = 683  # lines of code that one can be asked to read, with those that read the table and what is assumed
_OTHER_FACTS = ("not_proved", "checker")  # one only to write down what would have to be true; and facts of its own

_MAKES = re.compile(r"(?<!\.)(?<!def )\b(Fact|follows|granted)\(")


class TrustedDirective(Directive):
    """``{trusted} rac_theory.proofs.fact ...``: how many lines of code modules have, and the code.

    Imports are left out, and of each docstring all but its first paragraph; neither they nor comments are counted. More
    than ``LIMIT`` lines are an error, and so is a fact that is made in another module of the room.
    """

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Build a line, and a block for each module."""
        sources = {name: _source(name) for name in self.arguments[0].split()}
        counts = {name: code_lines(source) for name, source in sources.items()}
        total = sum(counts.values())
        if total > LIMIT:
            raise self.error(f"what is trusted has {total} lines of code, more than {LIMIT}: {counts}")
        if elsewhere := [path.name for path in _others(sources) if _MAKES.search(shortened(path.read_text("utf-8")))]:
            raise self.error(f"facts are made elsewhere than in what is trusted: {elsewhere}")
        shown: list[nodes.Node] = [
            nodes.paragraph("", "", nodes.strong("", f"{total} lines of code"), nodes.Text(", as they are:"))
        ]
        for name, source in sources.items():
            head = nodes.paragraph("", "", nodes.literal("", f"{name.replace('.', '/')}.py"))
            head += nodes.Text(f", {counts[name]} lines: {ast.get_docstring(ast.parse(source))}")
            code = shortened(source)
            shown += [head, nodes.literal_block(code, code, language="python", classes=["run"])]
        return shown


def code_lines(source: str) -> int:
    """Count the lines of code: no blank ones, no comments, docstrings and imports."""
    left_out = {line for node in _words_and_imports(source) for line in _lines(node)}
    lines = enumerate(source.splitlines(), 1)
    return sum(bool(line.strip()) and line.lstrip()[0] != "#" and number not in left_out for number, line in lines)


def shortened(source: str) -> str:
    """Leave out imports and the docstring of the module, and all but the first paragraph of other docstrings."""
    lines = source.splitlines()
    for node in sorted(_words_and_imports(source), key=lambda node: -node.lineno):
        block = [lines[number - 1] for number in _lines(node)]
        is_first = node.lineno == 1
        if isinstance(node, ast.Expr) and not is_first and "" in block:
            block = block[: block.index("")]
            kept = [*block[:-1], f'{block[-1]}"""']
        else:
            kept = block if isinstance(node, ast.Expr) and not is_first else []
        lines[node.lineno - 1 : node.end_lineno] = kept
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).strip()


def _others(trusted: Iterable[str]) -> list[Path]:
    """The other files of the room."""
    known = {*_OTHER_FACTS, *(name.rpartition(".")[2] for name in trusted)}
    return [path for path in Path(proofs.__path__[0]).rglob("*.py") if path.stem not in known]


def _source(name: str) -> str:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")


def _words_and_imports(source: str) -> Iterator[ast.stmt]:
    """Yield docstrings, those of constants too, and imports."""
    for node in ast.walk(ast.parse(source)):
        is_words = (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
        if is_words or isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("trusted", TrustedDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
