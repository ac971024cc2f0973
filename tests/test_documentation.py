"""What README and pages show is understood; their cells and notebooks are executed by the documentation build alone."""

import inspect
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from matplotlib import pyplot as plt

import rac_theory
from rac_theory import counterexamples, problems, sketches, theorems
from rac_theory.commands import cli
from tests.as_one_test import as_one_test
from tests.extensions import extension

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAPER = ROOT / "docs/theory/paper.md"
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)
listed = extension("listed")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CONSOLE = re.compile(r"^```(?:console|bash)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"(?:^|&& )(?:\$ )?\S*?(?:python3? -m rac_theory|rac-theory) (.*)$")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def python_blocks(page: Path) -> list[str]:
    """The Python blocks that are shown and not executed by the documentation, which executes code cells."""
    return _PYTHON.findall(page.read_text(encoding="utf-8"))


def commands(page: Path) -> list[str]:
    """What follows ``python -m rac_theory`` or ``rac-theory`` in the console blocks of a page."""
    lines = "\n".join(_CONSOLE.findall(page.read_text(encoding="utf-8"))).splitlines()
    return [match.group(1) for line in lines if (match := _COMMAND.search(line))]


@pytest.mark.parametrize("page", [path for path in (README, *PAGES) if python_blocks(path)], ids=name)
def test_the_python_blocks_that_are_only_shown_run_in_order(page: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """In an empty folder with copies of the page's Python files, from which they can be imported."""
    plt.switch_backend("Agg")
    for file in page.parent.glob("*.py"):
        shutil.copy(file, tmp_path)
        monkeypatch.delitem(sys.modules, file.stem, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    namespace: dict[str, Any] = {"__name__": "__page__"}
    for number, block in enumerate(python_blocks(page), 1):
        exec(compile(block, f"{name(page)}, block {number}", "exec"), namespace)
    plt.close("all")


@as_one_test("page", [path for path in (README, *PAGES) if commands(path)], ids=name)
def test_the_commands_of_a_page_are_understood(page: Path) -> None:
    for command in commands(page):
        cli._parser().parse_args(shlex.split(command))


def test_the_readme_is_read_in_three_minutes_and_its_links_lead_to_files() -> None:
    words = README.read_text(encoding="utf-8")
    assert len(words.split()) <= 600
    links = re.findall(r"\]\((?!http)([^)#]+)", words)
    assert links
    assert all((ROOT / link).exists() for link in links)


def test_the_first_lines_of_the_readme_print_what_stands_below_them(capsys: pytest.CaptureFixture[str]) -> None:
    words = README.read_text(encoding="utf-8")
    code, printed = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", words, re.DOTALL | re.MULTILINE)[0]
    assert words.index(code) < words.index("## "), "the example must stand on the first screen"
    exec(compile(code, "README.md", "exec"), {"__name__": "__page__"})
    assert capsys.readouterr().out == printed


def test_the_start_page_gives_the_two_commands_of_the_readme() -> None:
    start = (ROOT / "docs/start.md").read_text(encoding="utf-8")
    set_up = [line for line in README.read_text(encoding="utf-8").splitlines() if "-m venv" in line]
    assert len(set_up) == 2
    assert all(line in start for line in set_up)


def test_every_theorem_is_stated_and_every_sketch_listed() -> None:
    assert len(PAGES) > 10
    words = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [id for id in theorems.ALL if f"```{{theorem}} {id}\n" not in words] == []
    # The directive prints all of sketches.NAMED; those that have a proof of their own are in the text.
    assert "```{sketches} " in words
    named = ("gaussian", "haar", "coordinate", "weighted_coordinate", "frozen")
    assert set(named) <= set(sketches.NAMED)
    assert all(re.search(rf"(?<!\w){name.title().replace('_', '')}(?!\w)", words) for name in named)


def test_every_proof_is_shown_on_the_page_of_its_theorem() -> None:
    """A theorem whose page shows its statement, and not how a machine proves it, would be seen."""
    for page in (path for path in PAGES if path.parent.name == "theory"):
        words = page.read_text(encoding="utf-8")
        stated = [id for id in re.findall(r"^```\{theorem\} (\w+)$", words, re.MULTILINE) if id in theorems.ALL]
        shown = [id for ids in re.findall(r"^```\{proof\} (.+)$", words, re.MULTILINE) for id in ids.split()]
        assert shown == stated, page


def test_the_notebooks_are_a_course_and_every_one_has_its_page() -> None:
    assert NOTEBOOKS
    assert [path.name[:3] for path in NOTEBOOKS] == [f"{number:02}_" for number in range(1, len(NOTEBOOKS) + 1)]
    pages = ROOT / "docs/notebooks"
    assert {path.resolve() for path in pages.glob("*.ipynb")} == {path.resolve() for path in NOTEBOOKS}
    contents = (pages / "index.md").read_text(encoding="utf-8")
    assert re.findall(r"^(\d\d_\w+)$", contents, re.MULTILINE) == [path.stem for path in NOTEBOOKS]


def _for_users(room):
    """Classes with an example, of what the door of a room hands out."""
    classes = {name: value for name in room.__all__ if isinstance(value := getattr(room, name), type)}
    return {name for name, value in classes.items() if "\nExamples\n" in inspect.cleandoc(value.__doc__ or "")}


def test_every_public_name_is_in_the_api() -> None:
    pages = [page.read_text("utf-8") for page in (ROOT / "docs/api").glob("*.md")]
    there = [name for page in pages for _, name in listed.on_the_page(page)]
    assert len(set(there)) == len(there)
    modules = {name for name in rac_theory.__all__ if isinstance(getattr(rac_theory, name), type(rac_theory))}
    drawn = {f"sketches.{name}" for name in _for_users(sketches)} - {"sketches.Spectrum"}  # which is at the root
    minimised = _for_users(problems)
    assert len(drawn) > 20
    assert len(minimised) > 12
    assert {*rac_theory.__all__, *minimised, *drawn} - modules <= set(there)


def test_what_is_known_of_the_paper_is_said_alike():
    """A page or a mark that claims more than was read, and a list of ids that is not that of the marks."""
    pages = {path: path.read_text(encoding="utf-8") for path in (README, ROOT / "VISION.md", *PAGES)}
    others = [ROOT / page for page in ("VISION.md", "docs/index.md", "docs/notation.md")]
    front = [pages[path] for path in (README, PAPER, *others)]
    for said in map(" ".join, map(str.split, (*front, rac_theory.__doc__, theorems.MARKS["paper"]))):
        assert re.search(r"full text (has|was) not (been )?read", said)
        assert re.search(r"abstract and (public )?summaries", said)
    marked = [*theorems.ALL.values(), *counterexamples.ALL.values()]
    for mark in ("paper", "second-hand"):
        (line,) = re.findall(rf"^- \*{mark}\*: .*$", pages[PAPER], re.MULTILINE)
        assert set(re.findall(r"\b[TC]\d\b", line)) == {one.id for one in marked if one.mark == mark}
    (line,) = re.findall(r"^- \*derived\*: (.*?)\.", pages[PAPER], re.MULTILINE)
    ranges = re.findall(r"\bC(\d+)(?: to C(\d+))?", line)
    derived = {one.id for one in counterexamples.ALL.values() if one.mark == "derived"} - {"GaLore"}
    assert derived == {f"C{number}" for a, b in ranges for number in range(int(a), int(b or a) + 1)}
    more = re.compile(r"every claim of\s+\W*(the paper|randomized)", re.IGNORECASE)
    assert not [path for path, words in pages.items() if more.search(words)]


def test_an_ask_is_answered_in_a_minute() -> None:
    """Each under 200 words, its command among them."""
    _, *asks = (ROOT / "docs/guide/asks.md").read_text(encoding="utf-8").split("\n## ")
    assert len(asks) >= 6
    assert max(len(ask.split()) for ask in asks) < 200
    assert all("https://github.com/" in ask for ask in asks)
