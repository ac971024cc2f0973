"""A network both of whose layers are trained: its gradient, curvature that no search gets above, certified steps."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.sparse import csr_array

from rac_theory import Case, LayeredRACLoRA, simulate, sketches, theorems, verify
from rac_theory.problems import TwoLayerNetwork, two_layer_curvature
from rac_theory.problems.tanh_curvature import largest_curvature
from rac_theory.problems.two_layer_certificate import Neighbourhood, measured
from rac_theory.problems.two_layer_curvature import largest_curvature as in_both_layers
from rac_theory.problems.two_layer_curvature import of_capped_head, room
from rac_theory.testing import check_problem
from rac_theory.verification.status import Status

RNG = np.random.default_rng(5)
X = RNG.normal(size=(12, 4))
LABELS = RNG.integers(0, 3, size=12)
NETWORKS = {
    "three units": TwoLayerNetwork(X, LABELS, 3, l2=0.05),
    "one unit, two classes": TwoLayerNetwork(X, LABELS > 0, 1, cap=3.0),
    "a low cap": TwoLayerNetwork(X, LABELS, 4, cap=0.2),
    "no cap": TwoLayerNetwork(X, LABELS, 3, cap=math.inf, l2=0.05),
}
CAPPED = [network for network in NETWORKS.values() if network.cap < math.inf]


@pytest.fixture
def rng():
    return np.random.default_rng(6)


@pytest.fixture(params=NETWORKS.values(), ids=NETWORKS.keys())
def problem(request):
    return request.param


def hessians(gradient, W):
    """By differences of the gradient, (c, size, 1) to (c, size, size)."""
    count, size, _ = W.shape
    basis = 1e-5 * np.eye(size)[..., None]
    around = W[:, None] + np.concatenate([basis, -basis])
    rows = gradient(around.reshape(-1, size, 1)).reshape(count, 2, size, size)
    H = (rows[:, 0] - rows[:, 1]) / 2e-5
    return (H + np.swapaxes(H, 1, 2)) / 2


def steepest(gradient, W):
    """The largest curvature, up or down, at each of W, (c, size, 1)."""
    return np.abs(np.linalg.eigvalsh(hessians(gradient, W))).max(axis=1)


def test_the_gradient_is_that_of_differences_of_the_value(problem, rng):
    W, D = rng.normal(size=(2, 7, *problem.shape))
    step = 1e-6
    slope = (problem.value(W + step * D) - problem.value(W - step * D)) / (2 * step)
    np.testing.assert_allclose((problem.gradient(W) * D).sum(axis=(-2, -1)), slope, rtol=1e-6, atol=1e-8)


def test_the_value_is_the_mean_cross_entropy_of_a_network(problem, rng):
    """Written as one says it: catches a wrong label, a layer in the other's place, a cap that is a slope, no sqrt h."""
    W = rng.normal(size=problem.shape)
    hidden, head = (np.array(view) for view in problem.layers.views(W))
    V = head if problem.cap == math.inf else problem.cap * np.tanh(head / problem.cap)
    total = 0.0
    for x, label in zip(X, problem.labels, strict=True):
        z = np.tanh(x @ hidden) @ V / math.sqrt(problem.hidden)
        total += math.log(np.exp(z - z[list(problem.classes).index(label)]).sum())
        assert problem.predict(W, x[None]) == [problem.classes[z.argmax()]]
    assert problem.value(W) == pytest.approx(total / 12 + problem.l2 / 2 * (W**2).sum(), rel=1e-12)


def test_components_sum_to_the_whole_and_a_sparse_matrix_is_as_good(problem, rng):
    W = rng.normal(size=(3, *problem.shape))
    every = np.tile(rng.permutation(12), (3, 1))
    np.testing.assert_allclose(problem.component_gradient(W, every), problem.gradient(W), rtol=1e-12, atol=1e-14)
    one = problem.subset([3, 4, 5, 3])
    np.testing.assert_allclose(
        problem.component_gradient(W, np.tile([3, 3, 4, 5], (3, 1))), one.gradient(W), rtol=1e-12, atol=1e-14
    )
    sparse = TwoLayerNetwork(csr_array(X), problem.labels, problem.hidden, problem.cap, problem.l2)
    np.testing.assert_allclose(sparse.gradient(W), problem.gradient(W), rtol=1e-12, atol=1e-14)
    if problem.cap < math.inf:
        assert pytest.approx(problem.L, rel=1e-12) == sparse.L


@pytest.mark.parametrize(("level", "spread"), [(1.0, 0.0), (2.0, 1.0), (1.0, 1.2), (7.0, 0.01), (3.0, 4.0)])
def test_the_room_is_the_minimum_of_its_formula(level, spread):
    """On a fine grid, from below: catches a wrong turning point, as the value there is then far below the minimum."""
    y = 1 / (1 - np.linspace(0, 0.9999, 400_001) ** 2)
    t = np.sqrt(1 - 1 / y)
    grid = (level * y**2 - 2 * spread * t * y).min()
    assert grid - 1e-6 * level <= room(level, spread) <= grid + 1e-12
    exact = room(Fraction(level), Fraction(spread))
    assert float(exact) == pytest.approx(float(room(level, spread)), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("t", [0.0, 0.2, 0.5, 0.9])
def test_the_room_is_a_lower_bound_wherever_the_search_ends(t, monkeypatch):
    """Catches a slope that is added, or left out: the value alone is above the minimum."""
    monkeypatch.setattr(two_layer_curvature, "_turning_point", lambda level, spread: t)
    for level, spread in ((1.0, 0.0), (2.0, 1.0), (1.0, 1.2), (7.0, 0.01), (3.0, 4.0)):
        y = 1 / (1 - np.linspace(0, 0.99, 10_001) ** 2)
        assert room(level, spread) <= (level * y**2 - 2 * spread * np.sqrt(1 - 1 / y) * y).min() + 1e-12


def second_route(gram, cap, hidden):
    """L without ``room``: ``2 m alpha beta <= m^2 alpha^2 / q + q beta^2`` for the best q, and two quartics of t."""
    root = Fraction(1 / math.sqrt(hidden))
    m_squared = (cap + 2 * root) ** 2 / 2

    def at(q):
        first = gram * Fraction(largest_curvature(2 * cap**2 + 2 * m_squared / q, 2 * cap * root))
        return float(first), largest_curvature(1 + 2 * q, root / cap)

    low, high = Fraction(1, 10**9), Fraction(10**9)
    for _ in range(45):
        q = Fraction(math.sqrt(low * high))
        first, second = at(q)
        low, high = (q, high) if first > second else (low, q)
    return max(at(high))


@pytest.mark.parametrize("cap", [0.05, 0.7, 1.0, 9.0])
@pytest.mark.parametrize("gram", [1e-3, 1.0, 300.0])
def test_L_is_what_youngs_inequality_gives(cap, gram):
    """Catches a wrong m, a spread without its 2 or its sqrt h, a determinant that is a sum, a loss of 1e-9."""
    found = in_both_layers(of_capped_head(Fraction(gram), Fraction(cap), 5))
    assert found == pytest.approx(second_route(Fraction(gram), Fraction(cap), 5), rel=1e-9)


def test_L_is_rounded_up():
    """What is returned is shown in exact arithmetic, and a little less is not; a penalty adds itself."""
    for network in CAPPED:
        gram = Fraction(np.linalg.eigvalsh(X.T @ X).max()) / 12
        held = of_capped_head(gram * (1 - Fraction(1, 10**12)), Fraction(network.cap), network.hidden)
        level = Fraction(network.L) - Fraction(network.l2)
        assert held.hold(level)
        assert not held.hold(level * (1 - Fraction(1, 10**9)))
    for gram, cap in ((0.3, 0.7), (7.0, 1.0), (100.0, 4.0)):
        coefficients = of_capped_head(Fraction(gram), Fraction(cap), 7)
        found = in_both_layers(coefficients)
        assert coefficients.hold(Fraction(found))
        assert not coefficients.hold(Fraction(math.nextafter(found, 0)))
    root = of_capped_head(Fraction(1), Fraction(1), 5).squash
    assert 1 < root**2 * 5 < 1 + Fraction(1, 10**15)


def test_L_max_is_of_the_longest_sample():
    """That of a data set of copies of this one sample is its L: catches a mean of squared norms, or lambda_max(X'X)."""
    network = NETWORKS["three units"]
    longest = X[[np.argmax(np.linalg.norm(X, axis=1))] * 2]
    assert pytest.approx(network.L_max, rel=1e-12) == TwoLayerNetwork(longest, [0, 1], 3, l2=0.05).L
    assert network.L_max > 1.5 * network.L


def test_large_scores_do_not_overflow():
    network = TwoLayerNetwork(X, LABELS, 3, cap=math.inf)
    W = 1e4 * np.ones(network.shape) * np.arange(network.shape[0])[:, None]
    assert 1e3 < network.value(W) < 1e6
    assert np.isfinite(network.component_gradient(W[None], np.arange(12)[None])).all()


def test_a_head_at_its_cap_comes_near_to_L():
    """W1 = 0, columns +-c: the curvature is gram c^2, exactly. Catches an L that is a sixth too small or too large."""
    for k in (2, 4):
        network = TwoLayerNetwork(X, np.arange(12) % k, 400, cap=2.0)
        head = np.tile(np.where(np.arange(k) % 2, 90.0, -90.0), (400, 1))
        W = network.layers.pack([np.zeros((4, 400)), head])
        v = np.linalg.eigh(X.T @ X)[1][:, -1:] @ np.full((1, 400), 0.05)
        D = network.layers.pack([v, np.zeros((400, k))])
        second = ((network.gradient(W + 1e-4 * D) - network.gradient(W - 1e-4 * D)) * D).sum() / 2e-4
        assert second == pytest.approx(4.0 * np.linalg.eigvalsh(X.T @ X).max() / 12, rel=1e-5)
        assert second <= network.L <= 1.2 * second
    one = TwoLayerNetwork([[1e-3], [1e-3]], [0, 1], 40, cap=50.0)
    W = one.layers.pack([np.full((1, 40), 1e5), np.zeros((40, 2))])
    assert (
        0.5 * (1 - 1e-5) <= steepest(one.gradient, W[None])[0] <= one.L <= 0.6
    )  # saturated units, a head that is almost not squashed


def searched(rng, size, ratio, generations=25):
    """The largest ratio of weights, (c, size, 1) to (c,), that keeping the best of many and moving them finds."""
    W = rng.normal(size=(300, size, 1)) * 10 ** rng.uniform(-1, 1, size=(300, 1, 1))
    best = 0.0
    for generation in range(generations):
        found = ratio(W)
        best = max(best, found.max())
        parents = W[np.argsort(found)[-30:]]
        moved = np.tile(parents, (4, 1, 1))
        moved += rng.normal(size=moved.shape) * 10 ** rng.uniform(-2, 0.5, size=(120, 1, 1)) / (1 + generation / 5)
        W = np.concatenate([parents, moved])
    return best


SMALL = {cap: TwoLayerNetwork([[1.0, 0.5], [-0.3, 2.0]], [0, 1], 1, cap=cap) for cap in (0.5, 3.0, math.inf)}


@pytest.mark.parametrize(("cap", "least"), [(0.5, 0.6), (3.0, 0.6), (math.inf, 0.6)])
def test_no_search_finds_curvature_above_the_certificate(cap, least, rng):
    """It comes near: catches a reach, a spread or a cross term that is two thirds of what is proved."""
    network = SMALL[cap]
    found = searched(rng, 4, lambda W: steepest(network.gradient, W) * network.certified_step(W, np.zeros_like(W)))
    assert least < found <= 1 + 1e-6


@pytest.mark.parametrize(("cap", "least"), [(0.5, 0.25), (3.0, 0.6)])
def test_no_search_finds_curvature_above_L_nor_above_L_max(cap, least, rng):
    """Of the whole and of each component: catches constants of half the size, and an L_max from the wrong sample."""
    network = SMALL[cap]
    assert least < searched(rng, 4, lambda W: steepest(network.gradient, W) / network.L) <= 1 + 1e-6
    of_each = []
    for i in range(2):

        def gradient(W, i=i):
            return network.component_gradient(W, np.full((len(W), 1), i))

        of_each.append(searched(rng, 4, lambda W, gradient=gradient: steepest(gradient, W) / network.L_max))
    assert least < max(of_each) <= 1 + 1e-6


def test_no_pair_of_weights_contradicts_L(rng):
    """Pairs at every distance, and a search from them: catches an L of a fifth of its size."""
    for network in (SMALL[0.5], SMALL[3.0], *CAPPED):

        def ratio(Z, network=network):
            W, D = np.split(Z, 2, axis=1)
            apart = np.linalg.norm(network.gradient(W + D) - network.gradient(W), axis=(1, 2))
            return apart / (network.L * np.maximum(np.linalg.norm(D, axis=(1, 2)), 1e-3))

        found = searched(rng, 2 * network.shape[0], ratio)
        assert found <= 1 + 1e-6
        assert found > 0.2 or network is not SMALL[3.0]


def test_a_search_would_find_an_L_that_is_too_small(rng):
    """With sigma(1 - sigma) of one class for the variance of two: L is halved, and the search says so."""
    network = SMALL[3.0]
    assert searched(rng, 4, lambda W: steepest(network.gradient, W) / (network.L / 2)) > 1


def near(network, W):
    """What the certificate measures at W, and the norms of both layers' gradients."""
    A, V, _, _, R = network._forward(*network.layers.views(W))
    gram = np.linalg.eigvalsh(X.T @ X).max() / 12
    one = (np.array([number]) for number in measured(A, V, R, 0.0))
    return Neighbourhood(gram * (1 + 1e-12), network.cap, network.hidden, *one)


def test_near_by_nothing_is_larger_than_what_a_neighbourhood_says(problem, rng):
    """At weights on its border, along each measure's own worst direction where it is known, and along random ones.

    Catches each way of growing that is left out: a head, units or errors that stay as they were, or move by a half.
    """
    (d, h), (_, k) = problem.layers.shapes
    top = np.linalg.eigh(X.T @ X)[1][:, -1:]
    for scale in (0.0, 0.1, 1.0):
        W = scale * rng.normal(size=problem.shape)
        here = near(problem, W)
        for step in (0.01, 0.3, 3.0):
            pair = np.zeros((h, k))
            pair[0, :2] = 1.0, -1.0
            worst = [(top @ np.ones((1, h)), pair), (top @ -np.ones((1, h)), -pair)]
            for D1, D2 in [*worst, *zip(rng.normal(size=(5, d, h)), rng.normal(size=(5, h, k)), strict=True)]:
                x, y = step, step * rng.choice([0.1, 1.0])
                parts = [x * D1 / np.linalg.norm(D1), y * D2 / np.linalg.norm(D2)]
                there = near(problem, W + problem.layers.pack(parts)).within(np.zeros(1), np.zeros(1))
                bound = here.within(np.array([x]), np.array([y]))
                for name in ("reach", "spread", "units", "cross", "squash"):
                    assert getattr(there, name) <= getattr(bound, name) * (1 + 1e-9), name


def test_a_neighbourhood_grows_no_faster_than_it_must():
    """From W = 0, where all directions are worst at once: catches a growth that is a half too large."""
    network = TwoLayerNetwork(X, np.arange(12) % 2, 3, cap=math.inf)
    here, step = near(network, np.zeros(network.shape)), np.array([1e-3])
    pair = np.array([[1.0, -1.0], [0.0, 0.0], [0.0, 0.0]]) * 1e-3 / math.sqrt(2)
    top = 1e-3 * np.linalg.eigh(X.T @ X)[1][:, -1:] @ np.array([[1.0, 0.0, 0.0]])
    moved = near(network, network.layers.pack([top, pair]))
    bound = here.within(step, step)
    assert moved.reach == pytest.approx(bound.reach, rel=1e-9)
    assert moved.spread / math.sqrt(3) == pytest.approx(bound.spread, rel=1e-9)
    assert moved.units**2 == pytest.approx(bound.units, rel=1e-2)


def block_projected(network, G, U):
    """``H G`` for the H that projects each layer on the span of some directions of its own: U, (r, size, 1)."""
    parts = []
    for of_layer, directions in zip(network.layers.views(G), network.layers.views(U), strict=True):
        Q = np.linalg.qr(directions.reshape(len(U), -1).T)[0]
        parts.append((Q @ (Q.T @ of_layer.ravel())).reshape(of_layer.shape))
    return network.layers.pack(parts)


def test_a_certified_step_descends_whatever_is_projected(problem, rng):
    """Random projections, and the worst of an ascent over them; the curvature of all that is on the way, too.

    Catches a step that is four times too long: where units begin at zero it is not far above what is needed.
    """
    closest = 0.0
    for scale in (0.05, 0.5, 2.0):
        W = scale * rng.normal(size=problem.shape)
        f, G = problem.value(W), problem.gradient(W)
        gamma = problem.certified_step(W, G)
        U, worst = rng.normal(size=(2, *problem.shape)), math.inf
        for _ in range(60):
            trial = U + rng.normal(size=U.shape) * 10 ** rng.uniform(-2, 0.5)
            HG = block_projected(problem, G, trial)
            gained, squared = f - problem.value(W - gamma * HG), (HG**2).sum()
            assert gained >= gamma * squared / 2 - 1e-14
            if gained / squared < worst:
                U, worst = trial, gained / squared
        way = W - np.linspace(0, 1, 5)[:, None, None] * gamma * block_projected(problem, G, U)
        closest = max(closest, (gamma * steepest(problem.gradient, way)).max())
    assert 0.25 < closest <= 1 + 1e-6


def test_the_step_is_the_largest_that_is_certified(problem, rng):
    """One part in a million more is not: catches a search that ends early, or keeps the end that is refused."""
    for _ in range(5):
        W, G = rng.normal(size=(2, *problem.shape)) * [[[1.0]], [[0.1]]]
        here = near(problem, W)
        x, y = (np.array([np.linalg.norm(of_layer)]) for of_layer in problem.layers.views(G))
        gamma = float(problem.certified_step(W, G))
        for factor, held in ((1.0, True), (1 + 1e-6, False)):
            longer = factor * gamma
            assert here.within(longer * x, longer * y).hold(1 / longer - problem.l2) == held


def test_certified_steps_of_a_batch_and_at_the_edge(problem, rng):
    """Those of a batch are those of each; none is shorter than 1/L; where nothing is finite 1/L, or 0, is left."""
    W, G = rng.normal(size=(2, 2, 3, *problem.shape))
    steps = problem.certified_step(W, G)
    assert steps.shape == (2, 3)
    assert steps[1, 2] == problem.certified_step(W[1, 2], G[1, 2])
    capped = problem.cap < math.inf
    floor = 1 / problem.L if capped else 0.0
    assert (steps >= floor * (1 - 1e-15)).all()
    assert (problem.certified_step(W, 1e30 * G) >= floor * (1 - 1e-15)).all()
    assert (problem.certified_step(W, 2 * G) <= steps).all()
    assert (problem.certified_step(W, 0 * G) > steps).any()
    for bad in (math.nan, math.inf, 1e200):
        assert problem.certified_step(W[0, 0], np.full(problem.shape, bad)) == pytest.approx(floor, rel=1e-15)
        assert problem.certified_step(np.full(problem.shape, math.nan), G[0, 0]) == pytest.approx(floor, rel=1e-15)


def test_the_start_is_drawn_from_its_seed():
    network = TwoLayerNetwork(X, LABELS, 400, cap=0.5, seed=7)
    again, other = (TwoLayerNetwork(X, LABELS, 400, cap=0.5, seed=seed) for seed in (7, 8))
    np.testing.assert_array_equal(network.start, again.start)
    assert not np.array_equal(network.start, other.start)
    hidden, head = network.layers.views(network.start)
    assert np.square(X @ hidden).mean() == pytest.approx(1.0, rel=0.1)
    assert np.square(head).mean() == pytest.approx(0.25, rel=0.1)
    assert np.linalg.norm(network.gradient(network.start)) > 1e-3
    assert not network.gradient(np.zeros(network.shape)).any()  # which is why it does not start there


@pytest.mark.long
def test_the_checks_of_problems_find_nothing(problem):
    check_problem(problem, rng=0)


def test_t1_holds_on_it_and_t2_does_not_apply():
    problem = NETWORKS["three units"]
    algorithm = LayeredRACLoRA(problem.layers, [sketches.Haar(4, 2), None], gamma=1 / problem.L)
    case = Case(algorithm, problem, steps=60)
    assert verify(theorems.T1, case, runs=64, rng=0).status in (Status.HOLDS, Status.CONSISTENT)
    assert verify(theorems.T2, case, runs=4, rng=0).status is Status.NOT_APPLICABLE


def test_no_theorem_applies_without_a_cap():
    problem = NETWORKS["no cap"]
    algorithm = LayeredRACLoRA(problem.layers, [sketches.Haar(4, 2), None], gamma=0.1)
    assert verify(theorems.T1, Case(algorithm, problem, steps=5), runs=4, rng=0).status is Status.NOT_APPLICABLE
    assert math.isnan(problem.L)
    assert math.isnan(problem.L_max)


def test_single_precision_runs_agree():
    problem = NETWORKS["three units"]
    case = Case(LayeredRACLoRA(problem.layers, [sketches.Haar(4, 2), None], gamma=0.5), problem, steps=20)
    single, double = (simulate(case, runs=4, rng=0, dtype=dtype) for dtype in ("float32", "float64"))
    np.testing.assert_allclose(single.values, double.values, rtol=1e-4)


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"hidden": 0}, "hidden must be >= 1, got 0"),
        ({"cap": 0.0}, "cap must be a finite number > 0, got 0.0"),
        ({"cap": math.nan}, "cap must be a finite number > 0, got nan"),
        ({"cap": 1e50}, "cap must be math.inf or of size 1e-12..1e12, got 1e"),
        ({"l2": -1.0}, "l2 must be"),
        ({"seed": -1}, "seed must be in 0..4294967295, got -1"),
        ({"seed": None}, "seed must be an integer, got None"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(changed, rule):
    with pytest.raises(ValueError, match=rule):
        TwoLayerNetwork(**({"X": X, "labels": LABELS, "hidden": 2} | changed))
