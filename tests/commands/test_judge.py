"""``judge``: a file of runs and a bound in one command; statuses, a figure, and a line for bad input."""

import numpy as np
import pytest

from rac_theory.commands.cli import main


@pytest.fixture(autouse=True)
def files(folder):
    """Runs that fall by 0.85 a step on average, slower ones, and a bound for each step."""
    rng = np.random.default_rng(0)
    for name, low in (("curves", 0.7), ("slow", 0.8)):
        steps = rng.uniform(low, 1.0, size=(300, 5))
        np.savetxt(f"{name}.csv", np.cumprod(np.column_stack([np.ones(300), steps]), axis=1), delimiter=",")
    np.savetxt("bound.csv", 0.9 ** np.arange(6.0))
    np.savetxt("runs.csv", np.loadtxt("curves.csv", delimiter=",").T, delimiter=";")
    (folder / "my_rates.py").write_text("def fast(t):\n    return 0.8**t\n")


T2 = ["--constant", "gamma=1", "L=1", "mu=0.2", "--constant", "lambda_min=0.5", "gap0=1"]


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["curves.csv", "--bound", "bound.csv", "--ceiling", "1"], 0, "E[metric] <= bound HOLDS for 300 runs, 5 steps"),
        (["curves.csv", "--bound", "bound.csv", "--metric", "loss"], 0, "E[loss] <= bound CONSISTENT for 300 runs"),
        (["runs.csv", "--columns", "runs", "--bound", "1.0"], 0, "bound CONSISTENT for 300 runs, 5 steps"),
        (["curves.csv", "--bound", "0.9", "--bound", "1e308"], 0, "bound CONSISTENT for 300 runs, 5 steps"),
        (["curves.csv", "--bound", "my_rates:fast"], 1, "E[metric] <= fast VIOLATED for 300 runs, 5 steps"),
        (["curves.csv", "--bound", "T2", "--ceiling", "1", *T2], 0, "E[metric] <= T2 HOLDS for 300 runs, 5 steps"),
        (["curves.csv", "--below", "slow.csv", "--ceiling", "1"], 0, "E[curves - slow + ceiling] <= ceiling HOLDS"),
        (["slow.csv", "--below", "curves.csv", "--ceiling", "1"], 1, "E[slow - curves + ceiling] <= ceiling VIOLATED"),
    ],
)
def test_a_verdict_and_a_figure_in_one_command(folder, capsys, words, status, sentence):
    assert main(["judge", *words, "--out", "out"]) == status
    printed = capsys.readouterr().out
    assert sentence in printed
    (figure,) = (folder / "out").iterdir()
    assert figure.name == f"judge-{words[0].removesuffix('.csv')}.svg"
    assert str(figure.relative_to(folder)) in printed


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("curves.csv", "judge must be given a bound by --bound, or other runs by --below, got neither"),
        ("curves.csv --bound 1 --below slow.csv", "or other runs by --below, got both"),
        ("curves.csv --below slow.csv", "below must come with --ceiling, a proved upper end of both"),
        ("curves.csv --bound nan", "bound must be a finite number, got nan"),
        ("curves.csv --bound no.csv", "no.csv must be a CSV file, there is no such file"),
        ("curves.csv --bound slow.csv", "bound must be one row or one column of numbers, got (300, 6)"),
        ("curves.csv --bound my_rates:slow", "bound must name something in 'my_rates', got 'slow'"),
        ("curves.csv --bound T2", "constants must be a Constants or a dict, with gamma, mu, lambda_min, gap0"),
        ("curves.csv --bound T2 --constant mu", "constant must be NAME=VALUE with a number, as gamma=0.1"),
        ("curves.csv --bound 1 --ceiling 0.5", "must be a proved upper end of the metric, got 0.5"),
        ("my_rates.py --bound 1", "my_rates.py must have"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing_behind(refused, typed, sentence):
    refused(f"judge {typed} --out out", sentence)


def test_what_is_not_applicable_is_bad_input(output_of):
    words = ["judge", "curves.csv", "--bound", "T2", *T2, "--constant", "gamma=2"]
    assert "gamma L <= 1 is not met" in output_of(*words, status=2)
