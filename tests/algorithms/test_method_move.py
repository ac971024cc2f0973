"""What a step does to what is reported, read off the lines of a method."""

import numpy as np
import pytest

from rac_theory import Case, FiniteDifferences, Noisy, RACLoRA, Status, verify
from rac_theory.algebra import Symbol, identical
from rac_theory.algorithms import MOMENTUM, SHIFTED_MOMENTUM, H, Method, gradient, letter, move_of, state
from rac_theory.problems import Quadratic
from rac_theory.sketches import Coordinate
from rac_theory.statements.about import step_of
from tests.refused import refuses

from . import methods

X, Y, D = state("X", "Y", "D")
gamma, b = Symbol("gamma"), letter("b")
KEEPS = Method({X: X - gamma * H(gradient(X)), Y: b * Y + gradient(X)}, start={Y: X})
SCALED = H(gradient(X + D))
AHEAD = Method({X: X - gamma * SCALED, D: b * D + gamma * SCALED}, start={D: 0})

TRUE_AHEAD = Method({X: X - gamma * SCALED, D: b * D + b * gamma * SCALED}, start={D: 0})
BEHIND = Method({X: X - gamma * SCALED, D: b * D - b * gamma * SCALED}, start={D: 0})
LATER = Method({X: X - gamma * SCALED, D: b * D + b * gamma * SCALED}, start={D: X}, report=X)
PROBLEM = Quadratic.left(np.diag([1.0, 0.5, 0.2]), np.ones((3, 2)))


@pytest.mark.parametrize("method", [MOMENTUM, SHIFTED_MOMENTUM, TRUE_AHEAD])
def test_momentum_is_read_however_it_is_written(method):
    """At W, at X and with M scaled; catches a length of gamma (1 - b), and a shift that is not gamma b M."""
    length, memory, ahead, is_whole = move_of(method)
    assert not is_whole
    assert ahead is not None
    named = {symbol: Symbol(symbol.name) for symbol in (*length.symbols, *memory.symbols)}
    assert identical(length.at(named), Symbol("gamma"))
    assert identical(memory.at(named), Symbol("b"))
    assert step_of(method, ("g",)).vectors == ("gx",)


WHOLE, LONG = D + gradient(X), D + 2 * gamma * gradient(X)
SCALED_FEEDBACK = Method({X: X - gamma * H(WHOLE), D: WHOLE - H(WHOLE)}, start={D: 0}, report=X - gamma * D)
LONGER = Method({X: X - H(LONG), D: LONG - H(LONG)}, start={D: 0}, report=X - D)


@pytest.mark.parametrize(("method", "length"), [(methods.FEEDBACK, 1), (SCALED_FEEDBACK, 1), (LONGER, 2)])
def test_error_feedback_is_read_however_it_is_written(method, length):
    """D in units of W or of the gradient; W moves by all of gamma g, and X is ahead by what is kept."""
    move = move_of(method)
    assert move.is_whole
    assert identical(move.memory, 1)
    assert identical(move.length.at(dict.fromkeys(move.length.symbols, 1)), length)
    assert identical(move.length, move.ahead)
    assert step_of(method, ("g",)).vectors == ("gx",)


FORGETS = D / 2 + gradient(X)
NOT_FEEDBACK = {
    "half of it is kept": Method({X: X - H(WHOLE), D: WHOLE - H(WHOLE) / 2}, start={D: 0}, report=X - D),
    "half of it is forgotten": Method({X: X - H(FORGETS), D: FORGETS - H(FORGETS)}, start={D: 0}, report=X - D),
    "something is kept at first": Method({X: X - H(WHOLE), D: WHOLE - H(WHOLE)}, start={D: X}, report=X - D),
    "H is of another": Method({X: X - H(gradient(X)), D: WHOLE - H(gradient(X))}, start={D: 0}, report=X - D),
    "H is of twice as much": Method({X: X - H(2 * WHOLE), D: WHOLE - H(2 * WHOLE)}, start={D: 0}, report=X - D),
    "nothing is kept": Method({X: X - gamma * gradient(X)}),
}


def test_what_is_ahead_by_another_number_is_no_step_of_ours():
    for method in (AHEAD, BEHIND):
        with pytest.raises(ValueError, match=r"X must be ahead of W by .* times what is kept, it is by"):
            step_of(method, ("g",))
    with pytest.raises(ValueError, match="or ahead of it by what is kept, 0 at first, got one at X \\+ D"):
        move_of(LATER)


WORDS = {
    "ef21": r"here it is moved by \(-gamma\) M$",
    "heavy ball": r"here it is moved by \(-beta gamma\) M \+ \(-gamma\) H\(grad f\(W\)\)$",  # by all of it
    "extragradient": "a gradient must be taken at what is reported",
}
NOT_ASKED = "feedback", "projected momentum", "recursive", "longer"
OTHERS = NOT_FEEDBACK | {name: method for name, method in methods.METHODS.items() if name not in NOT_ASKED}


def test_of_another_method_it_is_said_what_moves_it():
    for name, method in OTHERS.items():
        refuses(move_of, {method: WORDS.get(name, "along H of a gradient, here it is moved by")})


@pytest.mark.parametrize("id", ["T1", "T2_sharp", "T13_pl"])
def test_a_theorem_is_about_what_is_reported_whatever_is_kept_beside(id):
    """Its numbers are those of ours to the last digits; catches bounds by constants of another H."""
    case = Case(KEEPS(Coordinate(3, 1), gamma=0.5, b=0.25), PROBLEM, steps=10)
    mine, ours = verify(id, case), verify(id, Case(RACLoRA(Coordinate(3, 1), 0.5), PROBLEM, steps=10))
    assert mine.status is ours.status is Status.HOLDS
    np.testing.assert_allclose(mine.mean, ours.mean, rtol=1e-12)
    np.testing.assert_array_equal(mine.bound, ours.bound)


def test_and_about_no_other():
    """A step twice as long is refused, though it is one of a letter gamma; noise is asked of the source."""
    longer = Method({X: X - 2 * gamma * H(gradient(X)), Y: Y}, start={Y: X})
    inside = Method({X: X - gamma * H(2 * gradient(X)), Y: Y}, start={Y: X})
    for method in (longer, inside):
        verdict = verify("T2", Case(method(Coordinate(3, 1), gamma=0.25), PROBLEM, steps=4))
        assert verdict.status is Status.NOT_APPLICABLE
    noisy = KEEPS(Coordinate(3, 1), gamma=0.5, b=0.25, gradients=Noisy(0.1))
    assert verify("T6", Case(noisy, PROBLEM, steps=4)).status is Status.HOLDS
    assert verify("T2", Case(noisy, PROBLEM, steps=4)).status is Status.NOT_APPLICABLE


def test_errors_of_differences_are_those_of_what_draws_its_H():
    """The bound is that of ours, errors and all; catches a number of directions that is that of all entries."""
    seen = H(gradient(X))
    mine = Method({X: X - gamma * seen, Y: b * Y + seen}, start={Y: X})
    source = FiniteDifferences(0.5)
    case = Case(mine(Coordinate(3, 1), gamma=0.5, b=0.25, gradients=source), PROBLEM, steps=40)
    ours = Case(RACLoRA(Coordinate(3, 1), 0.5, gradients=source), PROBLEM, steps=40)
    verdict = verify("T20", case, runs=32, rng=0)
    assert verdict.status is Status.CONSISTENT
    np.testing.assert_array_equal(verdict.bound, verify("T20", ours).bound)
