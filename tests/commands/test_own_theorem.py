"""A theorem in a file is a theorem on the command line; mistakes there are answered; and what goes into a paper."""

import json
from unittest.mock import Mock

import pytest

from rac_theory.commands import verify as verify_command
from rac_theory.commands.cli import main

SMALL = ["--problem", "quadratic", "--sketch", "haar", "--rank", "1", "--side", "left"]
pytestmark = pytest.mark.usefixtures("mine")


def rows(folder):
    return json.loads((folder / "results" / "results.json").read_text())["rows"]


def test_verify_tries_it_and_repeat_asks_for_trust(mine, output_of, refused):
    """By --claim and without it; the row is named as it was typed, or it could not be repeated."""
    assert main(["verify", "--claim", "mine:half", *SMALL]) == 0
    assert [(row["claim"], row["status"], row["setting"]) for row in rows(mine)] == [("mine:half", "HOLDS", "1/L")]
    refused("repeat results/results.json 1", "'mine:half' from")
    assert "the same numbers as row 1" in output_of("repeat", "results/results.json", "1", "--trust")
    assert main(["verify", "T2", "mine:false", *SMALL]) == 1
    assert [(row["claim"], row["status"]) for row in rows(mine)] == [("T2", "HOLDS"), ("mine:false", "VIOLATED")]


def test_it_is_tried_where_theorems_about_its_algorithm_are(mine):
    """One about a function of the reader's may be about any algorithm: it is tried, once, and its function asked."""
    assert main(["verify", "mine:unknown", *SMALL]) == 0
    assert main(["verify", "mine:half", "--setting", "minibatch", "--problem", "linnerud"]) == 2


def test_explain_and_sweep_take_it(mine, output_of, refused):
    said = output_of("explain", "mine:half")
    assert "half (rac_lora_gd_pl)" in said
    assert "machine-checked; not used: lambda_min > 0" in said
    axes = 'claims = ["T1"]\nproblems = ["quadratic"]\nsketches = ["haar"]\nranks = [1]\nsides = ["left"]'
    (mine / "grid.toml").write_text(axes)
    assert "mine:half: 1 HOLDS" in output_of("sweep", "grid.toml", "--claim", "mine:half", "--latex", "table.tex")
    assert "mine:half & haar & " in (mine / "table.tex").read_text()
    (mine / "grid.toml").write_text(axes.replace("T1", "mine:half"))
    refused("sweep grid.toml --store other.sqlite", "must be trusted to have code imported")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("verify --claim mine:hlaf", "got 'hlaf', which it lacks (did you mean 'half'?)"),
        ("verify --claim mine:lazy", "theorem must be a Theorem by the name mine:lazy, got the function lazy"),
        ("prove mine:number", "theorem must be a Theorem by the name mine:number, got 3"),
        ("verify --claim lost:half", "theorem must be module:Name that can be imported, got 'lost:half': Mod"),
        ("verify t2", "claim must be one of these, got 't2' (did you mean 'T2'?): C1, C2"),
        ("verify T11", "claim must be one of these, got 'T11'"),
        ("explain mine:hlaf", "(did you mean 'half'?)"),
        ("explain mine", "claim must be one of these, got 'mine'"),
        ("prove mine.py", "; one of yours is module:name"),
        ("prove C1", "theorem must be one of"),
        ("prove", "theorem must be given"),
        ("prove T11", "an identity of eigenvalues, whose proof is on paper: docs/theory/t11.md"),
        ("cite T99", "claim must be one of these, got 'T99' (did you mean 'T9'?)"),
        ("verify --figure", "--figure must be given one value, got none"),
        ("verify T2 --figure here.doc", "the suffix of figure must be one of .pdf, .png, .svg, got '.doc'"),
        ("verify T2 --problem quadratic --figure here.pdf", "figure must be of one row, got "),
        ("sketch haar --dim 4 --rank 2 --figure x", "the suffix of figure must be one of .pdf, .png, .svg, got ''"),
        ("help", "(did you mean 'list'?)"),
    ],
)
def test_mistakes_are_answered_in_a_sentence(refused, typed, sentence):
    refused(typed, sentence)


YEAR = 31_557_600
SAID = {300: "5 minutes", 3_600: "1 hours", 7_200: "2 hours", 86_400: "1 days", 1e6: "12 days", YEAR: "1 years"}


def test_what_takes_years_says_so_before_it_begins(monkeypatch, capsys):
    """Would catch an estimate that comes after the runs, in another unit, or of more processes than are asked for."""
    monkeypatch.setattr("rac_theory.ledger.running.run", Mock(side_effect=KeyboardInterrupt))
    monkeypatch.setattr("rac_theory.ledger.running.estimate", lambda todo: [1.0 * YEAR] * 3)
    assert main(["verify", "T2", *SMALL, "--runs", "1000000000", "--jobs", "1"]) == 130
    assert "about 3 years; --runs and --steps make it shorter" in capsys.readouterr().err
    assert {seconds: verify_command._in_words(seconds) for seconds in SAID} == SAID


def test_cite_names_the_library_the_paper_and_the_source(output_of):
    said = output_of("cite", "T3")
    assert [said.count(each) for each in ("@misc{rac_theory,", "@misc{arXiv:2410.08305,", "year = {2024}")] == [1, 1, 1]


def test_a_figure_and_a_table_for_a_paper(mine):
    assert main(["verify", "T2", *SMALL, "--figure", "row.pdf", "--latex", "row.tex"]) == 0
    assert (mine / "row.pdf").read_bytes().startswith(b"%PDF")
    assert r"T2 & quadratic haar r1 left & 1/L & HOLDS & " in (mine / "row.tex").read_text()
    assert main(["sketch", "haar", "--dim", "4", "--rank", "2", "--figure", "sketch.png"]) == 0
    assert (mine / "sketch.png").read_bytes().startswith(b"\x89PNG")
    assert main(["verify", "T2", *SMALL[:2], "--sketch", "frozen", *SMALL[4:], "--figure", "none.pdf"]) == 2
    assert not (mine / "none.pdf").exists(), "nothing was run"
