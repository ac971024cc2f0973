"""The command line as a user meets it: exit statuses, one-line errors, and nothing on disk after bad input."""

import json

import pytest
from joblib import cpu_count

from rac_theory.commands.cli import main

PLUG_IN = """
import numpy as np

class Signs:
    def __init__(self, dim, rank):
        self.dim, self.rank = dim, rank

    def sample(self, rng, size):
        return rng.choice([-1.0, 1.0], size=(size, self.dim, self.rank))

class Forgetful(Signs):
    def sample(self, rng, size):
        rng.normal(size=size)

class Transposed(Signs):
    def sample(self, rng, size):
        return rng.normal(size=(size, self.rank, self.dim + 1))

class NoRank:
    def __init__(self, dim):
        self.dim = dim
"""

QUICK = ["--problem", "quadratic", "--rank", "1", "--side", "left", "--runs", "32", "--steps", "8"]


@pytest.fixture(autouse=True)
def mine(folder):
    """A user's module in the working folder."""
    (folder / "mine.py").write_text(PLUG_IN)


@pytest.mark.long
def test_verify_writes_rows_and_figures(folder, capsys):
    assert main(["verify", *QUICK, "--sketch", "haar", "frozen", "--out", "out"]) == 0
    printed = capsys.readouterr().out
    rows = json.loads((folder / "out/results.json").read_text())["rows"]
    assert [row["claim"] for row in rows] == ["T1", "T2"] * 2 + ["T1_sharp", "T2_sharp"] * 2
    drawn = sorted(path.name for path in (folder / "out/figures").iterdir())
    assert drawn == sorted(row["figure"] for row in rows if row["figure"])
    assert len(drawn) == 4
    for text in ("quadratic haar r1 left", "1.5/L", "NOT_APPLICABLE x 4", "lambda_min > 0 is not met"):
        assert text in printed


def test_side_both_is_bernoulli_and_can_be_repeated(folder, capsys):
    """It was in the help, and refused."""
    case = ["--claim", "T2", "--problem", "quadratic", "--sketch", "haar", "--rank", "1", "--runs", "16"]
    assert main(["verify", *case, "--side", "both", "--out", "out"]) == 0
    (row,) = json.loads((folder / "out/results.json").read_text())["rows"]
    assert (row["side"], row["setting"], row["status"]) == ("both", "bernoulli", "HOLDS")
    assert main(["repeat", "out/results.json", "1"]) == 0


def test_a_setting_that_is_named_is_tried_and_can_be_repeated(folder, capsys):
    """Catches an option that is read and not handed on: T1 and T2 would be tried."""
    case = ["--problem", "quadratic", "--rank", "1", "--side", "left", "--runs", "16"]
    assert main(["verify", *case, "--setting", "coordinate descent", "--out", "out"]) == 0
    rows = json.loads((folder / "out/results.json").read_text())["rows"]
    assert [(row["claim"], row["sketch"], row["status"]) for row in rows] == [
        ("T13", "coordinate", "HOLDS"),
        ("T13_pl", "coordinate", "HOLDS"),
        ("T15", "coordinate", "HOLDS"),
        ("T15_pl", "coordinate", "HOLDS"),
    ]
    assert main(["repeat", "out/results.json", "2"]) == 0


def test_repeat_gives_the_same_numbers(folder, capsys):
    main(["verify", *QUICK, "--sketch", "haar", "mine:Signs", "--out", "out"])
    for row in json.loads((folder / "out/results.json").read_text())["rows"]:
        assert main(["repeat", "out/results.json", str(row["number"]), "--trust"]) == 0
        assert f"the same numbers as row {row['number']}" in capsys.readouterr().out
    last = row["number"]
    assert main(["repeat", "out/results.json", str(last + 1)]) == 2
    assert f"row must be a number in out/results.json, 1 to {last}, got {last + 1}" in capsys.readouterr().err


def test_repeat_prepares_the_problem_as_the_setting_did(folder, capsys):
    """A federated row is repeated on the same clients, a reshuffled one on the same batches."""
    claims = ["--claim", "T8d", "T10d", "--problem", "linnerud", "--side", "left", "--rank", "1", "--sketch", "haar"]
    main(["verify", *claims, "--runs", "16", "--steps", "3", "--out", "out"])
    rows = json.loads((folder / "out/results.json").read_text())["rows"]
    assert {row["setting"] for row in rows} == {"reshuffled", "federated"}
    for row in rows:
        assert main(["repeat", "out/results.json", str(row["number"])]) == 0


def test_repeat_of_a_claim_that_stood_beside_one_with_a_measured_variance(folder, capsys):
    """T8d rests on the data alone: what was measured for T8 must not be part of its row."""
    arguments = ["--problem", "linnerud", "--side", "right", "--rank", "1", "--runs", "16", "--steps", "3"]
    assert main(["verify", "--claim", "T8", "T8d", *arguments, "--out", "out"]) == 0
    rows = json.loads((folder / "out/results.json").read_text())["rows"]
    assert {row["claim"] for row in rows} == {"T8", "T8d"}
    for row in rows[:4]:
        assert bool(row["constants"]["measured"]) is (row["claim"] == "T8")
        assert main(["repeat", "out/results.json", str(row["number"])]) == 0


def test_repeat_notices_other_numbers(folder, capsys):
    main(["verify", *QUICK, "--sketch", "haar", "--claim", "T2", "--out", "out"])
    content = json.loads((folder / "out/results.json").read_text())
    content["rows"][0]["log_evidence"] = 0.123
    (folder / "out/results.json").write_text(json.dumps(content))
    assert main(["repeat", "out/results.json", "1"]) == 1
    assert "not the same numbers in: log_evidence" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sketch", "mine:Forgetful"], "Forgetful.sample must return an array of shape (size, dim, rank)"),
        (["--sketch", "mine:Transposed"], "got (64, 1, 6)"),
        (["--sketch", "mine:NoRank"], "must accept dim= and rank="),
        (["--sketch", "mine:Missing"], "sketch must name something in 'mine', got 'Missing'"),
        (["--sketch", "elsewhere:X"], "module:Name that can be imported"),
        (["--rank", "0"], "rank must be >= 1, got 0"),
        (["--rank", "6", "--problem", "quadratic"], "rank must be in 1..dim=5, got 6"),
        (["--problem", "empty.svm"], "empty.svm"),
        (["--problem", "three.svm"], "must have exactly two distinct labels"),
        (["--problem", "text.svm"], "text.svm"),
        (["--steps", "-1"], "steps must be in 1..9223372036854775807, got -1"),
        (["--runs", "0"], "runs must be in 1..9223372036854775807, got 0"),
        (["--jobs", "0"], f"jobs must be in 1..16 times the cores={16 * cpu_count()}, got 0"),
        (["--jobs", "100000"], "got 100000"),
        (["--seed", "9" * 30], "seed must be in 0..9223372036854775807, got 999999999999999999999999999999"),
        (["--seed", "-3"], "seed must be in 0..9223372036854775807, got -3"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_no_trace(folder, capsys, arguments, message):
    (folder / "empty.svm").write_text("")
    (folder / "three.svm").write_text("1 1:1\n2 1:2\n3 1:3\n")
    (folder / "text.svm").write_text("no data at all\n")
    before = sorted(path.name for path in folder.iterdir() if path.name != "__pycache__")
    assert main(["verify", *arguments, "--out", "out"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message in error
    assert sorted(path.name for path in folder.iterdir() if path.name != "__pycache__") == before


def test_an_output_folder_that_cannot_be_written(folder, capsys):
    (folder / "taken").write_text("a file")
    assert main(["verify", *QUICK, "--out", "taken"]) == 2
    assert "out must be a folder that can be written, got 'taken'" in capsys.readouterr().err
    assert (folder / "taken").read_text() == "a file"


def test_a_sketch_has_its_numbers_and_a_figure(folder, capsys):
    assert main(["sketch", "haar", "--dim", "8", "--rank", "2"]) == 0
    printed = capsys.readouterr().out
    assert "lambda_min      0.25\n" in printed
    assert "slowdown        4 times" in printed
    assert (folder / "results/sketch-haar-8x2.svg").exists()
    assert main(["sketch", "mine:Signs", "--dim", "4", "--rank", "1"]) == 0
    assert "Chernoff-Hoeffding" in capsys.readouterr().out
