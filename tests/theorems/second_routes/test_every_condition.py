"""What theorems assume of f and of noise, as it is printed, read as numbers where it is an equality."""

import itertools
import math
import re
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import brentq

from rac_theory import Case, Constants, Minibatch, RACLoRA, sketches
from rac_theory.algebra import fraction, latex, number, text, truth
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.statements import assumptions
from rac_theory.theorems import Condition

from .changed import changed_relations

BOWL = Quadratic.left(np.diag([0.4, 2.6]), W_star=np.array([[0.3], [-0.7]]))  # L = 2.6, mu = s = 0.4
FLAT, STEEP = np.array([[1.7], [0.0]]), np.array([[0.0], [1.3]])


def of_function(problem, W, V, gradient=None):
    """What conditions on f are about, at two points, with the constants of a problem."""
    gradient = gradient or (lambda W: problem.gradient(W[None])[0])
    at, there = gradient(W), gradient(V)
    value, other = (float(problem.value(X[None])[0]) for X in (W, V))
    slopes = {"||grad f(V) - grad f(W)||": there - at, "||V - W||": V - W, "||grad f(W)||": at}
    return {name: float(np.linalg.norm(each)) for name, each in slopes.items()} | {
        "<grad f(W), V - W>": float(np.sum(at * (V - W))),
        "f(V) - f(W)": other - value,
        "f(W) - f*": value - problem.f_star,
        "L": problem.L, "mu": problem.mu, "s": problem.strong_convexity,
    }  # fmt: skip


def along(shift):
    """From a point beside the minimiser, on an axis of the bowl, further along it."""
    return [of_function(BOWL, BOWL.W_star + by * shift, BOWL.W_star + 2.5 * by * shift) for by in (1.0, -0.4)]


def of_components():
    """Two points along the row of the steepest component, and then along another."""
    X = np.array([[1.6, 0.3], [0.2, 0.9]])
    problem = LeastSquares(X, np.array([1.0, -1.0]))
    found = []
    for i, row in enumerate(X):
        gradient = lambda W, i=i: problem.component_gradient(W[None], np.array([[i]]))[0]  # noqa: E731
        known = of_function(problem, np.zeros((2, 1)), row[:, None], gradient)
        name = "||grad f_i(V) - grad f_i(W)||"
        found.append(known | {name: known["||grad f(V) - grad f(W)||"], "L": problem.L_max})
    return found


def of_noise(replacing, x=1.6, probability=0.3):
    """Every minibatch of (x w - y_i)^2/2, where the inequality is an equality; the sketch is all or nothing."""
    y, b = np.array([0.5, 1.0, 4.0, -2.0]), 2
    problem = LeastSquares(np.full((4, 1), x), y)
    noise = Minibatch(b, replace=replacing).noise(problem)
    batches = itertools.product(y, repeat=b) if replacing else itertools.combinations(y, b)
    means = np.array([np.mean(batch) for batch in batches])
    found = []
    for w in (0.0, 1.1, -2.0):
        G, excess = x * (x * w - y.mean()), (x * w - y.mean()) ** 2 / 2
        found.append({
            "E||Hg||^2": probability * np.mean((x * (x * w - means)) ** 2),
            "<G, E[H] G>": probability * G**2, "f(W) - f*": excess, "lambda_max": probability,
            "A": noise.A, "beta": noise.beta, "C": noise.C,
        })  # fmt: skip
    return found


OF_GAUSSIAN = "lambda_max((r + 1) Q + tr(Q) I)"


def draws_like_gaussian(d, r):
    """All matrices of entries 0 and +-sqrt(3), and their probabilities: up to the fifth moment they are normal."""
    entries = [(-(3**0.5), 1 / 6), (0.0, 2 / 3), (3**0.5, 1 / 6)]
    for chosen in itertools.product(entries, repeat=d * r):
        yield math.prod(p for _, p in chosen), np.reshape([x for x, _ in chosen], (d, r))


def gain(draws, tau, Q):
    """The smallest eigenvalue of the mean of 2M - MQM, M = tau B B'."""
    steps = [(p, tau * B @ B.T) for p, B in draws]
    return float(np.linalg.eigvalsh(sum(p * (2 * M - M @ Q @ M) for p, M in steps))[0])


def library_nu(algorithm, Q):
    """What the library has, on a quadratic."""
    return Constants.of(Case(algorithm, Quadratic.left(Q, np.ones((len(Q), 1))), steps=1)).nu


def of_gaussian():
    """Gaussian sketches, by a law with the same moments."""
    settings = [(2, 1, 0.1, 2.6), (1, 2, 0.07, 1.9), (2, 2, 0.15, 0.8), (3, 1, 0.2, 0.4)]
    found = []
    for d, r, tau, L in settings:
        Q = np.diag(L * np.arange(1, d + 1))
        largest = {OF_GAUSSIAN: (r + 1) * L * d + np.trace(Q)}
        found.append({"nu": gain(draws_like_gaussian(d, r), tau, Q), "tau": tau, "r": r} | largest)
    return found


def of_draws():
    """nu as the library has it, for two draws, and by its definition."""
    draws, tau, Q = [(0.4, np.array([[1.0], [0.5]])), (0.6, np.array([[0.0], [0.8]]))], 0.3, np.diag([2.6, 0.4])
    sketch = sketches.FiniteSupport(np.array([B for _, B in draws]), [p for p, _ in draws])
    return [
        {
            "nu": library_nu(RACLoRA(sketch, tau, lora_alpha=1.0), Q),
            assumptions.positive_gain.inequality.terms[1].name: gain(draws, tau, Q),
        }
    ]


def along_a_sketch(*, tight):
    """What Q and L_H are about, as squares of a vector: that for which L_H is, or another. L_H is found by halving."""
    Q, u = np.diag([2.6, 0.4]), np.array([0.6, 0.8])
    draws = [(0.7, np.outer(u, u)), (0.3, np.diag([0.0, 1.0]))]
    seen, mean = (sum(p * X for p, X in draws) for draws in ([(p, H @ Q @ H) for p, H in draws], draws))
    L_H = brentq(lambda x: np.linalg.eigvalsh(x * mean - seen)[0], 1.0, 2.0, xtol=1e-15, rtol=1e-15)
    v = np.linalg.eigh(L_H * mean - seen)[1][:, 0 if tight else 1]
    return [{"E[H Q H]": v @ seen @ v, "E[H]": v @ mean @ v, "L_H": L_H}]


TIGHT = {
    "smooth": along(STEEP),
    "smooth_components": of_components()[:1],
    "polyak_lojasiewicz": along(FLAT),
    "strongly_convex": along(FLAT),
    "structured_noise": [*of_noise(True), *of_noise(False)],
    "smooth_along_sketch": along_a_sketch(tight=True),
    "positive_gain": of_draws(),
    "positive_gaussian_gain": of_gaussian(),
}
LOOSE = {
    "smooth": along(FLAT),
    "smooth_components": of_components()[1:],
    "polyak_lojasiewicz": along(STEEP),
    "strongly_convex": along(STEEP),
    "smooth_along_sketch": along_a_sketch(tight=False),
    "structured_noise": [known | {"C": 2 * known["C"]} for known in of_noise(True)],
}
CONDITIONS = {name: each for name, each in vars(assumptions).items() if isinstance(each, Condition)}


def holds(relation, name):
    """Whether a relation is an equality where it should be, and true where it need not be one."""
    for known in TIGHT[name]:
        a, b = (float(number(term, known)) for term in relation.terms)
        if not abs(a - b) <= 1e-9 * max(abs(a), abs(b)):
            return False
    return all(bool(truth(relation, known)) for known in LOOSE.get(name, ()))


def same(one, other):
    """Whether two relations differ by the sign of what is squared alone: equal sides at random numbers."""
    rng = np.random.default_rng(0)
    names = {name for known in itertools.chain(*TIGHT.values()) for name in known}
    known = {name: rng.uniform(0.5, 2.0, 5) for name in sorted(names)}
    sides = zip(one.terms, other.terms, strict=True)
    return one.signs == other.signs and all(np.array_equal(number(a, known), number(b, known)) for a, b in sides)


def test_every_condition_is_read():
    """A condition that is added without a case where it is tight would be seen."""
    assert CONDITIONS.keys() == TIGHT.keys()


@pytest.mark.parametrize("name", CONDITIONS)
def test_no_change_of_a_condition_survives(name):
    """A wrong half, two, exponent or sign in what is printed, and in the comparison: the case is no equality then."""
    relation = CONDITIONS[name].inequality
    assert holds(relation, name)
    changed = list(changed_relations(relation))
    assert text(relation) not in map(text, changed)
    surviving = [other for other in changed if holds(other, name)]
    assert [other for other in surviving if not same(relation, other)] == []


@pytest.mark.parametrize(("d", "r", "gamma", "alpha", "L"), [(4, 2, 0.05, 3.0, 2.5), (7, 3, 0.01, 3.0, 0.25)])
def test_the_gain_of_a_gaussian_step_is_the_one_that_is_computed(d, r, gamma, alpha, L):
    """In exact fractions, rounded down at the end: what is printed is what is computed."""
    algorithm = RACLoRA(sketches.Gaussian(d, r), gamma, lora_alpha=alpha)
    tau = Fraction(gamma * algorithm.plain_scale)
    printed = assumptions.positive_gaussian_gain.inequality.terms[1]
    Q = L * np.arange(1.0, d + 1)
    largest = Fraction(r + 1) * Fraction(Q[-1]) + sum(map(Fraction, Q))
    exact = fraction(printed, {"tau": tau, OF_GAUSSIAN: largest, "r": r})
    nu = library_nu(algorithm, np.diag(Q))
    assert nu == pytest.approx(float(exact), rel=1e-15)
    assert nu <= exact


def test_the_gain_in_words_is_its_definition():
    """Inside of ``lambda_min(E[...])`` stand words; on the line they are 2M - MQM, numbers that commute."""
    symbol = assumptions.positive_gain.inequality.terms[1]
    inside = re.fullmatch(r"lambda_min\(E\[(.*)\]\)", text(symbol))[1]
    typeset = re.fullmatch(r"\\lambda_{\\min}\(\\mathrm{E}\[(.*)\]\)", latex(symbol))[1]
    assert typeset == inside == "2M - M Q M"
    tau, Q, b = 0.3, 2.6, 0.64
    for word, number_ in (("M", f" {tau * b} "), ("Q", Q)):
        inside = inside.replace(word, str(number_))
    first, second = (math.prod(map(float, term.split())) for term in inside.split(" - "))
    assert first - second == pytest.approx(gain([(1.0, np.array([[0.8]]))], tau, np.array([[Q]])))
