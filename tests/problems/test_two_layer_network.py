"""A network both of whose layers are trained: its value, its gradient, its start, and which theorems apply."""

import math

import numpy as np
import pytest
from scipy.sparse import csr_array

from rac_theory import SGD, Case, CertifiedStep, LayeredRACLoRA, simulate, sketches, theorems, verify
from rac_theory.problems import TwoLayerNetwork
from rac_theory.testing import check_problem
from rac_theory.verification.status import Status
from tests.problems.networks import LABELS, NETWORKS, X


@pytest.fixture
def rng():
    return np.random.default_rng(6)


@pytest.fixture(params=NETWORKS.values(), ids=NETWORKS.keys())
def problem(request):
    return request.param


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


@pytest.mark.long
def test_the_checks_of_problems_find_nothing(problem):
    check_problem(problem, rng=0)


def test_t1_holds_on_it_and_t2_does_not_apply():
    problem = NETWORKS["three units"]
    algorithm = LayeredRACLoRA(problem.layers, [sketches.Haar(4, 2), None], gamma=1 / problem.L)
    case = Case(algorithm, problem, steps=60)
    assert verify(theorems.T1, case, runs=64, rng=0).status in (Status.HOLDS, Status.CONSISTENT)
    assert verify(theorems.T2, case, runs=4, rng=0).status is Status.NOT_APPLICABLE


def test_t16_holds_on_it_without_a_cap():
    """Where no constant is behind a step; gradient descent is judged exactly, RAC-LoRA at level 0.001."""
    problem = NETWORKS["no cap"]
    whole, half = SGD(1.0, CertifiedStep()), [sketches.Haar(4, 2), sketches.Haar(3, 1)]
    layered = LayeredRACLoRA(problem.layers, half, gamma=1.0, gradients=CertifiedStep())
    assert verify(theorems.T16, Case(whole, problem, steps=60)).status is Status.HOLDS
    assert verify(theorems.T16, Case(layered, problem, steps=40), runs=32, rng=0).status is not Status.VIOLATED


def test_t1_does_not_apply_without_a_cap():
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
