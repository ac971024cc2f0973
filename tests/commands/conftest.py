"""What most tests of commands stand in: an empty folder, from which nothing stays imported, and a user's theorems."""

import shlex
import sys

import pytest

from rac_theory.commands.cli import main

MINE = """
from dataclasses import replace
from rac_theory.theorems import T2, E, gap
from rac_theory.statements.symbols import T, gamma, gap0, lambda_min, mu

half = replace(T2, id="half", claim=E(gap) <= (1 - gamma * mu * lambda_min / 2) ** T * gap0)
false = replace(T2, id="false", claim=E(gap) <= (1 - gamma * mu) ** T * gap0)
twice = replace(T2, id="twice", claim=E(gap) <= (1 - 2 * gamma * mu * lambda_min) ** T * gap0)
fast = replace(T2, id="fast", claim=E(gap) <= gap0 / (T + 1) ** 3)
unsmooth = replace(half, id="unsmooth", given=T2.given[1:])
number = 3


def lazy(case, c):
    "The algorithm is lazy."


unknown = replace(half, id="unknown", about=lazy)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder; modules that were imported from it are forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = {*sys.modules}
    yield tmp_path
    for name in {*sys.modules} - before:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def output_of(folder, capsys):
    """``output_of("list", status=0)``: what a command prints in an empty folder, and that it ends with this status."""

    def run(*words, status=0):
        capsys.readouterr()
        assert main([*words]) == status
        return capsys.readouterr().out

    return run


@pytest.fixture
def refused(folder, capsys):
    """``refused("list mine", "got 'mine'")``: status 2, a line of error that says so, nothing else, and no file."""

    def files():
        return sorted(path for path in folder.rglob("*") if "__pycache__" not in path.parts)

    def run(typed, message):
        capsys.readouterr()
        before = files()
        assert main(shlex.split(typed)) == 2
        out, error = capsys.readouterr()
        assert (out, error[:7], error.count("\n"), error[-1:]) == ("", "error: ", 1, "\n")
        assert message in error
        assert len(error) < 1_000  # a screen
        assert files() == before

    return run


@pytest.fixture
def mine(folder):
    """The folder, with a module of theorems of a user's: ``mine:half`` and others."""
    (folder / "mine.py").write_text(MINE)
    return folder
