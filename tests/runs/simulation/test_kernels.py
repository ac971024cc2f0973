"""Every kernel equals the plain loop on the same sketches, and none lets a run see its neighbours."""

import numpy as np
import pytest

from rac_theory import GD, RACLoRA, problems, simulate, sketches
from rac_theory.algorithms import ACCELERATED, HEAVY_BALL, MOMENTUM
from rac_theory.cases.case import Case
from rac_theory.numerics.randomness import BLOCKS, child, generator, seed_sequence
from rac_theory.problems import LeastSquares, LogisticRegression, Quadratic, SoftmaxRegression
from rac_theory.runs.simulation.history import Record, record
from rac_theory.runs.simulation.kernels.choice import kernel_for
from rac_theory.runs.simulation.kernels.diagonal import Diagonal, Turned, TurnedSketch
from rac_theory.runs.simulation.kernels.runs_last import RunsLast
from rac_theory.runs.simulation.kernels.stepping import Stepping
from rac_theory.runs.simulation.kernels.thin_products import ThinProducts
from rac_theory.runs.simulation.simulate import simulate_part


def reference(problem, W0, S, gamma, side="left"):
    """``W <- W - gamma H grad f(W)`` from W0, one run after the other, H formed with a pseudo-inverse: a Record. S,
    (steps, runs, d, r), are the sketches: B on the left, the transpose of A on the right."""
    steps, runs = S.shape[:2]
    values, squares = np.empty((2, steps + 1, runs))
    last = np.empty((runs, *problem.shape))
    for run in range(runs):
        W = np.array(W0, dtype=np.float64)
        for t in range(steps + 1):
            G = problem.gradient(W)
            values[t, run], squares[t, run] = problem.value(W), np.sum(G**2)
            if t < steps:
                H = S[t, run] @ np.linalg.pinv(S[t, run])
                W = W - gamma * (H @ G if side == "left" else G @ H)
        last[run] = W
    return Record(np.stack([values, squares]), last)


class Recorded:
    """A sketch that keeps what it drew, so that a run can be done again."""

    def __init__(self, sketch, rotation_invariant=False):
        self.sketch, self.drawn = sketch, []
        self.dim, self.rank = sketch.dim, sketch.rank
        self.rotation_invariant = rotation_invariant

    def sample(self, rng, size):
        self.drawn.append(self.sketch.sample(rng, size))
        return self.drawn[-1]


def semidefinite(rng, size, rank=None):
    X = rng.standard_normal((rank or 2 * size, size))
    return X.T @ X / len(X)


def a_problem(kind, m=5, n=3):
    rng = np.random.default_rng(0)
    m, n = {"wide": (100, 100), "thin": (12, 40)}.get(kind, (m, n))
    X, W_star = rng.standard_normal((30, m)), rng.standard_normal((m, n))
    return {
        **dict.fromkeys(("left", "wide", "thin"), lambda: Quadratic.left(semidefinite(rng, m), W_star)),
        "singular": lambda: Quadratic.left(np.diag([0.0, *range(1, m)]), W_star),
        "kronecker": lambda: Quadratic.kronecker(semidefinite(rng, m), semidefinite(rng, n), W_star),
        "full": lambda: Quadratic.full(semidefinite(rng, m * n), W_star),
        "least squares": lambda: LeastSquares(X, rng.standard_normal((30, n)), l2=0.1),
        "underdetermined": lambda: LeastSquares(X[: m - 2], rng.standard_normal((m - 2, n))),
        "logistic": lambda: LogisticRegression(X, np.arange(30) % 2, l2=0.1),
        "nonconvex": lambda: problems.NonconvexLogistic(X, np.arange(30) % 2, lam=0.1),
        "softmax": lambda: SoftmaxRegression(X, np.arange(30) % n, l2=0.1),
        "sine": lambda: problems.PLSine((m, n)),
    }[kind]()


def against_reference(problem, sketch, side, kernel, *, steps, rotation_invariant=False, rtol=1e-10, gamma=1.0):
    """Run one block and do it again in the plainest words; both numbers at each step, and the last iterates."""
    recorded = Recorded(sketch, rotation_invariant)
    algorithm = RACLoRA(recorded, gamma / problem.L, side=side)
    W0 = np.random.default_rng(9).standard_normal(problem.shape)
    chosen = kernel_for(algorithm, problem, W0)
    assert isinstance(chosen, kernel)
    recorded.drawn.clear()
    ran = record(chosen.path([generator(np.random.SeedSequence(3))], steps), steps)
    S = np.concatenate([S.reshape(-1, chosen.block, *S.shape[1:]) for S in recorded.drawn])[:steps]
    if rotation_invariant:  # they were drawn in the eigenbasis
        basis = problem.eigenbasis.left if side == "left" else problem.eigenbasis.right
        S = S if basis is None else basis @ S
    shown = slice(0, 3)
    expected = reference(problem, W0, S[:, shown], algorithm.gamma, side)
    np.testing.assert_allclose(ran.measured[:, :, shown], expected.measured, rtol=rtol)
    W = chosen.matrices(ran.last[shown])
    np.testing.assert_allclose(W, expected.last, rtol=rtol, atol=rtol * np.abs(W0).max())
    assert (chosen.norms(ran.last[shown]) >= np.linalg.norm(W, axis=(1, 2)) * (1 - 1e-12)).all()


QUADRATICS = ["left", "singular", "kronecker", "least squares", "underdetermined"]


@pytest.mark.parametrize(("rank", "side"), [(1, "left"), (2, "right")])
@pytest.mark.parametrize("kind", ["full", "logistic", "nonconvex", "softmax", "sine"])
def test_stepping(kind, rank, side):
    """Catches a transposed side, a stale gradient, a step off by one, sketches dealt to the wrong run or step."""
    problem = a_problem(kind)
    dim = problem.shape[side == "right"]
    against_reference(problem, sketches.Gaussian(dim, min(rank, dim)), side, Stepping, steps=12)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("kind", QUADRATICS)
def test_runs_last(kind, side):
    """Catches curvatures on the wrong axis, a basis that is not turned back, one turned the wrong way."""
    problem, turned = a_problem(kind), QUADRATICS.index(kind) % 2 == (side == "left")
    sketch = sketches.Gaussian(problem.shape[side == "right"], 2)
    against_reference(problem, sketch, side, RunsLast, steps=40, rotation_invariant=turned)


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (2, 2)])
def test_runs_last_on_axes_of_two(shape):
    """Squares of one curvature are added up before they are weighted. Catches an axis of two that is taken for one."""
    for kind in ("left", "kronecker"):
        against_reference(a_problem(kind, *shape), sketches.Gaussian(shape[0], 1), "left", RunsLast, steps=12)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("kind", QUADRATICS)
def test_thin_products(kind, side):
    """Catches curvatures on the wrong axis or counted twice, and sketches dealt to the wrong step."""
    rank = 4 if QUADRATICS.index(kind) % 2 == (side == "left") else 1
    problem = a_problem(kind, 12, 40 if rank == 4 else 12)
    sketch = sketches.Gaussian(problem.shape[side == "right"], rank)
    against_reference(problem, sketch, side, ThinProducts, steps=12)


SEVERAL = [((64, 10), 1), ((100, 100), 1), ((160, 200), 2)]
"""Shapes and ranks for which several steps are made at once: 8, 50 and 28."""


class OneAtATime(ThinProducts):
    """The kernel that makes each step by itself, from the same sketches."""

    steps_at_once = 1


@pytest.mark.parametrize(
    ("kind", "shape", "rank"),
    [(kind, *case) for kind, case in zip(["left", "least squares", "singular"], SEVERAL, strict=True)],
)
@pytest.mark.parametrize("side", ["left", "right"])
def test_several_steps_are_these_steps_one_at_a_time(kind, shape, rank, side):
    """f, the squared gradient, the squared distance and the iterates, each to 1e-12 at each of 27 steps. Catches any
    wrong term of the system or of what is recorded, as of those distances that nothing else looks at in between; a mask
    that lets a step meet itself or a later one; and iterates between refreshes of another step."""
    problem = a_problem(kind, *(shape if side == "left" else reversed(shape)))
    algorithm = RACLoRA(sketches.Gaussian(shape[0], rank), 1.3 / problem.L, side=side)
    several = kernel_for(algorithm, problem, np.ones(problem.shape), distances=True)
    assert several.steps_at_once >= 8
    kernels = ThinProducts(several.case), OneAtATime(several.case)
    paths = (kernel.path([generator(np.random.SeedSequence(3))], 27) for kernel in kernels)
    (measured, E), (expected, E_expected) = ([*zip(*each_step(path), strict=True)] for path in paths)
    assert np.shape(measured) == (28, 3, several.block)
    np.testing.assert_allclose(measured, expected, rtol=1e-12)
    np.testing.assert_allclose(E, E_expected, rtol=0, atol=1e-12 * np.abs(E_expected).max())


def each_step(path):
    """Yield what is measured, and some iterates, step by step."""
    for visit in path:
        for t in range(visit.measured.shape[1]):
            yield visit.measured[:, t], visit.W(t)[:2].copy()


def test_several_steps_where_f_falls_and_where_rank_is_lost():
    """Past the sharp step, on a flat spectrum, f falls by 1e8 in 300 steps; the refresh keeps ten digits of it. And a
    third of some draws are zero: such a step stays where it is."""
    flat = Quadratic.left(np.diag(np.linspace(0.5, 1.0, 64)), np.ones((64, 10)))
    against_reference(flat, sketches.Gaussian(64, 1), "left", ThinProducts, steps=300, gamma=1.2)
    sparse = sketches.SparseSigns(100, 1, p=0.01)
    against_reference(a_problem("left", 100, 100), sparse, "left", ThinProducts, steps=40)


def test_rounding_makes_no_sum_of_squares_negative():
    """Where all coordinates were drawn E is zero, and f what rounding leaves: without the bound -3e-14 in 32 runs."""
    problem = Quadratic.left(np.eye(8), np.random.default_rng(0).standard_normal((8, 80)))
    ran = simulate(Case(RACLoRA(sketches.Coordinate(8, 1), 1.0), problem, steps=60), runs=2048, rng=0)
    assert ran.kernel.steps_at_once >= 8
    assert ran.values.min() == ran.squared_gradients.min() == 0.0


@pytest.mark.parametrize("name", ["coordinate", "count_sketch"])
@pytest.mark.parametrize(("shape", "kernel"), [((6, 3), RunsLast), ((12, 40), ThinProducts)])
def test_other_laws_are_turned(name, shape, kernel):
    """Also those that lose rank, and whose draws repeat columns."""
    sketch = sketches.named_sketch(name, shape[0], 3)
    against_reference(a_problem("left", *shape), sketch, "left", kernel, steps=20)


@pytest.mark.parametrize("kind", ["softmax", "logistic", "left", "kronecker", "wide", "thin"])
def test_single_precision_sees_the_same_sketches(kind):
    """To 1e-4 on f, where double precision of other sketches would differ by tens of per cent."""
    problem = a_problem(kind)
    algorithm = RACLoRA(sketches.Gaussian(problem.shape[0], 1), 1 / problem.L)
    case = Case(algorithm, problem, steps=40)
    double, single = (simulate(case, runs=4, rng=1, dtype=dtype) for dtype in (np.float64, np.float32))
    assert single.values.dtype == single.W.dtype == np.float32
    np.testing.assert_allclose(single.values, double.values, rtol=1e-4)
    np.testing.assert_allclose(single.squared_gradients, double.squared_gradients, rtol=1e-3)
    other = simulate(case, runs=4, rng=2)
    assert np.abs(other.values / double.values - 1)[:, 1:].max() > 1e-2


@pytest.mark.parametrize("kind", ["left", "kronecker", "thin", "wide", "softmax"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_distances_on_request(kind, side):
    """At the start and at the end they are those of the iterates, and in between they belong to the same runs."""
    problem = a_problem(kind)
    algorithm = RACLoRA(sketches.Gaussian(problem.shape[side == "right"], 1), 1 / problem.L, side=side)
    short, long = (simulate(Case(algorithm, problem, steps=s), runs=3, rng=1, record=["distances"]) for s in (9, 12))
    for ran, t in ((short, 9), (long, 12)):
        expected = np.sum((ran.W - problem.W_star) ** 2, axis=(1, 2))
        np.testing.assert_allclose(ran.squared_distances[:, t], expected, rtol=1e-9)
    np.testing.assert_allclose(long.squared_distances[:, 9], short.squared_distances[:, 9], rtol=1e-9)
    np.testing.assert_allclose(long.squared_distances[:, 0], np.sum(problem.W_star**2), rtol=1e-9)
    assert simulate(Case(algorithm, problem, steps=1)).squared_distances is None
    with pytest.raises(ValueError, match="record must not have 'distances' for a problem without a known W_star"):
        simulate(Case(GD(0.1), a_problem("nonconvex"), steps=1), record=["distances"])


@pytest.mark.parametrize("shape", [(3, 3), (6, 5), (12, 40), (64, 10)])
def test_a_run_does_not_see_its_neighbours(shape):
    """The same bits alone, in a crowd, and in a part of an ensemble; catches a draw or a sum shared between runs."""
    problem = a_problem("left", *shape)
    algorithm = RACLoRA(sketches.Haar(shape[0], 1), 1 / problem.L)
    case = Case(algorithm, problem, steps=9)
    block = kernel_for(algorithm, problem, case.start).block
    root = seed_sequence(5)
    crowd = simulate_part(case, root, 0, 7 * block)
    for first, runs in ((0, 1), (0, block + 1), (2 * block, block), (5 * block, 2 * block)):
        part = simulate_part(case, root, first, runs)
        for name in ("values", "squared_gradients", "W"):
            np.testing.assert_array_equal(getattr(part, name), getattr(crowd, name)[first : first + runs])


def test_fewer_steps_are_the_first_of_more():
    """Sketches are drawn ahead: how far must not depend on the number of steps."""
    for shape in ((3, 3), (12, 40), (64, 10)):
        problem = a_problem("left", *shape)
        algorithm = RACLoRA(sketches.Haar(shape[0], 1), 1 / problem.L)
        short, long = (simulate(Case(algorithm, problem, steps=steps), runs=2, rng=0) for steps in (5, 50))
        np.testing.assert_allclose(short.values, long.values[:, :6], rtol=1e-12)


def test_the_law_does_not_depend_on_the_coordinates():
    """Drawn in the eigenbasis or turned into it: means of 4,096 runs agree within five standard errors at each step.
    Catches a direct draw for a sketch that must be turned: for coordinates on this ill-conditioned S the means differ
    by 30 standard errors, which the second half asserts."""
    rng = np.random.default_rng(3)
    V = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    problem = Quadratic.left(V @ np.diag([0.01, 0.02, 0.05, 0.1, 0.5, 1.0]) @ V.T, np.eye(6)[:, :2] * 3)

    def difference(sketch):
        ran = []
        for invariant, seed in ((True, 1), (False, 2)):
            algorithm = RACLoRA(Recorded(sketch, invariant), 1 / problem.L)
            ran.append(simulate(Case(algorithm, problem, steps=20), runs=4096, rng=seed).values[:, 1:])
        error = np.sqrt(sum(values.var(axis=0) / 4096 for values in ran))
        return np.abs(ran[0].mean(axis=0) - ran[1].mean(axis=0)) / error

    assert difference(sketches.Gaussian(6, 2)).max() < 5
    assert difference(sketches.Coordinate(6, 2)).max() > 10


@pytest.mark.parametrize("member", ["gradient", "value"])
@pytest.mark.parametrize("unit", [1.0, 1e3])
def test_a_subclass_with_another_gradient_is_not_run_as_its_parent(unit, member):
    """The trap of a least-squares gradient that carries X'y twice: it must not be cured in silence, whatever L is."""

    class Twice(LeastSquares):
        value_and_gradient = None

        def gradient(self, W):
            wrong = self.X.T @ self.Y / len(self.Y) if member == "gradient" else 0.0
            return LeastSquares.value_and_gradient(self, W)[1] - wrong

        def value(self, W):
            return LeastSquares.value_and_gradient(self, W)[0] * (1.0 if member == "gradient" else 2.0)

    away = type("Away", (Twice,), {"gradient": lambda self, W: LeastSquares.value_and_gradient(self, W)[1] - W**3})
    rng = np.random.default_rng(0)
    X, Y = unit * rng.standard_normal((9, 3)), rng.standard_normal((9, 2))
    for kind in (Twice, away):  # at 0 the second one is right
        with pytest.raises(ValueError, match=rf"{kind.__name__}\.eigenbasis must be that of its value and gradient"):
            kernel_for(RACLoRA(sketches.Haar(3, 1), 0.1), kind(X, Y), np.zeros((3, 2)))


def test_what_the_kernels_are_chosen_by():
    def chosen(kind, shape, rank, side="left"):
        sketch = sketches.Haar(shape[side == "right"], rank)
        return kernel_for(RACLoRA(sketch, 0.1, side=side), a_problem(kind, *shape), np.zeros(shape))

    assert type(chosen("left", (3, 3), 1)) is RunsLast
    assert type(chosen("full", (3, 3), 1)) is Stepping
    for case in (("left", (64, 10), 1), ("left", (10, 64), 1, "right"), ("kronecker", (64, 10), 4)):
        assert type(chosen(*case)) is ThinProducts
    several = (*SEVERAL, ((64, 10), 2), ((100, 100), 4))
    assert [chosen("left", *case).steps_at_once for case in several] == [8, 57, 25, 1, 1]
    assert chosen("kronecker", (64, 10), 1).steps_at_once == 1
    problem, start = a_problem("left"), np.zeros((5, 3))
    assert isinstance(kernel_for(GD(0.1), problem, start), Stepping)
    assert Diagonal.of(GD(0.1), problem, start, distances=False) is None
    momentum = HEAVY_BALL(sketches.Coordinate(5, 4), gamma=0.1, beta=0.5)  # to turn four columns costs more than three
    assert type(kernel_for(momentum, problem, start)) is Stepping


@pytest.mark.parametrize("sketch", [sketches.Gaussian, sketches.Coordinate])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("kind", QUADRATICS)
def test_methods_on_turned_matrices(kind, side, sketch):
    """The general kernel on the problem itself, with the draws turned back that are made for turned matrices. Catches a
    minimiser that is not turned, a basis of the other side, and sketches that are turned twice or not at all."""
    problem, letters = a_problem(kind), {"gamma": 0.2, "alpha": 0.3, "s": 1.0, "lambda_min": 0.5}
    W0, law = np.random.default_rng(9).standard_normal(problem.shape), sketch(problem.shape[side == "right"], 1)
    rotation = problem.eigenbasis.left if side == "left" else problem.eigenbasis.right
    drawn = law if sketch is sketches.Coordinate or rotation is None else TurnedSketch(law, rotation.T)
    for method, names in ((ACCELERATED, letters), (MOMENTUM, {"gamma": 0.2 / problem.L, "b": 0.5})):
        turned = kernel_for(method(law, side=side, **names), problem, W0, distances=kind != "underdetermined")
        assert type(turned) is Turned
        plain = Stepping(method(drawn, side=side, **names), problem, W0, getattr(problem, "W_star", None))
        ran, beside = (record(each.path([np.random.default_rng(3)], 9), 9) for each in (turned, plain))
        kinds = len(ran.measured)
        np.testing.assert_allclose(ran.measured, beside.measured[:kinds], rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(turned.matrices(ran.last), beside.last, rtol=0, atol=1e-11)
        single = kernel_for(method(law, side=side, **names), problem, W0.astype(np.float32))
        rounded = record(single.path([np.random.default_rng(3)], 9), 9)
        assert rounded.measured.dtype == single.matrices(rounded.last).dtype == np.float32
        np.testing.assert_allclose(rounded.measured[0], ran.measured[0], rtol=1e-3, atol=1e-4)


def test_streams_are_those_of_blocks():
    """The second block of an ensemble is the block of the second stream, whatever computes it, and no run is twice."""
    problem = a_problem("left")
    algorithm = RACLoRA(sketches.Gaussian(5, 1), 0.1)
    kernel = kernel_for(algorithm, problem, np.zeros((5, 3)))
    ran = simulate(Case(algorithm, problem, steps=3), runs=2 * kernel.block, rng=4)
    alone = record(kernel.path([generator(child(seed_sequence(4), BLOCKS, 1))], 3), 3)
    np.testing.assert_array_equal(ran.values[kernel.block :], alone.measured[0].T)
    assert len(np.unique(ran.values[:, -1])) == 2 * kernel.block
