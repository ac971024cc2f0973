"""``prove``: what it prints of theorems of ours and of a user, and what it ends with."""

import re
from dataclasses import replace
from time import perf_counter

import pytest

from rac_theory import prove, theorems
from rac_theory.commands.cli import main
from rac_theory.theorems import T2, why_not_proved
from rac_theory.theorems.ours import STORED

pytestmark = pytest.mark.usefixtures("mine")


def test_one_theorem_is_proved_in_full_and_latex_is_that_of_the_proof(output_of):
    assert output_of("prove", "T2") == f"{prove('T2')}\n"
    assert output_of("prove", "T2", "--latex") == f"{prove('T2').latex()}\n"


def test_all_are_a_line_each(output_of):
    """A theorem that is passed over, lemmas or assumptions that are another's, and a time that is none."""
    begun = perf_counter()
    printed = output_of("prove", "all", status=int(len(STORED) < len(theorems.ALL)))
    taken = 1000 * (perf_counter() - begun) + len(STORED)  # each is rounded to a millisecond
    lines = dict(line.split(maxsplit=1) for line in printed.splitlines() if " ms  " in line)
    assert list(lines) == list(STORED)
    for id, line in lines.items():
        proof = prove(id)
        assert re.match(r"\d+ ms  proved", line)
        assert proof.summary.removeprefix("machine-checked") in line
    assert sum(int(line.split()[0]) for line in lines.values()) <= taken
    assert "proved, with lemmas on paper: t7" in lines["T7"]
    assert "not used: lambda_min > 0" in lines["T2"]


def test_a_theorem_of_a_user_is_proved_or_not(output_of):
    """1 where none was found, also beside one that was: and it is said that this refutes nothing."""
    assert "half, proved for every T" in output_of("prove", "mine:half")
    printed = output_of("prove", "mine:fast", "T2", status=1)
    assert "fast: no proof was found, which does not make it false: its bound has no form" in printed
    assert re.search(r"^T2 .* proved;", printed, re.MULTILINE)


@pytest.mark.long
def test_what_is_not_proved_says_what_can_be_instead_and_what_is_not_given_or_not_known(output_of, capsys):
    """Twice the rate of T2 has no proof, and the best of that form is T2_sharp."""
    printed = output_of("prove", "mine:twice", status=1)
    assert "it would follow from E[f(W+) - f*] <= (1 - 2 gamma mu lambda_min) (f(W) - f*)" in printed
    assert "the best of its form that can be proved: found_1: E[f(W^T)] - f* <= (1 - gamma mu lambda_min (2 " in printed
    assert "this is T2_sharp" in printed
    given = "it follows from T2 once this is given as well: Lipschitz gradient of f"
    assert given in output_of("prove", "mine:unsmooth", status=1)
    assert main(["prove", "mine:unknown"]) == 1
    printed, error = capsys.readouterr()
    assert "no fact is known of a step of lazy, which it is about; about=about_of(method, ('G',))" in printed
    assert error == ""


def test_of_what_is_not_given_two_are_named_and_not_three():
    lacking = [why_not_proved(replace(T2, id="mine", given=T2.given[count:])) for count in (2, 3)]
    assert lacking[0].endswith(
        "this is given as well: Lipschitz gradient of f: "
        "||grad f(V) - grad f(W)|| <= L ||V - W|| with known L > 0 and gamma L <= 1"
    )
    assert "given as well" not in lacking[1]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("T2 --kernel coq --latex", "latex must not be given with --kernel coq, which prints what Coq says of a proof"),
        ("T2 T3 --export a.txt", "export must be given one theorem, a file for each, and neither --kernel coq nor"),
        ("T2 --latex --out o --kernel coq --export a.txt", "got T2, --kernel coq, --latex, --out"),
    ],
)
def test_options_that_one_answer_cannot_have_both_are_refused(refused, typed, message):
    refused(f"prove {typed}", message)


def test_explain_says_what_a_proof_rests_on(output_of):
    printed = output_of("explain", "T7")
    assert f"proof    {prove('T7').summary}\n" in printed
    assert "lemmas   docs/theory/t7.md\n" in printed
