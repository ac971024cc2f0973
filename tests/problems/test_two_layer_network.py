"""A network both of whose layers are trained: its value, its start, and certified steps, of which none goes uphill."""

import math

import numpy as np
import pytest

from rac_theory.problems import TwoLayerNetwork, two_layer_network
from rac_theory.problems.two_layer_certificate import Neighbourhood, _norm, measured
from tests.as_one_test import as_one_test
from tests.problems.networks import LABELS, NETWORKS, SMALL, X, searched, steepest


@pytest.fixture
def rng():
    return np.random.default_rng(6)


@pytest.fixture(params=NETWORKS.values(), ids=NETWORKS.keys())
def problem(request):
    return request.param


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
    assert problem.predict(np.stack([W, -W]), X).shape == (2, 12)
    assert problem.value(W) == pytest.approx(total / 12 + problem.l2 / 2 * (W**2).sum(), rel=1e-12)


def test_large_scores_do_not_overflow():
    network = TwoLayerNetwork(X, LABELS, 3, cap=math.inf)
    W = 1e4 * np.ones(network.shape) * np.arange(network.shape[0])[:, None]
    assert 1e3 < network.value(W) < 1e6
    assert np.isfinite(network.component_gradient(W[None], np.arange(12)[None])).all()


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


@as_one_test(
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


@pytest.mark.parametrize("network", SMALL.values(), ids=SMALL.keys())
def test_no_search_finds_curvature_above_the_certificate(network, rng):
    """It comes near: catches a reach, a spread or a cross term that is two thirds of what is proved."""
    found = searched(rng, 4, lambda W: steepest(network.gradient, W) * network.certified_step(W, np.zeros_like(W)), 15)
    assert 0.6 < found <= 1 + 1e-6


def near(network, W):
    """What the certificate measures at W, and the norms of both layers' gradients."""
    A, V, _, _, R = network._forward(*network.layers.views(W))
    gram = np.linalg.eigvalsh(X.T @ X).max() / 12
    one = (np.array([number]) for number in measured(A, V, R, 0.0))
    return Neighbourhood(gram * (1 + 1e-12), network.cap, network.hidden, *one)


@as_one_test("h, N", [(2, 3), (3, 2)])
def test_what_is_measured_is_raised_by_what_is_derived(h, N):
    """In eps, by hand, for h units of N samples and two classes. Catches each number that is another.

    A norm is raised by 16 and its larger side and 4, a head by 4 of its size, R by 4 (h + k + 32) of that.
    """
    eps, lost = 2.0**-52, 0.25
    A, V, R = np.zeros((1, h, N)), np.zeros((1, h, 2)), np.zeros((1, 2, N))
    A[0, 0, 0], V[0, 0], R[0, 0, 0] = 1.0, (3.0, -1.0), 1.0
    size = 1 + math.sqrt(10)
    reach, spread, units, errors = (float(found[0]) for found in measured(A, V, R, np.array([lost])))
    of_errors = (16 + (max(2, N) + 4)) / math.sqrt(N) + 4 * (h + 2 + 32) * size
    for found, exact, raised in (
        (reach, 4 / (2 * math.sqrt(h)), 4 * (h + 4) / 2 / (2 * math.sqrt(h)) + 4 * size),
        (spread, 4.0, 4 * size),
        (units, 1 / math.sqrt(N * h) + lost, 23 / math.sqrt(N * h) + 4),
        (errors, 1 / math.sqrt(N) + lost * size, of_errors),
    ):
        assert (found - exact) / eps == pytest.approx(raised, abs=2.0)


def test_norms_are_raised_by_the_rounding_of_their_sums(monkeypatch):
    """Of the gradient by its size, of 9 numbers; of a row by their number. A small matrix has a small norm.

    Of what goes into tanh, of one product: twice that of any number more. Catches rounding of another size.
    """
    network, norms = TwoLayerNetwork(np.ones((1024, 1)), np.arange(1024) % 2, 3), []
    monkeypatch.setattr(two_layer_network, "certified_steps", lambda near, x, y, *_: norms.extend((x, y)) or x)
    G = np.zeros(network.shape)
    G[[0, -1]] = 1.0
    network.certified_step(0 * G, G)
    eps, lost = 2.0**-52, []
    assert [(norm.item() - 1) / eps for norm in norms] == [9, 9]
    assert (network._row_norm - 1) / eps == pytest.approx(1024 / 2, abs=4)
    assert _norm(np.full((1, 2, 3), 1e-3)) == pytest.approx(1e-3 * math.sqrt(6), rel=1e-12)
    monkeypatch.setattr(two_layer_network, "measured", lambda *of: lost.append(of[3]) or 0.0)
    network.certified_step(G, G)
    assert lost[0] / np.linalg.norm(network.layers.views(G)[0]) == pytest.approx(3 * eps, rel=1e-9)


@as_one_test("far", [False, True])
def test_what_a_neighbourhood_says_by_hand(far):
    """For h = 9 and gram 4, near by and where nothing grows any more. Catches each root of 2 or h that is elsewhere."""
    here = Neighbourhood(4.0, 2.0, 9, *(np.array([number]) for number in (0.5, 1.2, 0.1, 0.3)))
    x, y = (1e9, 1e9) if far else (0.1, 0.2)
    v, a = (2.0, 1.0) if far else (0.5 + 0.2 / (3 * 2**0.5), 0.1 + 2 * 0.1 / 3)
    r = 2**0.5 if far else 0.3 + (v * 2 * 0.1 + a * 0.2 / 2**0.5) / 2**0.5
    found = here.within(np.array([x]), np.array([y]))
    by_hand = {
        "gram": 4.0,
        "reach": v,
        "spread": (4.0 if far else 1.2 + 2**0.5 * 0.2) / 3,
        "cross": (v * a / 2**0.5 + r / 3) ** 2,
        "units": a**2,
        "squash": min(1.0, 3 * a * r) / (3 * 2.0),
    }
    for name, number in by_hand.items():
        assert getattr(found, name) == pytest.approx(number, rel=1e-14), name


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


def closest_to_equality(rng, network, W, rounds=30):
    """The largest of ``(f(W - gamma H G) - f(W)) / (gamma ||H G||^2) + 1/2`` that an ascent over W and H finds."""

    def ratio(W, U):
        f, G = network.value_and_gradient(W)
        gamma, HG = network.certified_step(W, G), block_projected(network, G, U)
        squared = (HG**2).sum()
        if gamma * squared < 1e-9 * max(1.0, f):  # where nothing but rounding would be seen
            return -1.0
        return (network.value(W - gamma * HG) - f) / (gamma * squared) + 0.5

    U = rng.normal(size=(1, *network.shape))
    best, scale = ratio(W, U), 0.5
    for _ in range(rounds):
        moved = W * (1 + scale * rng.normal(size=W.shape)), U + scale * rng.normal(size=U.shape)
        found = ratio(*moved)
        (W, U), best, scale = (moved, found, 1.2 * scale) if found > best else ((W, U), best, 0.95 * scale)
    return best


@pytest.mark.long
def test_no_ascent_over_weights_and_projections_contradicts_a_certificate(rng):
    """From random weights, and from an even sample that a large head tells apart, where the step is a Newton step.

    There it comes within two percent of equality: catches a step that is longer than what is proved by as little.
    """
    random = [closest_to_equality(rng, network, rng.normal(size=(4, 1))) for network in SMALL.values()]
    assert max(random) <= 1e-6
    even = [TwoLayerNetwork([[1.0], [1.0]], [0, 1], 1, cap) for cap in (100.0, math.inf)]
    near = [closest_to_equality(rng, network, np.array([[1e-3], [-w], [w]])) for network in even for w in (15.0, 40.0)]
    assert -0.02 < max(near) <= 1e-6


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


def test_many_steps_are_certified_in_parts_that_are_cached(problem, rng, monkeypatch):
    """Each as by itself. Catches parts that are miscounted, which the matrices of a test never fill."""
    W, G = rng.normal(size=(2, 5, *problem.shape))
    expected = problem.certified_step(W, G)
    monkeypatch.setattr(two_layer_network, "_CACHED", 1)
    np.testing.assert_allclose(problem.certified_step(W, G), expected, rtol=1e-12)
