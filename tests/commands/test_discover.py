"""``discover``: what it prints of what is found, and what it ends with."""

import io
import re
import sys
from unittest.mock import Mock

import pytest
from rich.console import Console

from rac_theory import algorithms, statements
from rac_theory.algorithms import PLAIN
from rac_theory.commands.cli import main
from rac_theory.commands.discover import _AT, _compared
from rac_theory.commands.options import GIVEN, METHODS, METRICS
from rac_theory.discovery import discover
from rac_theory.discovery.discover import Discovery
from rac_theory.statements import assumptions
from rac_theory.statements.assumptions import polyak_lojasiewicz, smooth_along_sketch
from rac_theory.theorems import T2_sharp

MINE = """
from rac_theory.algorithms import H, Method, gradient, state
from rac_theory.statements.symbols import gamma
X = state("X")
step = Method({X: X - gamma * H(gradient(X))})
number = 3
"""
ALONG = ["rac_lora", "--given", "along", "pl"]


@pytest.fixture(autouse=True)
def module(folder):
    (folder / "mine_to_discover.py").write_text(MINE)


def test_names_are_those_of_values():
    for names, room in ((METHODS, algorithms), (GIVEN, assumptions), (METRICS, statements)):
        assert all(hasattr(room, name) for name in names.values())


@pytest.mark.long
def test_the_proof_is_printed_and_what_was_tried(output_of):
    """Or, if LaTeX is asked for, the statement and the proof."""
    found = discover(PLAIN, given=(smooth_along_sketch, polyak_lojasiewicz))
    (proof,) = found.proofs
    assert output_of("discover", *ALONG) == f"{proof}\n{found}\n"
    assert f"{proof.theorem.latex()}\n\n{proof.latex()}" in output_of("discover", *ALONG, "--latex")


@pytest.mark.long
def test_a_method_of_a_user_and_its_share_of_the_exact_rate(output_of):
    """The exact rate at gamma = 1 of coordinates, one in four, is 1 - (1 - .81)/4, the theorem has 1 - .1/4."""
    asked = ["discover", "mine_to_discover:step", *ALONG[1:], "--at"]
    printed = output_of(*asked, "gamma=1", "mu=0.1")
    assert "a factor of 0.975000 a step, the exact one is 0.952500: 52% of its exponent" in printed.replace("\n", " ")
    assert "this is T13_pl" in printed
    unmet = "the constants must meet the assumptions of found_1: gamma L_H <= 2 is not met"
    assert unmet in output_of(*asked, "gamma=3")


def test_constants_that_are_not_given_are_round_and_those_of_no_quadratic_said():
    """Half a step, curvatures from 1/10, one of four: 1 - gamma mu (2 - gamma) / 4, and 1 - (1 - .95^2) / 4."""
    assert "a factor of 0.981250 a step, the exact one is 0.975625" in _compared(T2_sharp, PLAIN, {**_AT})
    assert "must be in (0, 1]" in _compared(T2_sharp, PLAIN, {**_AT, "mu": 2.0})


def test_where_nothing_is_found_it_ends_with_1(output_of):
    first, second = output_of("discover", "rac_lora", "--given", "smooth", status=1).splitlines()
    for line in (first, second):
        assert re.search(r": nothing follows from \d+ facts at any of 40 constants; .* left to be shown$", line)


def test_an_interrupt_ends_with_what_was_found(output_of, monkeypatch):
    """As by Ctrl-C while the second search is under way: the first proof stands, and the status is that of one."""

    monkeypatch.setattr("rac_theory.commands.discover._compared", Mock(side_effect=KeyboardInterrupt))
    printed = output_of("discover", *ALONG, "--at", "gamma=1")
    assert printed.startswith("found_1, proved for every T")
    assert "this is T13_pl" in printed
    assert printed.endswith("interrupted\n")


def test_on_a_terminal_a_bar_says_what_is_looked_at(monkeypatch, capsys):
    """And what is printed while there is one goes where it goes without."""
    errors = io.StringIO()
    terminal = Console(file=errors, force_terminal=True, width=100)
    monkeypatch.setattr("rac_theory.commands.screen.errors_screen", lambda: terminal)

    def looking(*_, watch, **__):
        watch("iterate")
        print("found")
        print("warned", file=sys.stderr)
        return Discovery((), {}, {}, ("tried",))

    monkeypatch.setattr("rac_theory.discovery.discover", looking)
    assert main(["discover", *ALONG]) == 1
    assert "iterate" in errors.getvalue()
    assert capsys.readouterr() == ("found\ntried\n", "warned\n")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("momentun", "method must be one of momentum, rac_lora, got 'momentun' (did you mean 'momentum'?)"),
        ("mine_to_discover:number", "method must be a Method or a Theorem, got int for 'mine_to_discover:number'"),
        ("momentum --given smoth", "given must be one of smooth, along, pl, noise, got 'smoth'"),
        ("rac_lora --at gamma", "at must be NAME=NUMBER, such as gamma=0.5, got 'gamma'"),
        (
            "rac_lora --at gama=1",
            "at must be one of dim, gamma, mu, rank, u, v, y, z, got 'gama' (did you mean 'gamma'?)",
        ),
        ("rac_lora --at rank=5", "at must have whole numbers with 1 <= rank <= dim, got rank=5 and dim=4"),
        ("rac_lora --at rank=0", "got rank=0 and dim=4"),
        ("rac_lora --at rank=nan", "got rank=nan and dim=4"),
        ("rac_lora --at dim=2.5", "got rank=1 and dim=2.5"),
        (
            "T2 --at gamma=1",
            "at must be given with a method and its gap, whose exact rate is known, got the theorem T2",
        ),
        ("rac_lora --metric gradient --at gamma=1", "whose exact rate is known, got --metric gradient"),
        ("rac_lora --seconds 0", "seconds must be"),
    ],
)
def test_what_is_typed_is_checked(refused, typed, message):
    refused(f"discover {typed}", message)
