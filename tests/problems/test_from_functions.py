"""FromFunctions: loops over batches, and what it says about functions and constants that are wrong."""

import math

import numpy as np
import pytest

from rac_theory import GD, Case, verify
from rac_theory.problems import FromFunctions
from tests.as_one_test import as_one_test


def value(W):
    return (W**4).sum() / 4


def gradient(W):
    return W**3


@as_one_test(
    ("given", "known"),
    [
        ({}, {}),
        ({"L": 8, "mu": 0.17, "f_star": 0}, {"L": 8, "mu": 0.17, "f_star": 0, "f_lower": 0, "f_star_error": 0}),
        ({"f_star": 0, "f_lower": -1}, {"f_star": 0, "f_lower": -1, "f_star_error": 0}),
        ({"f_lower": -1}, {"f_lower": -1}),
        ({"strong_convexity": 0}, {"strong_convexity": 0}),
        ({"f_star": 1, "f_star_error": 0.25}, {"f_star": 1, "f_star_error": 0.25, "f_lower": 0.75}),
    ],
)
def test_constants_are_kept_and_others_are_nan(given, known):
    """Catches a lower bound that is not what is left of f* by its error, and a source of what is not known."""
    problem = FromFunctions((2, 3), value, gradient, **given)
    names = ("L", "mu", "strong_convexity", "f_star", "f_lower", "f_star_error")
    np.testing.assert_equal({name: getattr(problem, name) for name in names}, dict.fromkeys(names, math.nan) | known)
    sources = {"smoothness": "L I"} if "L" in known else {}
    sources |= {name: "given by the user" for name in known if name != "f_star_error"}
    assert problem.provenance == sources
    assert (problem.convex, problem.W_star, problem.start) == (False, None, None)


def test_a_function_that_changes_its_argument_changes_a_copy():
    def careless(W):
        W *= 2
        return W

    W = np.ones((2, 2, 3))
    FromFunctions((2, 3), value, careless).gradient(W)
    assert (W == 1).all()


@as_one_test(
    ("value_of", "gradient_of", "message"),
    [
        (None, 0, r"value must return a number, got None \(a missing return statement\?\)"),
        (np.ones((1, 1)), 0, r"value must return a number, got an array of shape \(1, 1\)"),
        ("three", 0, "value must return a number, got str"),
        (1j, 0, "value must return a number, got complex"),
        (0.0, None, r"gradient must return an array of shape \(2, 3\), got None"),
        (0.0, np.ones((3, 2)), r"gradient must return an array of shape \(2, 3\), got an array of shape \(3, 2\)"),
        (0.0, {}, r"gradient must return an array of shape \(2, 3\), got dict"),
    ],
)
def test_a_wrong_result_is_named(value_of, gradient_of, message):
    problem = FromFunctions((2, 3), lambda W: value_of, lambda W: gradient_of)
    W = np.zeros((4, 2, 3))
    with pytest.raises(ValueError, match=message):
        problem.value(W), problem.gradient(W)


@as_one_test(
    ("given", "message"),
    [
        ({"shape": (0, 3)}, r"shape\[0\] must be >= 1, got 0"),
        ({"gradient": 3}, "gradient must be a function, got 3"),
        ({"L": -1}, "L must be a finite number >= 0, got -1"),
        ({"L": 1, "mu": 2}, "mu must be <= L=1, got 2"),
        ({"L": 1, "mu": 1, "strong_convexity": 2, "convex": True}, "strong_convexity must be <= mu=1, got 2"),
        ({"strong_convexity": 1}, "convex must be True where strong_convexity > 0, got False"),
        ({"f_star": 0, "f_lower": 1}, "f_lower must be <= f_star=0, got 1"),
        ({"f_star": 0, "f_star_error": -1}, "f_star_error must be a finite number >= 0, got -1"),
        ({"f_star_error": 1}, "f_star must be given where f_star_error > 0, got nan"),
        ({"f_star": math.inf}, "f_star must be a finite number, got inf"),
        ({"W_star": np.zeros((3, 2))}, r"W_star must have shape \(2, 3\), got \(3, 2\)"),
        ({"start": np.zeros(6)}, r"start must have shape \(2, 3\), got \(6,\)"),
    ],
)
def test_what_cannot_be_is_named(given, message):
    with pytest.raises(ValueError, match=message):
        FromFunctions(**{"shape": (2, 3), "value": value, "gradient": gradient} | given)


def test_functions_of_a_batch_are_called_once():
    """The same as functions of one matrix, and one call for any batch. Catches a batch that is not put back."""
    calls = []

    def values(W):
        calls.append(W.shape)
        return np.sum(W**4, axis=(1, 2)) / 4

    many = FromFunctions((2, 3), values, gradient, batched=True)
    one = FromFunctions((2, 3), value, gradient)
    W = np.random.default_rng(0).standard_normal((4, 5, 2, 3))
    for batch in (W, W[0], W[0, 0], W[:0]):
        np.testing.assert_array_equal(many.value(batch), one.value(batch))
        np.testing.assert_array_equal(many.gradient(batch), one.gradient(batch))
    assert calls == [(20, 2, 3), (5, 2, 3), (1, 2, 3), (0, 2, 3)]
    wrong = FromFunctions((2, 3), lambda W: np.sum(W), lambda W: W[0], batched=True)
    with pytest.raises(ValueError, match=r"^value must return an array of shape \(20,\), got an array of shape \(\)"):
        wrong.value(W)
    with pytest.raises(ValueError, match=r"^gradient must return an array of shape \(20, 2, 3\)"):
        wrong.gradient(W)
    with pytest.raises(ValueError, match=r"^value must be a function of a batch .* that does not fail, got Zero"):
        FromFunctions((2, 3), lambda W: 1 / 0, lambda W: W, batched=True).value(W)


def test_what_is_measured_is_said():
    """Where the problem is shown, in a verdict too, and where constants come from. Catches a mark that is dropped."""
    known = {"L": 1.0, "mu": 1.0, "f_star": 0.0, "start": np.ones((2, 1))}
    problem = FromFunctions((2, 1), lambda W: np.sum(W**2) / 2, lambda W: W, **known, measured=["L"])
    assert "L=1 (measured), mu=1," in repr(problem)
    assert problem.provenance["L"] == "measured by the user, not proved"
    assert problem.provenance["mu"] == "given by the user"
    assert "L=1 (measured)" in str(verify("T2", Case(GD(1.0), problem, steps=3)))
    for wrong in ("L", 3, ["f_lower", "strong_convexity"], ["l"], [7]):
        with pytest.raises(ValueError, match=r"^measured must "):
            FromFunctions((2, 1), lambda W: np.sum(W), lambda W: W, L=1.0, measured=wrong)
    for given, known in (({}, "none is"), ({"L": 1.0, "mu": 1.0}, "L, mu")):
        with pytest.raises(ValueError, match=rf"constants that are given \({known}\), got 'f_star'"):
            FromFunctions((2, 1), np.sum, np.copy, measured=["f_star"], **given)
