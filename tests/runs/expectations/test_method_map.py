"""Expectations of methods: against every path of draws in fractions, against today's maps, and against runs."""

from fractions import Fraction
from functools import partial
from itertools import combinations, product

import numpy as np
import pytest

from rac_theory import Case, Implementation, RACLoRA, Unsupported, exact_rate, expected
from rac_theory.algebra import sqrt
from rac_theory.algorithms import H, Method, gradient, letter, state
from rac_theory.algorithms.gradients import Clients, Exact, FiniteDifferences, Local, Minibatch, Noisy
from rac_theory.problems import Federated, Layers, LeastSquares, PLSine, Quadratic
from rac_theory.runs.expectations.expectation import moment_map
from rac_theory.runs.expectations.method_map import _powers
from rac_theory.sketches import Coordinate, CountSketch, Gaussian, Haar, WeightedCoordinate
from rac_theory.statements.symbols import gamma
from tests.algorithms.methods import DECAY, DRAWN, HEAVY_BALL, LETTERS, METHODS, REPORTS, STARTS, STEPS, W, called
from tests.refused import refused, refuses

ROOM = np.random.default_rng(8)
ball = partial(HEAVY_BALL, gamma=0.25, beta=0.5)
fractions = np.frompyfunc(Fraction, 1, 1)
HALVES = np.array([[1.0, 0.5], [0.5, 0.75]])
QUADRATIC = Quadratic.left(HALVES, W_star=[[1.0], [-0.5]])
ROWS = LeastSquares([[1.0, 0.5], [0.5, -0.75], [0.25, 1.0]], Y=[[1.0], [0.5], [-1.0]], l2=0.25)


def rows_of(problem):
    """For each row of least squares its Hessian and its gradient at zero."""
    for x, y in zip(fractions(problem.X), fractions(problem.Y), strict=True):
        yield np.outer(x, x) + Fraction(problem.l2) * fractions(np.eye(len(x))), -np.outer(x, y)


def draws_of_data(problem, source):
    """Each gradient that a step may see, with its probability; of noise it is signs with the same moments."""
    if isinstance(source, Minibatch):
        rows = [*rows_of(problem)]
        size = source.size
        chosen = [*(product(rows, repeat=size) if source.replace else combinations(rows, size))]
        for batch in chosen:
            Q, c = (sum(part) / Fraction(len(batch)) for part in zip(*batch, strict=True))
            yield Fraction(1, len(chosen)), lambda V, Q=Q, c=c: Q @ V + c
        return
    S, centre = fractions(problem.S), fractions(problem.W_star)
    thrice = product((-1, 1), repeat=3)  # with their product four signs, of which any three are independent
    signs = [(a, b, c, a * b * c) for a, b, c in thrice] if isinstance(source, Noisy) else [(0,) * centre.size]
    size = Fraction(source.sigma) / 2 if isinstance(source, Noisy) else 0  # of four entries
    for sign in signs:
        noise = size * np.array(sign, dtype=object).reshape(centre.shape)
        yield Fraction(1, len(signs)), lambda V, noise=noise: S @ (V - centre) + noise


def means(name, problem, source, projections, start, steps):
    """E f and E||grad f||^2 over every path of draws of H and of the data."""
    g, a, b = (Fraction(LETTERS[letter]) for letter in ("gamma", "alpha", "beta"))
    report = REPORTS.get(name, lambda s: s[0])
    if isinstance(problem, LeastSquares):
        rows = [*rows_of(problem)]
        Q, c = (sum(part) / Fraction(len(rows)) for part in zip(*rows, strict=True))
        floor = None
    else:
        Q, centre = fractions(problem.S), fractions(problem.W_star)
        c = -Q @ centre
        floor = (c * centre).sum() / 2
    count = max(len(STARTS.get(name, ())), len((METHODS | DRAWN)[name].names))
    begins = STARTS.get(name, (1, *[0] * (count - 1)))
    paths = [(Fraction(1), tuple(begin * fractions(start) for begin in begins))]
    data, read = [*draws_of_data(problem, source)], []
    for t in range(steps + 1):
        at = [(p, report(s)) for p, s in paths]
        values = [((Q @ V + 2 * c) * V).sum() / 2 for _, V in at]
        squares = [((Q @ V + c) ** 2).sum() for _, V in at]
        read.append([sum(p * x for (p, _), x in zip(at, each, strict=True)) for each in (values, squares)])
        if t < steps:
            paths = [
                (p * q * r, STEPS[name](s, grad, lambda V, P=P: P @ V, g, a, b))
                for p, s in paths
                for q, grad in data
                for r, P in projections
            ]
    values, squares = map(np.array, zip(*read, strict=True))
    return values, squares, floor


DRAWS = [(Fraction(1, 2), fractions(np.diag([1.0, 0.0]))), (Fraction(1, 2), fractions(np.diag([0.0, 1.0])))]
WEIGHTED = [(Fraction(1, 4), DRAWS[0][1]), (Fraction(3, 4), DRAWS[1][1])]


def floats_are_fractions(case):
    """All three curves, to 1e-12; return them in fractions."""
    exact, floats = expected(case, exact=True), expected(case)
    for name in ("gap", "squared_gradient", "squared_distance"):
        np.testing.assert_allclose(getattr(floats, name), getattr(exact, name).astype(float), rtol=1e-12)
    return exact


def test_what_is_not_linear_in_the_data_has_no_second_moments_of_minibatches():
    """Two gradients in one another are so: with one component they are listed, with all there is no noise."""
    for size, replace in ((2, False), (2, True)):
        case = Case(called("extragradient", Coordinate(2, 1), gradients=Minibatch(size, replace)), ROWS, steps=2)
        for exact in (False, True):
            with pytest.raises(Unsupported, match="must be of one component, or of all, where gradients are"):
                expected(case, exact=exact)
    for size in (1, 3):
        case = Case(called("extragradient", Coordinate(2, 1), gradients=Minibatch(size)), ROWS, steps=2)
        start = np.zeros((2, 1))
        _, squares, _ = means("extragradient", ROWS, Minibatch(size), DRAWS, start, 2)
        assert expected(case, exact=True).squared_gradient.tolist() == squares.tolist()
        np.testing.assert_allclose(expected(case).squared_gradient, squares.astype(float), rtol=1e-12)


@pytest.mark.parametrize("name", [*METHODS, *DRAWN])
@pytest.mark.parametrize("source", [Exact(), Noisy(0.5), Minibatch(2), Minibatch(2, replace=True)], ids=repr)
def test_second_moments_are_those_of_every_path(name, source):
    """Exactly in fractions, to 1e-12 in floats. Catches a moment of H, of the data, or an offset that is left out."""
    two_columns = Quadratic.left(HALVES, W_star=[[1.0, 0.25], [-0.5, 2.0]])
    problem, steps = {Exact: (QUADRATIC, 4), Noisy: (two_columns, 2)}.get(type(source), (ROWS, 2))
    if name == "extragradient" and isinstance(source, Minibatch):
        return  # the test above
    start = np.full(problem.shape, 0.5)
    sketch = WeightedCoordinate(2, 1, [Fraction(1, 4), Fraction(3, 4)])
    values, squares, floor = means(name, problem, source, WEIGHTED, start, steps)
    case = Case(called(name, sketch, gradients=source), problem, start, steps=steps)
    exact = floats_are_fractions(case)
    floor = values[0] - exact.gap[0] if floor is None else floor  # that of least squares is known as a root
    assert exact.gap.tolist() == (values - floor).tolist()
    assert exact.squared_gradient.tolist() == squares.tolist()


@pytest.mark.long
@pytest.mark.parametrize("name", METHODS)
def test_where_h_has_two_invariants_the_systems_of_eigenvectors_are_the_whole(name):
    """Coordinates of two have a listed support, a Haar line two invariants: the same E[HXH] only for the latter."""
    problem = Quadratic.left(np.diag([1.0, 0.5, 0.25]), ROOM.standard_normal((3, 2)))
    for source in (Exact(), Noisy(0.5)):
        floats_are_fractions(Case(called(name, Haar(3, 1), gradients=source), problem, np.ones((3, 2)), steps=5))


@pytest.mark.parametrize("sketch", [Haar(3, 1), Coordinate(3, 2), CountSketch(3, 2), None], ids=repr)
@pytest.mark.parametrize(
    ("source", "side"),
    [(Exact(), "left"), (Noisy(0.4), "right"), (Minibatch(2), "right"), (Clients(Exact()), "left")],
    ids=repr,
)
def test_the_plain_step_written_otherwise_has_todays_curves_and_rate(sketch, source, side):
    """On rows and on columns. Catches a frame that is turned, and a rate of another map."""
    problem = LeastSquares(ROOM.standard_normal((7, 3)), ROOM.standard_normal((7, 3)), l2=0.1)
    problem = Federated(problem, clients=3) if isinstance(source, Clients) else problem
    plain = RACLoRA(sketch, 0.2 / problem.L, side, source)
    method = METHODS["longer"](sketch, gamma=0.1 / problem.L, side=side, gradients=source)
    ours, theirs = (Case(algorithm, problem, np.ones((3, 3)), steps=20) for algorithm in (method, plain))
    one, other = expected(ours), expected(theirs)
    np.testing.assert_allclose(one.gap, other.gap, rtol=1e-9)
    np.testing.assert_allclose(one.squared_gradient, other.squared_gradient, rtol=1e-9)
    assert exact_rate(ours) == pytest.approx(exact_rate(theirs), rel=1e-9)


@pytest.mark.long
def test_layers_and_two_sided_curvature_are_those_of_runs_in_fractions():
    layers = Layers([(2, 1), (1, 2)])
    A = ROOM.standard_normal((4, 4))
    problem = Quadratic.full(A @ A.T / 4, ROOM.standard_normal((4, 1)), layers=layers)
    two_sided = Quadratic.kronecker(HALVES, np.diag([1.0, 0.5, 2.0]), ROOM.standard_normal((2, 3)))
    for algorithm, where in (
        (ball([Coordinate(2, 1)] * 2, layers=layers, side=["left", "right"]), problem),
        (ball(Haar(2, 1)), two_sided),
        (ball(Coordinate(2, 1)), two_sided),
        (ball(CountSketch(3, 1), side="right"), two_sided),
    ):
        floats_are_fractions(Case(algorithm, where, steps=4))


def largest_eigenvalue(case):
    """Of the matrix of a step on second moments, each entry by itself; there must be no flat direction."""
    moments = moment_map(case.algorithm, case.problem)
    zero = np.zeros_like(moments.start(case.start))
    K = zero.shape[-2]
    rows = []
    for i in np.ndindex(*zero.shape[:-1], K):
        state = zero.copy()
        j = (*i[:-2], i[-1], i[-2])
        state[i] += 0.5
        state[j] += 0.5
        rows.append(moments.step(state)[..., :K].ravel())
    return float(np.abs(np.linalg.eigvals(np.array(rows))).max())


@pytest.mark.parametrize("name", ["heavy ball", "projected momentum", "accelerated", "feedback", "nesterov"])
def test_the_rate_of_joined_systems_is_the_largest_eigenvalue(name):
    """At momenta where eigenvalues of a system meet too, near which nothing is known to many digits. Catches a root
    that is looked for next to the pole: a rate of .992 where the gap grows by 1.003 a step."""
    stream = np.random.default_rng(4)
    problem = Quadratic.left(np.diag([1.0, *[0.01] * 5]), np.ones((6, 1)))
    pairs = [(5.844664436031443, 0.8134152887563284), (1.0, 0.0), (0.25, 0.25), (4.0, 1.0)]  # (1 - sqrt(gamma))^2
    pairs += [(float(2 * stream.random()), float(stream.random())) for _ in range(5)]
    for g, b in pairs:
        letters = {"gamma": g, "beta": b, "alpha": max(b, 0.1), "s": 0.01, "lambda_min": 0.5}
        case = Case(called(name, Haar(6, 2), letters), problem)
        assert exact_rate(case) == pytest.approx(largest_eigenvalue(case), rel=1e-5)


RATED = [name for name in METHODS if name not in ("decay", "decay inside")]


def fallen(gap):
    """By what factor a step it falls in its last half, before it is none."""
    t = min(len(gap) - 1, int(np.argmax(gap < 1e-200)) or len(gap) - 1)
    return (gap[t] / gap[t // 2]) ** (1 / (t - t // 2))


@pytest.mark.parametrize("name", RATED)
@pytest.mark.parametrize("sketch", [Haar(3, 1), Coordinate(3, 1)], ids=repr)
def test_the_rate_is_how_the_gap_falls_in_the_end(name, sketch):
    """Catches a factor of one from what never moves. Steps are short enough for every method to converge."""
    problem = Quadratic.left(np.diag([1.0, 0.5, 0.75]), np.ones((3, 1)))
    algorithm = called(name, sketch, LETTERS | {"gamma": 0.05, "alpha": 0.05, "beta": 0.25})
    case = Case(algorithm, problem, np.array([[0.0], [3.0], [-1.0]]), steps=1300)
    rate = exact_rate(case)
    assert fallen(expected(case).gap) == pytest.approx(rate, abs=2e-3 if name == "averaged" else 2e-4)
    assert rate < 1


@pytest.mark.parametrize("name", ["heavy ball", "feedback", "projected momentum", "full momentum", "ef21", "nesterov"])
@pytest.mark.parametrize("sketch", [Haar(3, 1), Coordinate(3, 1)], ids=repr)
def test_a_flat_direction_does_not_count(name, sketch):
    """Nor does rotating it, after which its curvature is rounding. What H sees of it counts."""
    curvatures = [1.0, 0.5, 0.0]
    V, _ = np.linalg.qr(ROOM.standard_normal((3, 3)))
    algorithm = called(name, sketch, LETTERS | {"gamma": 0.1, "beta": 0.5})
    rates = []
    for turn in (np.eye(3), V) if isinstance(sketch, Haar) else (np.eye(3),):
        X = np.sqrt(2 * np.array(curvatures[:2]))[:, None] * turn.T[:2]  # two rows: one direction is flat
        problem = LeastSquares(X, X @ (turn @ np.ones((3, 1))))
        rates.append(exact_rate(Case(algorithm, problem, np.zeros((3, 1)))))
    np.testing.assert_allclose(rates, rates[0], rtol=1e-9)
    case = Case(algorithm, Quadratic.left(np.diag(curvatures), np.ones((3, 1))), steps=800)
    assert fallen(expected(case).gap) == pytest.approx(rates[0], abs=2e-4)
    assert rates[0] < 1


def test_decay_goes_to_another_place_and_its_mean_is_what_is_slow():
    """d/r times too strong a decay: the mean tends to the minimiser of f + w/(2p) ||W||^2, and at a rate of its own."""
    problem = Quadratic.left([[1.0]], W_star=[[1.0]])
    support = Method({W: (1 - gamma / 10) * W - gamma * H(gradient(W))})
    case = Case(support(Coordinate(1, 1), gamma=0.5), problem, steps=200)
    stays = expected(case).gap[-1]
    assert stays == pytest.approx((1 - 10 / 11) ** 2 / 2, rel=1e-12)
    assert exact_rate(case) == pytest.approx(1 - 0.5 * 1.1, rel=1e-12)  # the mean; the square falls faster
    four = Quadratic.left(np.eye(4), W_star=np.ones((4, 1)))
    gap = expected(Case(DECAY(Coordinate(4, 1), gamma=1e-2, alpha=1e-3), four, steps=6000)).gap[-1]
    assert gap == pytest.approx(4 * (1 - 5 / 7) ** 2 / 2, rel=3e-2)  # 5/7 where 10/11 was asked for


def test_what_is_nearly_at_rest_is_at_rest_in_floats_alone():
    """Two letters that add up to one but for rounding: in fractions the point where it settles is another one."""
    a, b = letter("a"), letter("b")
    mixed = Method({W: a * W + b * W - gamma * H(gradient(W))})
    case = Case(mixed(Coordinate(2, 1), gamma=0.5, a=0.1, b=0.9 + 2.0**-53), QUADRATIC, steps=2)
    plain = Case(RACLoRA(Coordinate(2, 1), 0.5), QUADRATIC, steps=2)
    assert exact_rate(case) == pytest.approx(exact_rate(plain), rel=1e-12)
    ours, theirs = (expected(each, exact=True).gap for each in (case, plain))
    assert ours[0] == theirs[0]
    assert 0 < abs(float(ours[2] - theirs[2])) < 1e-15


def test_components_that_disagree_keep_runs_at_a_floor():
    """Its rate is that of the mean, where that is slower; where they agree there is none."""
    descent = HEAVY_BALL(None, gamma=0.05, beta=0.0, gradients=Minibatch(1))
    disagree, agree = LeastSquares([[1.0], [1.0]], [0.0, 2.0]), LeastSquares([[1.0], [2.0]], [1.0, 2.0])
    assert exact_rate(Case(descent, disagree)) == pytest.approx(0.95, rel=1e-12)
    assert exact_rate(Case(descent, agree)) == pytest.approx((0.95**2 + 0.8**2) / 2, rel=1e-12)


def test_a_root_in_a_coefficient_has_floats_alone():
    damped = Method({W: W - gamma / sqrt(2 + gamma) * H(gradient(W))})
    case = Case(damped(Coordinate(2, 1), gamma=1.0), QUADRATIC, steps=3)
    plain = Case(RACLoRA(Coordinate(2, 1), 1 / np.sqrt(3)), QUADRATIC, steps=3)
    np.testing.assert_allclose(expected(case).gap, expected(plain).gap, rtol=1e-12)
    with pytest.raises(ValueError, match="a square root must be a fraction in exact arithmetic, got that of 3"):
        expected(case, exact=True)


def test_what_has_no_exact_route_says_why():
    """And a method of local steps is refused at the door."""
    mine = type("Mine", (LeastSquares,), {})(ROWS.X, ROWS.Y)
    own = "gradients of a method must be one of f, with noise or of a minibatch, got FiniteDifferences"
    for algorithm, problem, words in (
        (ball(Gaussian(3, 1)), PLSine((3, 2)), "only quadratics with a known minimiser"),
        (ball(Gaussian(2, 1), gradients=FiniteDifferences(0.1)), QUADRATIC, own),
        (ball(Gaussian(2, 1), gradients=Minibatch(2)), mine, "components must be those of"),
    ):
        case = Case(algorithm, problem, np.full(problem.shape, 0.5), steps=2)
        refuses(expected, {case: words}, error=Unsupported)
    local = ball(Haar(2, 1), gradients=Local(2))
    refused((lambda: Case(local, QUADRATIC), "gradients must be one at each point of a method"))


def test_an_algorithm_of_ones_own_is_asked_first():
    """Also behind an implementation; what it says is on trust."""

    class Mine:
        gamma, deterministic = 0.5, False

        def check(self, problem):
            pass

        def iterates(self, problem, W, rng):
            while True:
                W = W - self.gamma * problem.gradient(W)
                yield W

        def second_moments(self, problem):
            return moment_map(RACLoRA(None, self.gamma), problem)

    truth = expected(Case(RACLoRA(None, 0.5), QUADRATIC, steps=4))
    for algorithm in (Mine(), Implementation(Mine(), implements=RACLoRA(Haar(2, 1), 0.5))):
        case = Case(algorithm, QUADRATIC, steps=4)
        answer = expected(case)
        assert answer.on_trust
        np.testing.assert_allclose(answer.gap, truth.gap, rtol=1e-12)
        assert exact_rate(case) == pytest.approx(exact_rate(Case(RACLoRA(None, 0.5), QUADRATIC)))


def test_three_states_change_places():
    """Catches blocks that are put in the wrong place: no H, no gradient, values by hand."""
    X, A, B = state("X", "A", "B")
    turning = Method({X: A, A: B, B: X}, start={A: 2 * X, B: 3 * X})
    case = Case(turning(Coordinate(2, 1)), Quadratic.left(np.eye(2), np.zeros((2, 1))), np.ones((2, 1)), steps=3)
    np.testing.assert_allclose(expected(case).gap, [1.0, 4.0, 9.0, 1.0], rtol=1e-12)


@pytest.mark.parametrize("size", [1e-100, 1e100])
def test_powers_of_a_map_are_taken_at_a_scale_at_which_they_can_be(size):
    """Catches powers that underflow or overflow, by which nothing would be reached."""
    A, X = np.diag([2.0, 1.0])[None], np.ones((1, 2, 1))
    np.testing.assert_allclose(_powers(size * A, X), _powers(A, X), rtol=1e-12)
