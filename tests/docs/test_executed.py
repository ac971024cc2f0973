"""What cells print, when they are executed in a kernel."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("myst_nb", reason="the pages are built with the extra docs")
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from nbformat.v4 import new_code_cell, new_notebook

from tests.extensions import extension

executed, ending, forked = map(extension, ("executed", "ending", "forked"))


@pytest.mark.long
def test_what_a_cell_prints_does_not_depend_on_how_long_it_took(tmp_path):
    """A bar that is shown after two seconds, on a slow machine: no white box is left of it, and what is printed is
    whole, also where a bar stands, at an interrupt, as if it were the first words of a verdict."""
    bar = "from rac_theory.base import progress\nprogress.DELAY = progress._EVERY = 0.0\n"
    taken_away = f"{bar}print('T1', end='')\nwith progress.task('runs', 2):\n    progress.advance()\nprint(': HOLDS')"
    left = "print('T1', end='')\nprogress.Task('runs', 2, progress.screen).advance()\nprint(': HOLDS')"
    cells = list(map(new_code_cell, (taken_away, left)))
    with forked.managers() as manager:
        done = executed._run(tmp_path / "slow.ipynb", new_notebook(cells=cells), 60, manager)
    assert done.err is None
    first, second = ending.code(done.nb)
    assert {output.output_type for output in first.outputs} == {"stream"}
    assert any("% of" in output.get("data", {}).get("text/html", "") for output in second.outputs)
    assert ending.printed(first) == ending.printed(second) == "T1: HOLDS"


def test_a_kernel_that_ends_while_it_is_told_to_end_is_no_error():
    """On a slow machine a kernel is signalled that has just gone: one that was forked bears it as any other does."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    kernel = forked._Kernel(gone.pid)
    assert kernel.poll() == 0
    for ask in ("terminate", "kill", "wait"):
        provisioner = LocalProvisioner()
        provisioner.process, provisioner.pgid = kernel, gone.pid
        asyncio.run(getattr(provisioner, ask)())


@pytest.mark.parametrize("ask", ["terminate", "kill"])
def test_a_kernel_ends_by_the_signal_it_is_sent(ask):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as alive:
        kernel = forked._Kernel(alive.pid)
        assert kernel.poll() is None
        getattr(kernel, ask)()
        assert -alive.wait(30) == {"terminate": signal.SIGTERM, "kill": signal.SIGKILL}[ask]


BUILDER = """import json, logging, os, sys
logging.captureWarnings(True)  # as the builder of pages does
sys.path.insert(0, sys.argv[1])
import forked
before = os.getcwd(), list(sys.argv), list(sys.path)
done = forked.printed("mine", ["a b", "--c"], sys.argv[2])
assert before == (os.getcwd(), sys.argv, sys.path)
print(json.dumps(done))
"""


@pytest.mark.parametrize("end", ["", "sys.exit(3)", "sys.exit('a sentence')", "sys.exit(None)", "1 / 0"])
def test_a_forked_command_prints_what_one_of_its_own_does(tmp_path, end):
    """Its status, what goes to either stream, a warning of Python, and a module of its folder."""

    def output(*command):
        utf8 = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run([sys.executable, *command], cwd=tmp_path, env=utf8, capture_output=True, encoding="utf-8")
        return done.returncode, done.stdout + done.stderr

    (tmp_path / "beside.py").write_text("said = 'from its folder'")
    lines = (
        "import os, sys, warnings, beside",
        "print(beside.said, __name__, sys.argv[1:], os.getcwd(), 'λ')",
        "warnings.warn('of Python')",
        "print('to the other', file=sys.stderr)",
        end,
    )
    (tmp_path / "mine.py").write_text("\n".join(lines), encoding="utf-8")
    status, shown = output("-c", BUILDER, str(Path(forked.__file__).parent), str(tmp_path))
    assert status == 0, shown
    forked_status, printed = json.loads(shown)
    own_status, own = output("-m", "mine", "a b", "--c")
    assert forked_status == own_status
    frame = ("Traceback", "  ")
    assert [line for line in sorted(printed.splitlines()) if not line.startswith(frame)] == [
        line for line in sorted(own.splitlines()) if not line.startswith(frame)
    ]


@pytest.mark.long
def test_a_forked_kernel_shows_what_one_of_its_own_does(tmp_path, monkeypatch):
    """Two pages in a row, so that a kernel that begins with what another left would be seen, in another folder, or
    without what processes print, workers, figures, a module beside the page, or an error."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # in its presence a kernel leaves what other processes print alone
    (tmp_path / "beside.py").write_text("said = 'beside'\n")
    texts = [
        "import os, subprocess, sys\nimport beside\nprint(beside.said, __name__, sorted(os.listdir()))",
        "import rac_theory\nprint(hasattr(rac_theory, 'met'))\nrac_theory.met = True",
        # What another process prints comes by a pipe, perhaps after the cell has ended, and then it is nobody's.
        "import threading\ncame, write = threading.Event(), sys.stdout.write\n"
        "def heard(text):\n    write(text)\n    'another' in text and came.set()\n"
        "sys.stdout.write = heard\nsubprocess.run(['echo', 'another process'])\nassert came.wait(60)",
        "import numpy as np\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2]);",
        "from rac_theory import Case, RACLoRA, problems, simulate, sketches\n"
        "case = Case(RACLoRA(sketches.Haar(3, 1), 0.5), problems.Quadratic(np.eye(3), np.ones((3, 3))), steps=3)\n"
        "simulate(case, runs=900, rng=0, n_jobs=2).values.mean()",
        "import multiprocessing, threading\n"
        "print(multiprocessing.parent_process(), threading.active_count() < 9, sys.stdin.closed)",
        "print(os.getsid(0) == os.getpid(), [path for path in sys.path if path.endswith('_ext')])",
    ]
    page = new_notebook(cells=list(map(new_code_cell, texts)))
    broken = new_notebook(cells=[new_code_cell("1 / 0")])

    def shown(manager):
        for _ in range(2):
            done = executed._run(tmp_path / "page.ipynb", page, 60, manager)
            assert done.err is None, done.exc_string
            outputs = [output for cell in ending.code(done.nb) for output in cell.outputs]
            yield "".join(output.get("text", "") for output in outputs).splitlines()
            yield [output.data for output in outputs if "data" in output]
        yield executed._run(tmp_path / "page.ipynb", broken, 60, manager).err.ename

    with forked.managers() as manager:
        theirs = list(shown(manager))
    ours = list(shown(AsyncKernelManager))
    assert theirs == ours
    assert theirs[:2] == theirs[2:4]
    assert "another process" in theirs[0]
    assert ["image/png" in data for data in theirs[1]] == [True, False]
    assert theirs[4] == "ZeroDivisionError"
