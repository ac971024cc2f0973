"""What may be drawn are other programs, and what is known to be the same still stands."""

from types import SimpleNamespace

import pytest

from . import __main__ as command
from .drawn import EQUIVALENT, draw, is_equivalent, matrix, mutants
from .lines import ROOT, check

NAMED = [
    ("rac_theory/verdicts/verification/measured_smoothness.py", "alpha / 2", "alpha * 2"),
    ("rac_theory/sketches/distributions/uniform.py", "(3 * r + 1)", "(3 * r + 2)"),
    ("rac_theory/sketches/distributions/uniform.py", "(3 * r + 1)", "(3 * r - 1)"),
    ("rac_theory/cases/constants.py", ", math.inf)", ", -math.inf)"),
    ("rac_theory/testing/algorithms/implementations.py", "1e100", "1e100 * 2"),  # and one more is the same number
]


@pytest.mark.parametrize(("file", "text", "mutant"), NAMED)
def test_numbers_operations_and_directions_may_be_drawn(file, text, mutant):
    """Catches a kind of mutant that is never drawn."""
    assert any(text in line.text and mutant in line.mutant for line in mutants(file))


def test_every_draw_is_another_program():
    """Catches a place that is taken from the wrong column: from files where letters of more than one byte stand."""
    files = [file for folder in ("rac_theory", "docs/_ext") for file in sorted((ROOT / folder).rglob("*.py"))]
    for line in draw(300, 48, [file for file in files if not file.read_bytes().isascii()]):
        check(line)


def test_a_draw_is_repeated_by_its_seed():
    """Others must be able to try what we tried."""
    assert draw(9, 1, ["rac_theory/numerics"]) == draw(9, 1, ["rac_theory/numerics"])
    assert draw(9, 1, ["rac_theory/numerics"]) != draw(9, 2, ["rac_theory/numerics"])


@pytest.mark.long
def test_what_is_the_same_stands_with_its_reason():
    """Catches an entry whose line was written anew; it would excuse nothing, or something else."""
    for line in EQUIVALENT:
        assert line.why, line
        assert is_equivalent(line) == line.why, line
        check(line)


def test_a_matrix_counts_kills_and_those_of_one_test_alone():
    """The one that kills alone is named first: it cannot go."""
    _, *rows = matrix([("a", "b"), ("a",), (), ("c", "b"), ("b", "a")])
    assert [row.split() for row in rows] == [["3", "1", "a"], ["3", "0", "b"], ["1", "0", "c"]]


def test_what_lives_meets_the_long_tests_of_all_rooms(monkeypatch):
    """No record says which lines these run. Would catch a mutant that is said to live, though one of them fails."""
    (line,), quick = draw(1, 48, ["rac_theory/numerics"]), "tests/numerics/test_roots.py::test_quick"
    long = "tests/theorems/test_on_data.py::test_long"

    def run_tests(lines, arguments, *longest):
        fails = bool([*lines]) and ("-m=not full" in arguments or long in arguments)
        return (1, f"FAILED {long} - assert 1 == 2") if fails else (0, "")

    monkeypatch.setattr(command, "run_tests", run_tests)
    reach = SimpleNamespace(tests=lambda line: ([quick], False), seconds={quick: 0.1})
    assert command.together([line], reach) == {line: (long,)}


def test_what_fails_without_a_mutant_is_known_or_nothing_is_said(monkeypatch):
    """Would catch a run without an end that is taken for one where all pass: then any mutant is killed by any test."""
    a, b = "tests/test_a.py::test_a", "tests/test_b.py::test_b[4]"
    fails = (1, f"FAILED {a} - assert 1 == 2")
    answers = iter([fails, (4, "not found"), fails, (None, "no end"), (2, "")])
    heard = []

    def run_tests(lines, arguments, longest):
        heard.append(arguments[2:])
        return next(answers)

    monkeypatch.setattr(command, "run_tests", run_tests)
    assert command.broken(()) == set()
    assert command.broken({a, b}) == command.broken({a, b}) == {a}
    assert heard == [[a, b], [a, b], ["tests/test_a.py", "tests/test_b.py"]]
    for _ in range(2):
        with pytest.raises(RuntimeError, match="which tests fail without a mutant is not known"):
            command.broken({a})
