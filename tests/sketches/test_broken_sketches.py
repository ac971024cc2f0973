"""A sketch whose members fail or return nonsense is named wherever the library asks it, never with a traceback inside.
Every member of a right sketch is replaced in turn, and the sketch put before all that read it."""

from fractions import Fraction

import numpy as np
import pytest

from rac_theory import Case, RACLoRA, expected, simulate, spectrum, theorems, verify
from rac_theory.problems import Quadratic
from rac_theory.sketches import Coordinate, Mixture, draws
from rac_theory.testing import Refuted, check_sketch
from tests.as_one_test import as_one_test

PROBLEM = Quadratic.left(np.diag([1.0, 2.0, 3.0]), np.ones((3, 2)))
EYE, HALF = np.eye(3), [Fraction(1, 2), Fraction(1, 2)]
VALUES = EYE[:2, :, None]


def fails(*arguments):
    raise RuntimeError("out of order")


def gives(value):
    return lambda *arguments: value


class Plain:
    """Coordinates of R^3, of which nothing is claimed."""

    dim, rank = 3, 1

    def sample(self, rng, size):
        return Coordinate(3, 1).sample(rng, size)


def method(function):
    return lambda self, *arguments: function(*arguments)


def broken(**members):
    """Coordinates whose members are replaced."""
    return type("Mine", (Plain,), {name: method(m) if callable(m) else m for name, m in members.items()})()


NONSENSE = {
    "fails": fails,
    "a list": gives([[1.0]]),
    "another shape": gives(np.ones((2, 5))),
    "complex": gives(np.full((3, 3), 1j)),
    "datetimes": gives(np.full((3, 3), np.datetime64("2024-01-01"))),
    "masked": gives(np.ma.masked_array(np.eye(3) / 3, mask=np.eye(3) > 0)),
    "nan": gives(np.full((3, 3), np.nan)),
    "no method": 3,
}
NO_PAIRS = {
    "fails": fails,
    "a string": gives("no"),
    "three": gives((VALUES, HALF, 1)),
    "no values": gives((None, HALF)),
    "values of another dim": gives((np.ones((2, 4, 1)), HALF)),
    "nan among values": gives((VALUES * np.nan, HALF)),
    "no probabilities": gives((VALUES, None)),
    "numbers as words": gives((VALUES, ["0.5", "0.5"])),
    "too many": gives((VALUES, [0.5, 0.25, 0.25])),
    "of several lengths": gives((VALUES, [[0.5], [0.25, 0.25]])),
    "negative": gives((VALUES, [1.5, -0.5])),
    "sum is not one": gives((VALUES, [0.5, 0.4])),
    "nan": gives((VALUES, [0.5, np.nan])),
    "complex": gives((VALUES, [0.5 + 0j, 0.5])),
    "truth values": gives((VALUES, [True, False])),
    "masked": gives((VALUES, np.ma.masked_array([0.5, 0.5], mask=[True, False]))),
    "no method": 3,
}
NO_TWO = {
    "fails": fails,
    "three": gives((1, 2, 3)),
    "nan": gives((1, np.nan)),
    "infinite": gives((np.inf, 1)),
    "words": gives(("a", "b")),
    "a number": gives(1),
    "no method": 3,
}
NO_DRAWS = {
    "fails": fails,
    "exits with a value error": lambda rng, size: np.ones(2) @ np.ones(3),
    "nothing": gives(None),
    "rows for columns": lambda rng, size: np.zeros((size, 1, 3)),
    "a list": lambda rng, size: [[[1.0], [0.0], [0.0]]] * size,
    "complex": lambda rng, size: np.ones((size, 3, 1)) * 1j,
    "objects": lambda rng, size: np.ones((size, 3, 1), dtype=object),
    "masked": lambda rng, size: np.ma.masked_array(rng.standard_normal((size, 3, 1)), mask=False),
    "infinite": lambda rng, size: np.full((size, 3, 1), np.inf),
    "no method": 3,
}
MEMBERS = {
    "expected_projection": NONSENSE,
    "second_moment": NONSENSE,
    "support": NO_PAIRS,
    "invariants": NO_TWO,
    "sample": NO_DRAWS,
    "orthonormal": {"a word": "yes", "a number": 1, "an array": np.array([True, False]), "fails": property(fails)},
    "rotation_invariant": {"a word": "yes", "None": None, "fails": property(fails)},
    "rank": {"a float": 1.0, "a word": "1", "too large": 4, "zero": 0, "fails": property(fails)},
}
CASES = [(member, what) for member, kinds in MEMBERS.items() for what in kinds]

READERS = {
    "RACLoRA": lambda sketch: RACLoRA(sketch, 0.1),
    "spectrum": spectrum,
    "exact spectrum": lambda sketch: spectrum(sketch, exact=True),
    "expected": lambda sketch: expected(Case(RACLoRA(sketch, 0.1), PROBLEM, steps=3)),
    "exactly expected": lambda sketch: expected(Case(RACLoRA(sketch, 0.1), PROBLEM, steps=3), exact=True),
    "expected plain steps": lambda sketch: expected(Case(RACLoRA(sketch, 0.1, lora_alpha=1.0), PROBLEM, steps=3)),
    "simulate": lambda sketch: simulate(Case(RACLoRA(sketch, 0.1), PROBLEM, steps=2), runs=4, rng=0),
    "verify": lambda sketch: verify(theorems.T2, Case(RACLoRA(sketch, 0.1), PROBLEM, steps=3), rng=0),
    "verify plain steps": lambda sketch: verify(
        theorems.T12_pl, Case(RACLoRA(sketch, 0.1, lora_alpha=1.0), PROBLEM, steps=3), rng=0
    ),
    "Mixture": lambda sketch: spectrum(Mixture([sketch, Coordinate(3, 1)], [1, 1])),
    "moments of a mixture": lambda sketch: expected(Case(RACLoRA(Mixture([sketch], [1]), 0.1), PROBLEM, steps=3)),
}
ASKED = {
    "expected_projection": draws.claimed_projection,
    "second_moment": lambda sketch: draws.claimed_second_moment(sketch, EYE),
    "support": draws.checked_support,
    "invariants": draws.claimed_invariants,
    "sample": lambda sketch: draws.draw(sketch, np.random.default_rng(0), 4),
}


def made(member, what):
    return broken(**{member: MEMBERS[member][what]})


def answer(reader, sketch):
    """What a reader complains of; "" if it can do without what is broken. Any error but a ValueError goes through."""
    try:
        reader(sketch)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
def test_no_reader_fails_in_another_way(reader):
    for case in CASES:
        words = answer(reader, made(*case))
        assert not words or "Mine" in words or words.startswith("rank must be"), (case, words)


@as_one_test(("member", "what"), [(m, w) for m, w in CASES if m in ASKED])
def test_what_asks_a_member_names_it(member, what):
    with pytest.raises(ValueError, match=rf"Mine\.{member}.* must"):
        ASKED[member](made(member, what))


@as_one_test(("member", "what"), CASES)
def test_the_check_names_it(member, what):
    with pytest.raises(Refuted, match=rf"Mine.*{member}.* must|Mine\.{member}"):
        check_sketch(made(member, what), draws=512)


def test_members_that_return_none_are_not_there():
    """The twin of all that is broken here: it is sampled, and nothing is claimed of it."""
    assert spectrum(broken(support=gives(None), invariants=gives(None)), rng=0).how == "sampled"
    check_sketch(broken(expected_projection=gives(None), second_moment=gives(None)), draws=4096)


def test_integers_and_mixed_probabilities_are_welcome():
    """Integer draws, probabilities of Fractions and floats together, and invariants in floats: all are numbers."""
    mixed = broken(support=gives((EYE[..., None], [Fraction(1, 2), 0.25, Fraction(1, 4)])))
    np.testing.assert_allclose(spectrum(mixed).matrix, np.diag([0.5, 0.25, 0.25]))
    found = draws.claimed_invariants(broken(invariants=gives((0.5, np.float32(0.25)))))
    assert found == (Fraction(1, 2), Fraction(1, 4))
    assert draws.draw(broken(sample=lambda rng, size: np.ones((size, 3, 1), dtype=int)), None, 2).dtype == np.float64
