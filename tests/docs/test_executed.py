"""What cells print, when they are executed in a kernel."""

import importlib
import sys
from pathlib import Path

import pytest

pytest.importorskip("myst_nb", reason="the pages are built with the extra docs")
from nbformat.v4 import new_code_cell, new_notebook

EXTENSIONS = Path(__file__).parents[2] / "docs" / "_ext"


@pytest.fixture(scope="module")
def modules():
    sys.path.insert(0, str(EXTENSIONS))
    yield importlib.import_module("executed"), importlib.import_module("ending")
    sys.path.remove(str(EXTENSIONS))


@pytest.mark.long
def test_what_a_cell_prints_does_not_depend_on_how_long_it_took(modules, tmp_path):
    """A bar that is shown after two seconds, on a slow machine, as if it were the first words of a verdict."""
    executed, ending = modules
    code = (
        "from rac_theory.processes import progress\nprogress.DELAY = progress._EVERY = 0.0\nprint('T1', end='')\n"
        "with progress.task('runs', 2):\n    progress.advance()\nprint(': HOLDS')"
    )
    cells = [new_code_cell(code)]
    done = executed._run(tmp_path / "slow.ipynb", new_notebook(cells=cells), timeout=60)
    assert done.err is None
    (cell,) = ending.code(done.nb)
    assert any("text/html" in output.get("data", {}) for output in cell.outputs)  # the bar was there
    assert ending.printed(cell) == "T1: HOLDS"
