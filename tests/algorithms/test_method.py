"""A method as one expression: how it is made, refused, printed, compared and run."""

import pickle
import re
from fractions import Fraction
from functools import partial
from itertools import islice

import numpy as np
import pytest

from rac_theory import GD, SGD, Bernoulli, Case, LayeredRACLoRA, Minibatch, Noisy, RACLoRA, simulate
from rac_theory.algebra import Symbol, identical
from rac_theory.algorithms import MOMENTUM, H, Method, MethodDescent, gradient, letter, state
from rac_theory.algorithms.gradients import CertifiedStep, Clients, Exact, FiniteDifferences, Local, Reshuffled, Subset
from rac_theory.algorithms.method import coefficients
from rac_theory.problems import Federated, FromFunctions, Layers, LeastSquares, Quadratic, SoftmaxRegression
from rac_theory.runs.simulation.kernels.choice import kernel_for
from rac_theory.sketches import Coordinate, Gaussian, Haar
from rac_theory.sketches.draws import ranges
from rac_theory.statements.symbols import L, L_max, gamma
from tests.refused import refused

from .methods import ACCELERATED, FEEDBACK, HEAVY_BALL, LETTERS, METHODS, REPORTS, STARTS, STEPS, W, alpha, beta, called

M, Z, D = state("M", "Z", "D")
rng = np.random.default_rng(5)
X, Y = rng.standard_normal((12, 4)), rng.standard_normal((12, 3))
SUM = LeastSquares(X, Y, l2=0.1)
SLOPE = FromFunctions((1, 1), lambda W: W.sum(axis=(1, 2)), np.ones_like, L=1.0)
START = rng.standard_normal((4, 3))
NUMBERS = {"gamma": 0.2, "beta": 0.7}
COMBINATION = "line W must be a combination of states, gradients and H(...), got"
A_LINE = "a line must be that of a state, such as W, got"
UNDER_H = "H must be applied to a combination of states and gradients, such as H(gradient(W)),"


def test_a_combination_is_its_coefficients():
    """Catches coefficients that are compared as they are written, and terms that cancel but stay."""
    assert identical((W + alpha * Z) / (1 + alpha), W / (1 + alpha) + alpha / (1 + alpha) * Z)
    assert coefficients(W - W + M).keys() == {M}
    assert not coefficients(W - W)
    assert not coefficients(alpha * 0 * W)
    assert identical(coefficients(2 * W + 3 * M - W / 2)[W], Fraction(3, 2))
    assert gradient(W + M) == gradient(M + W)
    assert hash(gradient(W + M)) == hash(gradient(M + W))
    assert gradient(W) != H(W)
    assert H(W + M) != H(W - M)
    assert W != M
    assert W != "W"
    assert Symbol("W") != W
    assert pickle.loads(pickle.dumps(ACCELERATED)) == ACCELERATED


def test_bad_input_is_one_sentence_that_names_the_line():
    cases = [
        (lambda: Method({W: W * M}), f"{COMBINATION} W M, which is"),
        (lambda: Method({W: gradient(W) * H(W)}), COMBINATION),
        (lambda: Method({W: W / M}), f"{COMBINATION} W / M, which"),
        (lambda: Method({W: gamma / W}), f"{COMBINATION} gamma / W"),
        (lambda: Method({W: W**2}), f"{COMBINATION} W^2, which is"),
        (lambda: Method({W: W + gamma}), f"{COMBINATION} W + gamma"),
        (lambda: Method({W: 1 - W}), f"{COMBINATION} 1 - W, which"),
        (lambda: Method({W: W, M: W}, start={M: W * W}), "start of M must be a combination of states, gradients and"),
        (lambda: H(gamma * W * W), UNDER_H),
        (lambda: H(W - H(gradient(W))), "H must be applied once, as H H = H, got H inside of H(W - H(grad f(W)))"),
        (lambda: H(gamma), f"{UNDER_H} got"),
        (lambda: H(W - W), f"{UNDER_H} got W - W"),
        (lambda: gradient(W - H(W)), "a gradient must be taken where H has not moved yet, got gradient(W - H(W))"),
        (lambda: gradient(1), "a gradient must be taken at a combination of states, such as gradient(W), got 1"),
        (lambda: state("W", ""), "a state must have a name such as W, got ''"),
        (lambda: Method({}), "lines must be a mapping such as {W: W - gamma * H(gradient(W))}, got {}"),
        (lambda: Method({W: gamma}), f"{COMBINATION} gamma"),
        (lambda: Method({W: H}), f"{COMBINATION} <function H"),
        (lambda: Method({W - M: W}), f"{A_LINE} W - M: does a name of Python hide"),
        (lambda: Method({"W": W}), f"{A_LINE} 'W'"),
        (lambda: Method({W: W - M, M: M}), "line M: M must have a start, such as start={M: 0}"),
        (lambda: Method({W: W - M}), "line W: M must have a line of its own, the method has W"),
        (lambda: Method({W: W - gradient(M)}), "line W: M must have a line of its own, the method has W"),
        (lambda: Method({W: W, M: M}, start={M: M}), "start of M must be 0 or a multiple of W, got M"),
        (lambda: Method({W: W}, start={M: 0}), "start of M must be that of a state with a line, and W starts at W0"),
        (lambda: Method({W: W}, report=W - M), "report: M must have a line of its own, the method has W"),
        (lambda: Method({W: W}, report=gradient(W)), "report must be a combination of states, got grad f(W)"),
        (
            lambda: Method({W: W - H(gradient(W)), M: H(M)}, start={M: 0}),
            "line M: H must be applied to one combination, got M beside grad f(W)",
        ),
        (lambda: Method({W: W - L * W + L_max * W}), "line W: L must be one letter, it is the name of two"),
        (lambda: Method({W: Symbol("W") * W}), "line W: the letter W must have a name of its own"),
        (lambda: Method({W: Symbol("side") * W}), "line W: the letter side must have a name of its own"),
        (lambda: HEAVY_BALL(Haar(4, 1), gamma=0.1), "beta must have a number, such as beta=0.1: no letter of a method"),
        (lambda: HEAVY_BALL(Haar(4, 1), gama=0.1, beta=0), "letters must be one of beta, gamma, got 'gama'"),
        (lambda: HEAVY_BALL(Haar(4, 1), gamma="1", beta=0), "gamma must be a finite number, got '1'"),
        (lambda: HEAVY_BALL(Haar(4, 1), gamma=0.1, beta=np.nan), "beta must be a finite number, got nan"),
        (lambda: HEAVY_BALL(Haar(4, 1), side="up", **NUMBERS), "side must be one of"),
        (lambda: HEAVY_BALL(Haar(4, 1), gradients=3, **NUMBERS), "gradients must be a gradient source"),
        (lambda: HEAVY_BALL([Haar(4, 1)], layers=3, **NUMBERS), "layers must be a Layers, such as problem.layers"),
    ]
    refused(*((wrong, f"^{re.escape(sentence)}[^\n]*$") for wrong, sentence in cases))
    ratio = Method({W: W - gamma / beta * H(gradient(W))})
    words = r"the coefficient .*gamma / beta.* must be finite, got -?inf: look at"
    refused((lambda: ratio(Haar(4, 1), gamma=0.1, beta=0), words))


def test_what_is_seen_by_a_step_is_what_was_before_it():
    """Two states that change places: catches lines that are carried out one after the other."""
    swap = Method({W: M, M: W}, start={M: 2 * W})
    run = simulate(Case(swap(None), SUM, START, steps=3), record=["W"])
    np.testing.assert_array_equal(run.iterates[0], [START, 2 * START, START, 2 * START])


@pytest.mark.parametrize("name", METHODS)
def test_runs_are_those_of_a_loop_by_hand(name):
    """States and report. Catches a coefficient, a stale gradient, and a state that is not kept."""
    g, a, b = (LETTERS[letter] for letter in ("gamma", "alpha", "beta"))
    others = [0] * (len(METHODS[name].names) - 1)
    for sketch in (Haar(4, 2), Coordinate(4, 1), Gaussian(4, 1)):
        start, drawn = np.repeat(START[None], 16, axis=0), ranges(sketch, np.random.default_rng(3), 16)
        states = tuple(begin * start for begin in STARTS.get(name, (1, *others)))
        walk = called(name, sketch).states(SUM, start, np.random.default_rng(3))
        for (*kept, reported), Q in zip(islice(walk, 12), drawn, strict=False):
            np.testing.assert_allclose(kept, states, rtol=0, atol=1e-13)
            np.testing.assert_allclose(reported, REPORTS.get(name, lambda s: s[0])(states), rtol=0, atol=1e-13)
            states = STEPS[name](states, SUM.gradient, lambda G, Q=Q: Q @ (Q.mT @ G), g, a, b)


def test_the_iterate_and_what_is_reported_are_both_recorded():
    """Catches states that are recorded one step late, and a report that is the iterate."""
    case = Case(FEEDBACK(Haar(4, 2), gamma=0.2), SUM, START, steps=6)
    run = simulate(case, runs=20, rng=0, record=["W", "states"])
    np.testing.assert_allclose(run.iterates, run.states["X"] - run.states["D"], rtol=0, atol=1e-13)
    np.testing.assert_allclose(run.values, SUM.value(run.iterates), rtol=1e-12)
    iterate = FEEDBACK.reporting(state("X"))(Haar(4, 2), gamma=0.2)
    other = simulate(Case(iterate, SUM, START, steps=6), runs=20, rng=0, record=["W"])
    np.testing.assert_array_equal(other.iterates, run.states["X"])
    with pytest.raises(ValueError, match="record must not have 'states' for an algorithm that is no method"):
        simulate(Case(GD(0.1), SUM, steps=1), record=["states"])


def test_right_is_left_transposed():
    problem = Quadratic.left(np.diag([1.0, 2.0, 3.0]), rng.standard_normal((3, 2)))
    turned = Quadratic.kronecker(np.eye(2), np.diag([1.0, 2.0, 3.0]), problem.W_star.T)
    left, right = (
        simulate(Case(HEAVY_BALL(Gaussian(3, 1), side=side, **NUMBERS), one, steps=9), runs=5, rng=1).values
        for side, one in (("left", problem), ("right", turned))
    )
    np.testing.assert_allclose(left, right, rtol=1e-10)


def test_layers_are_projected_each_by_itself():
    """One layer is none; of two each has its own H."""
    layers, two = Layers([(4, 3)]), Layers([(2, 3), (3, 2)])
    whole = HEAVY_BALL(Gaussian(4, 2), **NUMBERS)
    layered = HEAVY_BALL([Gaussian(4, 2)], layers=layers, **NUMBERS)
    column = Quadratic.full(np.kron(X.T @ X / 12, np.eye(3)), np.ones((12, 1)))
    matrix = Quadratic.full(np.kron(X.T @ X / 12, np.eye(3)), np.ones((4, 3)))
    runs = [simulate(Case(a, p, steps=9), runs=5, rng=1) for a, p in ((whole, matrix), (layered, column))]
    np.testing.assert_allclose(runs[0].values, runs[1].values, rtol=1e-10)
    moved = HEAVY_BALL([Gaussian(2, 1), Gaussian(3, 1)], layers=two, side=["left", "left"], **NUMBERS)
    for part in two.views(next(moved.iterates(column, np.zeros((4, 12, 1)), np.random.default_rng(0)))):
        assert (np.linalg.matrix_rank(part) == 1).all()


@pytest.mark.parametrize(
    "source",
    [
        *(Minibatch(3), Noisy(0.3), CertifiedStep(), FiniteDifferences(1e-3, central=True), Local(1)),
        *(Clients(Exact()), Clients(Exact(), Subset(2)), Clients(Minibatch(2))),
    ],
    ids=repr,
)
def test_every_gradient_source_gives_one_gradient(source):
    """With beta = 0 heavy ball is RAC-LoRA with the same draws. Catches a gradient that is drawn twice."""
    problem = Federated(SUM, clients=3) if isinstance(source, Clients) else SUM
    plain = simulate(Case(RACLoRA(Gaussian(4, 2), 0.2, "left", source), problem, START, steps=9), runs=20, rng=1)
    ball = HEAVY_BALL(Gaussian(4, 2), gradients=source, gamma=0.2, beta=0.0)
    run = simulate(Case(ball, problem, START, steps=9), runs=20, rng=1)
    np.testing.assert_allclose(run.values, plain.values, rtol=1e-9)


def test_gradients_that_a_method_cannot_use_are_refused():
    """Several steps under one draw, and derivatives along H alone where a gradient goes beside it."""
    for source in (Local(2), Reshuffled()):
        with pytest.raises(ValueError, match=r"gradients must be one at each point of a method, got .*, which takes s"):
            Case(HEAVY_BALL(Gaussian(4, 2), gradients=source, **NUMBERS), SUM)
    Case(FEEDBACK(None, gradients=FiniteDifferences(1e-3), gamma=0.1), SUM)
    with pytest.raises(ValueError, match="gradients must be known beyond H where a method uses them outside of H"):
        Case(FEEDBACK(Gaussian(4, 2), gradients=FiniteDifferences(1e-3), gamma=0.1), SUM)


@pytest.mark.parametrize("source", [Minibatch(2), Noisy(1.0)])
def test_gradients_at_several_points_are_of_one_draw_of_data(source):
    """The difference of gradients at one point written as two is then zero, and that of two has no noise of its own."""
    X, M = state("X", "M")

    def walk(line, **letters):
        """What M is after each step, where X stays."""
        made = Method({X: X, M: line}, start={M: 0})(None, gradients=source, **letters)
        states = made.states(SUM, np.repeat(START[None], 4, axis=0), np.random.default_rng(0))
        return [M for _, M, _ in islice(states, 3)]

    assert not walk(gradient(X) - gradient(X + gamma * M), gamma=0.5)[1].any()
    _, first, second = walk(gradient(X))
    assert (np.abs(first - second) > 1e-3).any(axis=(1, 2)).all()  # and fresh in each step


def test_the_plain_step_is_the_algorithm_that_it_is():
    """So it has today's kernels, constants and theorems. Catches one that is recognised though it is another."""
    x = state("Theta")
    plain = Method({x: x - Symbol("gamma") * H(gradient(x))})
    made = plain(Haar(4, 2), gamma=0.1, side="left", gradients=Minibatch(3))
    assert made == RACLoRA(Haar(4, 2), gamma=0.1, side="left", gradients=Minibatch(3))
    layers = Layers([(4, 3)])
    assert plain([Haar(4, 2)], layers=layers, gamma=0.1) == LayeredRACLoRA(layers, [Haar(4, 2)], gamma=0.1)
    case = Case(plain(Haar(4, 2), gamma=0.1), SUM, steps=3)
    assert type(kernel_for(case.algorithm, SUM, START)) is type(kernel_for(RACLoRA(Haar(4, 2), 0.1), SUM, START))
    for other in (W - 2 * gamma * H(gradient(W)), W - gamma * gradient(W), W + gamma * H(gradient(W))):
        assert isinstance(Method({W: other})(Haar(4, 2), gamma=0.1), MethodDescent)


def test_algorithms_say_which_method_they_are():
    """None where one draw of H sees several steps, or there is no projection, or it may not be fresh."""
    x = state("x")
    plain, rac = Method({x: x - gamma * H(gradient(x))}), partial(RACLoRA, Haar(3, 1), 0.1)
    layered = LayeredRACLoRA(Layers([(3, 2)]), [Haar(3, 1)], 0.1)
    for algorithm in (GD(0.1), SGD(0.1, Minibatch(2)), rac(), rac("right", Local(1)), layered):
        assert plain.is_like(algorithm.method)
    mine, coin = type("Mine", (RACLoRA,), {})(Haar(3, 1), 0.1), Bernoulli(Haar(3, 1), Haar(2, 1), 0.1)
    for algorithm in (rac(gradients=Local(2)), rac(lora_alpha=1.0), coin, mine):
        assert algorithm.method is None
    for source in (Reshuffled(), Clients(Exact())):
        assert SGD(0.1, source).method is None


def test_methods_are_alike_up_to_the_names_of_states():
    A, B, C = state("A", "B", "C")
    m = Symbol("beta") * B + H(gradient(A))
    renamed = Method({A: A - Symbol("gamma") * m, B: m}, start={B: 0})
    assert renamed != HEAVY_BALL
    assert renamed.is_like(HEAVY_BALL)
    assert HEAVY_BALL.is_like(renamed)
    assert not Method({A: A - gamma * m, B: m}, start={B: A}).is_like(HEAVY_BALL)
    assert not Method({A: A - gamma * m, B: m}, start={B: 0}, report=A - B).is_like(HEAVY_BALL)
    three = Method({A: A - B, B: C, C: H(gradient(A))}, start={B: 0, C: 0})
    assert three.is_like(Method({A: A - C, B: H(gradient(A)), C: B}, start={B: 0, C: 0}))
    assert not three.is_like(Method({A: A - B, B: H(gradient(A)), C: B}, start={B: 0, C: 0}))
    assert not HEAVY_BALL.is_like("heavy ball")


def test_a_box_names_what_it_uses_more_than_once():
    assert str(FEEDBACK).splitlines() == [
        "X^0 = W0, D^0 = 0",
        "for t = 0, 1, 2, ...",
        "    draw a projection H, independent of the past",
        "    G = grad f(X^t)",
        "    V = D^t + gamma G",
        "    P = H V",
        "    X^{t+1} = X^t - P",
        "    D^{t+1} = V - P",
        "report X^t - D^t",
    ]
    assert str(ACCELERATED).splitlines()[3:] == [
        "    Y = (W^t + alpha Z^t) / (1 + alpha)",
        "    G = grad f(Y)",
        "    P = H G",
        "    W^{t+1} = Y - gamma P",
        "    Z^{t+1} = (1 - alpha) Z^t + alpha Y - (alpha / (s lambda_min)) P",
    ]
    assert r"& \quad Z^{t+1} = (1 - \alpha) Z^{t} + \alpha Y - \frac{\alpha}{s \lambda_{\min}} P" in ACCELERATED.latex
    G, P = state("G", "P")  # names that the box would give
    taken = Method({G: G - gamma * P, P: gradient(G) + gradient(G + P)}, start={P: 0})
    assert str(taken).splitlines() == [
        "G^0 = W0, P^0 = 0",
        "for t = 0, 1, 2, ...",
        "    G_1 = grad f(G^t)",
        "    Y = G^t + P^t",
        "    G_2 = grad f(Y)",
        "    G^{t+1} = G^t - gamma P^t",
        "    P^{t+1} = G_1 + G_2",
    ]
    assert repr(HEAVY_BALL(Haar(4, 1), side="right", gradients=Noisy(0.5), **NUMBERS)) == (
        "Method({W: W - gamma [beta M + H(grad f(W))], M: beta M + H(grad f(W))}, start={M: 0})"
        "(Haar(dim=4, rank=1), gamma=0.2, beta=0.7, side='right', gradients=Noisy(sigma=0.5))"
    )


def test_runs_do_not_depend_on_workers_nor_on_how_many_there_are():
    problem = SoftmaxRegression(X, rng.integers(3, size=12))
    case = Case(HEAVY_BALL(Gaussian(4, 1), gradients=Minibatch(4), **NUMBERS), problem, steps=20)
    many, few = (simulate(case, runs=runs, rng=0) for runs in (300, 7))
    np.testing.assert_array_equal(few.values, many.values[:7])
    single = simulate(case, runs=7, rng=0, dtype=np.float32)
    np.testing.assert_allclose(single.values, few.values, rtol=1e-4)
    assert pickle.loads(pickle.dumps(case)) == case


def test_a_gradient_may_be_taken_twice():
    """And added to a sum: of a slope of one, by half steps. At 1e17 a step of one is no step. Catches another number
    than one that is left out, and a gradient that is read off the step where a source gives it."""
    twice = Method({W: W - M * letter("gamma"), M: M / 2 + gradient(W) * 2}, start={M: 0})
    walk = twice(None, gamma=0.5).iterates(SLOPE, np.zeros((1, 1, 1)), np.random.default_rng(0))
    assert [next(walk).item() for _ in range(3)] == [0, -1, -2.5]
    of = MOMENTUM(None, gamma=0.5, b=0.5, gradients=Noisy(0.0))
    walk = of.states(SLOPE, np.full((1, 1, 1), 1e17), np.random.default_rng(0))
    next(walk)
    assert [1.0] in [list(np.ravel(value)) for value in next(walk)]


@pytest.mark.parametrize(
    ("lines", "kept"), [({W: W - gamma * H(gradient(W)), Z: W}, Z), ({W: W, Z: W - gamma * H(gradient(W))}, W)]
)
def test_what_is_yielded_is_never_yielded_again(lines, kept):
    """A state that lags behind or stays is the array of the step before. Catches no copy of W0, and one of another."""
    start = np.ones((1, 1, 1))
    some = Method(lines, start={Z: W / 2 if kept == W else W}, report=kept)(None, gamma=0.5)
    blocks = some.iterates(Quadratic.left(np.eye(1), np.zeros((1, 1))), start, np.random.default_rng(0))
    first = next(blocks)
    assert first == start
    assert not np.shares_memory(first, start)
    assert not np.shares_memory(first, next(blocks))
