"""``verify``: a screen for many rows, the rows where they are few, and a refutation never behind a summary."""

import json
import re
import shlex
from dataclasses import replace

import pytest

from rac_theory import theorems
from rac_theory.commands.verify import _show
from rac_theory.ledger.table import SHORT
from rac_theory.ledger.verdict_row import Row

MANY = ["--claim", "T1", "T2", "--problem", "quadratic", "linnerud", "--sketch", "haar", "coordinate", "--jobs", "1"]
MANY += ["--side", "left", "right", "--steps", "6"]
FEW = ["--claim", "T1", "T2", "--problem", "quadratic", "--sketch", "haar", "frozen", "--side", "left", "right"]


@pytest.mark.long
def test_many_rows_end_in_a_summary_and_few_are_their_own(output_of, folder):
    """Catches a threshold that counts rows that were not run, an option that is not read, and rows that are lost."""
    lines = output_of("verify", *MANY).splitlines()
    rows = json.loads((folder / "results/results.json").read_text())["rows"]
    assert len(rows) == 32 > SHORT
    assert lines[0].split() == ["problem", "evidence", "T1", "T2"]
    assert [line.split()[:3] for line in lines[1:3]] == [["quadratic", "exact", "8H"], ["linnerud", "exact", "8H"]]
    assert lines[3] == "What is bounded: T1 mean squared gradient; T2 gap, by a factor a step."
    assert lines[4].startswith("H holds, exactly or confirmed at level 0.001.")
    assert "32 HOLDS" in lines
    assert "Rows in results/results.json (--rows prints them), figures in results/figures." in lines
    assert len(lines) < 10
    full = output_of("verify", *MANY, "--rows").splitlines()
    assert full[0].split()[:3] == ["#", "claim", "case"]
    assert [int(line.split()[0]) for line in full[1:33]] == [row["number"] for row in rows]
    few = output_of("verify", *FEW).splitlines()
    assert few[0].split()[:3] == ["#", "claim", "case"]
    assert few[1].split()[1:6] == ["T1", "quadratic", "haar", "r1", "left"]
    assert few[9] == "NOT_APPLICABLE x 8 (frozen): lambda_min > 0 is not met: lambda_min is 0"
    assert few[10] == "8 HOLDS, 8 NOT_APPLICABLE"


def test_the_smallest_slack_is_that_of_a_row_which_can_be_repeated(output_of, folder):
    """By the rows themselves: the smallest number in the table, and the row that has it."""
    lines = output_of("verify", *MANY).splitlines()
    rows = json.loads((folder / "results/results.json").read_text())["rows"]
    least = min(rows, key=lambda row: row["slack"]["low"])
    (again,) = (line for line in lines if "The smallest slack again: " in line)
    assert again.endswith(f"rac-theory repeat results/results.json {least['number']}")
    output_of("repeat", "results/results.json", str(least["number"]))
    shown = [float(cell) for line in lines[1:3] for cell in re.findall(r"8H (\S+)", line)]
    assert min(shown) <= least["slack"]["low"] < min(shown) * 1.01


def test_a_command_that_is_printed_can_be_typed(output_of, folder):
    """Catches a path with blanks that a shell would take apart."""
    (folder / "a grid.toml").write_text("claims = ['T2']\nproblems = ['quadratic']\nsketches = ['haar']\nranks = [1]\n")
    printed = output_of("verify", *FEW, "--steps", "4", "--out", "my results")
    printed += output_of("sweep", "a grid.toml", "--jobs", "1")
    printed += output_of("prove", "T2", "--export", "a proof.txt")
    typed = [shlex.split(words) for words in re.findall("rac-theory repeat .*|rac_theory.proofs.checker .*", printed)]
    assert typed[0] == ["rac-theory", "repeat", "my results/results.json", "NUMBER"]
    assert typed[1] == ["rac-theory", "repeat", "a grid.sqlite", "NUMBER"]
    assert typed[2] == ["rac_theory.proofs.checker", "a proof.txt"]


def test_a_refuted_row_is_shown_in_full(output_of, monkeypatch):
    """A theorem that promises too much, among others that hold: half the bound of T2."""
    false = replace(theorems.T2, claim=theorems.E(theorems.gap) <= theorems.T2.claim.bound / 2)
    monkeypatch.setattr(theorems, "ALL", {**theorems.ALL, "T2": false})
    lines = output_of("verify", *MANY, status=1).splitlines()
    refuted = [line for line in lines if " VIOLATED " in line and line.split()[1] == "T2"]
    assert len(refuted) >= 1
    assert all(re.match(r" *\d+  T2 .* 1/L .*VIOLATED", line) for line in refuted)
    (quadratic,) = (line for line in lines if line.startswith("quadratic"))
    assert re.search(r"\bexact +8H [\d.]+ +\d+V\b", quadratic)
    reasons = [line for line in lines if re.match(r"row \d+, T2 on .*: at t=\d+ the value is", line)]
    assert len(reasons) == len(refuted)
    assert "V violated" in "".join(lines)


def test_a_counterexample_is_a_claim_too_and_a_wrong_name_is_answered_with_all(output_of, refused):
    assert "C6 HOLDS: every constant step is too long" in output_of("verify", "--claim", "C6").splitlines()
    refused("verify --claim T2 Galore", "got 'Galore' (did you mean 'GaLore'?)")


@pytest.mark.parametrize("more", [0, 1])
def test_twelve_rows_are_printed_and_thirteen_are_counted(more, capsys, tmp_path):
    """Catches a summary that is longer than what it is of."""
    blank = replace(Row.missing(1, "T2", "quadratic", "", 0, 1e-3), status="HOLDS", evidence="exact", setting="1/L")
    _show([replace(blank, number=i + 1) for i in range(SHORT + more)], [], tmp_path, in_full=False)
    told = capsys.readouterr().out
    assert (f"{SHORT + more}H" in told, "(--rows prints them)" in told) == (bool(more),) * 2
