"""What is typed wrongly, in the words of the house; and help, whose examples print what they say."""

import re

import numpy as np
import pytest

from rac_theory.commands import cli
from rac_theory.commands.cli import main
from rac_theory.commands.screen import PROSE

COMMANDS = cli._parser().commands


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("verify --lr 0.1", "got '--lr' (did you mean '--setting'?)"),
        ("explain T1 T2", "rac-theory explain must be given no more words, got 'T2'"),
        ("", "command must be one of verify, report, repeat, sweep, judge, counterexamples, list, explain, cite,"),
        ("verfy", "command must be one of these, got 'verfy' (did you mean 'verify'?)"),
        ("verify --sketc", "--sketch must be given at least one value, got none"),  # a prefix is the option
        ("verify --skecth haar", "option must be one of these, got '--skecth' (did you mean '--sketch'?)"),
        ("verify --row=1", "--rows must be given no value, got '1'"),
        ("--verison", "option must be one of --help, --version, got '--verison' (did you mean '--version'?)"),
        ("list --mark proved", "mark must be one of derived, paper, printed, second-hand, got 'proved'"),
        ("list --setting federate", "setting must be one of these, got 'federate' (did you mean 'federated'"),
        ("list --assumption convx", "asked of theorems must be true of one, got assumption 'convx' (did you mean"),
        ("sketch haar --dim 4 --rank 2 --seed -1", "seed must be >= 0, got -1"),
        ("advise 4x4 --seed -1", "seed must be >= 0, got -1"),
        ("sketch haar", "--dim, --rank must be given"),
        ("sketch haar --dim 8 --rank two", "rank must be an integer >= 1, got 'two'"),
        ("sketch haar --dim 8.5 --rank 2", "dim must be an integer >= 1, got '8.5'"),
        ("verify --alpha often", "alpha must be a number > 0 and < 1, got 'often'"),
        ("verify --alpha 0", "alpha must be a finite number > 0 and < 1, got 0"),
        ("verify --steps many", "steps must be an integer >= 1, got 'many'"),
        ("verify --claim C99", "claim must be one of these, got 'C99' (did you mean 'C9'?): C1, C2, C3,"),
        ("verify --side lft", "side must be one of both, left, right, got 'lft' (did you mean 'left'?)"),
        ("verify --setting federate", "; or a step size, such as 0.5/L"),
        ("verify --problem digit", "did you mean 'digits'"),
        ("verify --sketch harr", "did you mean 'haar'"),
        ("repeat nothing.json 1", "results must be a file written by verify"),
        ("sketch haar --dim 3 --rank 4", "rank must be in 1..dim=3, got 4"),
        ("counterexamples c6", "did you mean 'C6'"),
        ("repeat results.json one", "row must be an integer >= 1, got 'one'"),
        ("repeat results.json 1_0", "row must be an integer >= 1, got '1_0'"),
        ("repeat results.json \u0661", "row must be an integer >= 1, got '\u0661'"),
        ("judge c.csv --bound 1 --columns step", "columns must be one of steps, runs, got 'step' (did you mean 'st"),
        ("judge c.csv --bound 1 --ceiling high", "ceiling must be a number, got 'high'"),
        ("judge c.csv --bound T02", "did you mean 'T2'"),
        ("advise 4x4 --loss logistc", "loss must be one of least_squares, logistic, softmax, got 'logistc'"),
        ("advise 4x4 --rho a", "rho must be a number >= 1, got 'a'"),
        ("advise 4x4 --rho 2 --spectrum 1", "--spectrum must not be given beside --rho"),
    ],
)
def test_a_sentence_says_what_is_wrong_and_what_was_meant(refused, typed, message):
    np.savetxt("c.csv", np.ones((3, 3)), delimiter=",")
    refused(typed, message)


def test_what_is_typed_does_not_steer_the_terminal(capsys):
    assert main(["\x1b[2J"]) == 2
    assert main(["verify", "--\x1b[2J"]) == 2
    assert "\x1b" not in capsys.readouterr().err


GRID = """
claims = ["T2"]
problems = ["quadratic"]
sketches = ["haar", "coordinate"]
ranks = [1, 2]
sides = ["left"]
"""


@pytest.mark.long
def test_every_help_ends_in_an_example_that_prints_what_it_says(folder, output_of):
    """Line by line, up to "..." where one is cut; numbers, but times, are those that are printed.

    In their order: repeat and report need what verify left.
    """
    (folder / "grid.toml").write_text(GRID)
    steps = np.random.default_rng(0).uniform(0.7, 1.0, size=(300, 5))
    np.savetxt("curves.csv", np.cumprod(np.column_stack([0.85 * np.ones(300), steps]), axis=1), delimiter=",")
    for name, parser in COMMANDS.items():
        assert parser.example is not None, name
        printed = [" ".join(line.split()) for line in output_of(*parser.example.typed.split()).splitlines()]
        at = -1
        for line in filter(None, (" ".join(line.split()) for line in parser.example.prints.splitlines())):
            pattern = re.escape(line).replace(re.escape("..."), ".*")
            at = next((i for i, one in enumerate(printed) if i > at and re.fullmatch(pattern, one)), None)
            assert at is not None, f"{name}: {line}\n" + "\n".join(printed)


@pytest.mark.parametrize("width", [80, 120, 165])
def test_help_fits_the_terminal_and_prose_is_never_wider_than_prose(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    for words in ([], *([name] for name in COMMANDS)):
        assert main([*words, "--help"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= min(width, PROSE), words
        assert any(line.startswith("  $ rac-theory ") for line in lines), words


def test_help_says_the_default_of_every_option_that_has_a_value():
    """What is required, and what is a choice of files or conditions alone, has none."""
    without = {"list": {"setting", "assumption", "mark"}, "judge": {"bound", "below", "constant"}}
    without |= {"sweep": {"export"}, "advise": {"data", "spectrum", "rho", "shape", "lora_alpha", "features"}}
    for name, parser in COMMANDS.items():
        for action in parser._actions:
            has_value = action.option_strings and action.nargs != 0
            if has_value and not action.required and action.dest not in without.get(name, ()):
                assert "default" in action.help, (name, action.dest)
                told = re.search(r"default: ([\d.]+)\)", action.help)
                assert told is None or action.default in (float(told[1]), None), (name, action.dest)


def test_help_of_a_command_is_in_the_order_of_use():
    """What is tried comes before how; a group without options would be a heading over nothing."""
    parts = ("what is tried:", "how it is tried:", "what is shown and kept:", "example:")
    places = [*map(COMMANDS["verify"].format_help().index, parts)]
    assert places == sorted(places)
