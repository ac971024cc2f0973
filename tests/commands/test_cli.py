"""The command line as a user meets it: exit statuses, one-line errors, and nothing on disk after bad input."""

import json
import shlex

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

QUICK = "--problem quadratic --rank 1 --side left --runs 32 --steps 8"


@pytest.fixture(autouse=True)
def mine(folder):
    """A user's module in the working folder."""
    (folder / "mine.py").write_text(PLUG_IN)


DESCENT = tuple(f"{id} left, coordinate descent" for id in ("T13", "T13_pl", "T15", "T15_pl"))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("--claim T2 --problem quadratic --side both --sketch haar", ("T2 both, bernoulli",)),  # it was refused
        ("--problem quadratic --side left --setting 'coordinate descent'", DESCENT),
        (
            "--claim T8d T10d --problem linnerud --side left --sketch haar --steps 3",
            ("T8d left, reshuffled", "T10d left, federated"),
        ),
        (
            "--claim T8 T8d --problem linnerud --side right --sketch haar --steps 3",
            ("T8 right, reshuffled", "T8d right, reshuffled"),
        ),
    ],
)
def test_what_is_named_is_tried_and_can_be_repeated(folder, typed, found):
    """Catches an option that is read and not handed on: T1 and T2 would be tried; a row that is repeated on other
    clients, or in other batches; and what was measured for T8 in the row of T8d, which rests on the data alone."""
    assert main(["verify", *shlex.split(typed), "--rank", "1", "--runs", "16", "--out", "out"]) == 0
    rows = json.loads((folder / "out/results.json").read_text())["rows"]
    assert {f"{row['claim']} {row['side']}, {row['setting']}" for row in rows} == {*found}
    for row in rows:
        assert row["evidence"] != "exact" or row["status"] == "HOLDS"
        assert bool(row["constants"]["measured"]) is (row["claim"] == "T8")
        assert main(["repeat", "out/results.json", str(row["number"])]) == 0


def test_repeat_notices_other_numbers(folder, output_of, refused):
    output_of("verify", *QUICK.split(), "--sketch", "haar", "--claim", "T2", "--out", "out")
    refused("repeat out/results.json 2", "row must be a number in out/results.json, 1 to 1, got 2")
    content = json.loads((folder / "out/results.json").read_text())
    content["rows"][0]["log_evidence"] = 0.123
    (folder / "out/results.json").write_text(json.dumps(content))
    assert "not the same numbers in: log_evidence" in output_of("repeat", "out/results.json", "1", status=1)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("--sketch mine:Forgetful", "Forgetful.sample must return an array of shape (size, dim, rank)"),
        ("--sketch mine:Transposed", "got (64, 1, 6)"),
        ("--sketch mine:NoRank", "must accept dim= and rank="),
        ("--sketch mine:Missing", "sketch must name something in 'mine', got 'Missing'"),
        ("--sketch elsewhere:X", "module:Name that can be imported"),
        ("--rank 0", "rank must be >= 1, got 0"),
        ("--rank 6 --problem quadratic", "rank must be in 1..dim=5, got 6"),
        ("--problem empty.svm", "empty.svm"),
        ("--problem three.svm", "must have exactly two distinct labels"),
        ("--problem text.svm", "text.svm"),
        ("--steps -1", "steps must be in 1..9223372036854775807, got -1"),
        ("--runs 0", "runs must be in 1..9223372036854775807, got 0"),
        ("--jobs 0", f"jobs must be in 1..16 times the cores={16 * cpu_count()}, got 0"),
        (f"--jobs {16 * cpu_count() + 1}", f"got {16 * cpu_count() + 1}"),
        (f"--seed {'9' * 30}", "seed must be in 0..9223372036854775807, got 999999999999999999999999999999"),
        ("--seed -3", "seed must be in 0..9223372036854775807, got -3"),
        (f"{QUICK} --figure no/row.svg", "figure must be a file that can be written, got 'no/row.svg'"),
        (f"{QUICK} --latex no/row.tex", "latex must be a file that can be written, got 'no/row.tex'"),
        (f"{QUICK} --latex .", "latex must be a file that can be written, got '.': it is a folder"),
        (f"{QUICK} --out mine.py", "out must be a folder that can be written, got 'mine.py'"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_no_trace(folder, refused, typed, message):
    for name, content in (("empty", ""), ("three", "1 1:1\n2 1:2\n3 1:3\n"), ("text", "no data at all\n")):
        (folder / f"{name}.svm").write_text(content)
    refused(f"verify --out out {typed}", message)
    assert (folder / "mine.py").read_text() == PLUG_IN


def test_a_sketch_has_its_numbers_and_a_figure(folder, output_of):
    printed = output_of("sketch", "haar", "--dim", "8", "--rank", "2")
    assert "lambda_min      0.25\n" in printed
    assert "slowdown        4 times" in printed
    assert (folder / "results/sketch-haar-8x2.svg").exists()
    assert "Chernoff-Hoeffding" in output_of("sketch", "mine:Signs", "--dim", "4", "--rank", "1")
    assert "lambda_min      4e-05\n" in output_of("sketch", "coordinate", "--dim", "100000", "--rank", "4")
    assert (folder / "results/sketch-coordinate-100000x4.svg").stat().st_size < 1_000_000  # a mark for a hundred
