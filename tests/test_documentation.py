"""What README, pages and notebooks show is run: every Python block, every command, every notebook."""

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import matplotlib
import nbclient
import nbformat
import pytest

import problems
import rac_theory
from rac_theory import counterexamples, sketches, theorems
from rac_theory.commands import cli

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

_PYTHON = re.compile(r"^```(?:\{code-cell\} )?python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CONSOLE = re.compile(r"^```(?:console|bash)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_RUN = re.compile(r"^```\{run\} (.*?)$(?:\n:exit: (\d+))?", re.MULTILINE)
_COMMAND = re.compile(r"(?:^|&& )(?:\$ )?\S*?(?:python3? -m rac_theory|rac-theory) (.*)$")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def python_blocks(page: Path) -> list[str]:
    return _PYTHON.findall(page.read_text(encoding="utf-8"))


def commands(page: Path) -> list[str]:
    """What follows ``python -m rac_theory`` or ``rac-theory`` in the console blocks of a page."""
    lines = "\n".join(_CONSOLE.findall(page.read_text(encoding="utf-8"))).splitlines()
    return [match.group(1) for line in lines if (match := _COMMAND.search(line))]


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stand in an empty folder with copies of a page's Python files, from which they can be imported."""
    matplotlib.use("Agg")

    def enter(page: Path) -> None:
        files = list(page.parent.glob("*.py"))
        for file in files:
            shutil.copy(file, tmp_path)
            monkeypatch.delitem(__import__("sys").modules, file.stem, raising=False)
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(tmp_path)

    yield enter
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.mark.parametrize("page", [path for path in (README, *PAGES) if python_blocks(path)], ids=name)
def test_the_python_blocks_of_a_page_run_in_order(page: Path, beside: Any) -> None:
    beside(page)
    namespace: dict[str, Any] = {"__name__": "__page__"}
    for number, block in enumerate(python_blocks(page), 1):
        exec(compile(block, f"{name(page)}, block {number}", "exec"), namespace)


@pytest.mark.parametrize("page", [path for path in (README, *PAGES) if commands(path)], ids=name)
def test_the_commands_of_a_page_are_understood(page: Path) -> None:
    for command in commands(page):
        cli._parser().parse_args(shlex.split(command))


RUN = [(page, *match) for page in PAGES for match in _RUN.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("page", "command", "status"), RUN, ids=[f"{name(page)}: {words}" for page, words, _ in RUN])
def test_the_commands_that_pages_run_end_as_the_pages_say(page: Path, command: str, status: str, beside: Any) -> None:
    beside(page)
    assert command.startswith("python -m rac_theory ")
    arguments = shlex.split(command)[3:]
    # In this process: workers that an earlier test has started would not find the files of this page.
    arguments += ["--jobs", "1"] if arguments[0] == "verify" else []
    assert cli.main(arguments) == int(status or 0)


def test_the_plug_in_of_the_documentation_is_that_of_the_readme() -> None:
    plug_in = (ROOT / "docs/extend/mysketch.py").read_text(encoding="utf-8")
    assert python_blocks(README)[0].strip() in plug_in


def test_the_start_page_gives_the_two_commands_of_the_readme() -> None:
    start = (ROOT / "docs/start.md").read_text(encoding="utf-8")
    set_up = [line for line in README.read_text(encoding="utf-8").splitlines() if "-m venv" in line]
    assert len(set_up) == 2
    assert all(line in start for line in set_up)


def test_every_theorem_is_stated_and_every_sketch_listed() -> None:
    words = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    missing = [id for id in theorems.ALL if f"```{{theorem}} {id}\n" not in words]
    assert missing == []
    # The directive prints all of sketches.NAMED; those that have a proof of their own are in the text.
    assert "```{sketches} " in words
    named = ("gaussian", "haar", "coordinate", "weighted_coordinate", "frozen")
    assert set(named) <= set(sketches.NAMED)
    assert all(re.search(rf"(?<!\w){name.title().replace('_', '')}(?!\w)", words) for name in named)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_runs_and_is_stored_without_outputs(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in cells)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = ["".join(output.get("text", "") for output in cell.outputs) for cell in cells]
    claims = (*theorems.ALL.values(), *counterexamples.ALL.values())
    assert any(claim.statement in "".join(printed[:2]) for claim in claims)  # it opens with what it is about
    assert any("image/png" in output.get("data", {}) for cell in cells for output in cell.outputs)
    assert re.match(r"T\w+ (HOLDS|CONSISTENT) for ", printed[-1])  # it ends with its verdict


def test_the_notebooks_are_a_course_and_every_one_has_its_page() -> None:
    assert [path.name[:3] for path in NOTEBOOKS] == [f"{number:02}_" for number in range(1, len(NOTEBOOKS) + 1)]
    pages = ROOT / "docs/notebooks"
    assert {path.resolve() for path in pages.glob("*.ipynb")} == {path.resolve() for path in NOTEBOOKS}
    contents = (pages / "index.md").read_text(encoding="utf-8")
    assert re.findall(r"^(\d\d_\w+)$", contents, re.MULTILINE) == [path.stem for path in NOTEBOOKS]
    assert re.findall(r"</notebooks/(\w+)>", contents) == [path.stem for path in NOTEBOOKS]


def test_every_public_name_is_in_the_api() -> None:
    listed = re.findall(r"^   ([\w.]+)$", (ROOT / "docs/api/index.md").read_text(encoding="utf-8"), re.MULTILINE)
    modules = {name for name in rac_theory.__all__ if isinstance(getattr(rac_theory, name), type(rac_theory))}
    drawn = {f"sketches.{name}" for name in sketches.__all__ if name != "NAMED"}  # a mapping, named in the text
    assert {*rac_theory.__all__, *problems.__all__, *drawn} - modules <= set(listed)


def test_the_links_of_the_readme_lead_to_files() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", README.read_text(encoding="utf-8"))
    assert links
    assert all((ROOT / link).exists() for link in links)


def test_there_are_pages_and_notebooks() -> None:
    assert len(PAGES) > 10
    assert NOTEBOOKS
    assert RUN
