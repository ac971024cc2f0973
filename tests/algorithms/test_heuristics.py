"""LoRA, Asymmetric LoRA, Chain of LoRA and GaLore: each step against a second way to compute it."""

from fractions import Fraction
from functools import partial
from itertools import islice, pairwise, product

import numpy as np
import pytest

from rac_theory import Case, Constants, simulate, verify
from rac_theory.algorithms import GD, AsymmetricLoRA, ChainOfLoRA, Factored, GaLore, Initialisation, LoRA, RACLoRA
from rac_theory.algorithms.galore import leading_part
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.sketches import Coordinate, Frozen, Gaussian, Haar
from rac_theory.verdicts.verification.decision import Status
from tests.as_one_test import as_one_test
from tests.refused import refused

SHAPE, RANK = (4, 3), 2

RNG = np.random.default_rng(0)
PROBLEM = LeastSquares(RNG.standard_normal((12, 4)), RNG.standard_normal((12, 3)))
BLOCK = np.random.default_rng(1).standard_normal((5, *SHAPE))


def states(algorithm, steps):
    return list(islice(algorithm.factored(PROBLEM, BLOCK, np.random.default_rng(2)), steps + 1))


def iterates(algorithm, steps, W=BLOCK):
    return list(islice(algorithm.iterates(PROBLEM, W, np.random.default_rng(2)), steps))


def numerical_gradient(function, X, h=1e-6):
    steps = h * np.eye(X.size).reshape(-1, *X.shape)
    return np.reshape([(function(X + E) - function(X - E)) / (2 * h) for E in steps], X.shape)


KAIMING = Initialisation.kaiming(SHAPE, RANK)
BOTH = Initialisation(B=Gaussian(4, 2), A=Gaussian(3, 2), scale=0.5)
ONLY_B = Initialisation(B=Gaussian(4, 2), scale=0.5)
SOME = Initialisation(B=Coordinate(4, 2), A=Coordinate(3, 2), scale=0.5)


@as_one_test(("start", "lora_alpha"), product((KAIMING, BOTH, ONLY_B, SOME), (None, 3.0)))
def test_lora_descends_along_the_gradient_of_the_factors(start, lora_alpha):
    """Against differences of J. Would catch a forgotten scale, a transposed factor, and steps that are not at once."""
    algorithm = LoRA(start, 0.05, lora_alpha=lora_alpha)
    c = 1.0 if lora_alpha is None else 1.5
    found = states(algorithm, 3)
    for run in range(2):
        beneath = BLOCK[run] - c * found[0].B[run] @ found[0].A[run]
        for before, after in pairwise(found):
            B, A = before.B[run], before.A[run]
            in_B = numerical_gradient(lambda X, A=A, b=beneath: float(PROBLEM.value(b + c * X @ A)), B)
            in_A = numerical_gradient(lambda X, B=B, b=beneath: float(PROBLEM.value(b + c * B @ X)), A)
            np.testing.assert_allclose(after.B[run], B - 0.05 * in_B, atol=1e-8)
            np.testing.assert_allclose(after.A[run], A - 0.05 * in_A, atol=1e-8)
            np.testing.assert_allclose(after.W[run], beneath + c * after.B[run] @ after.A[run], atol=1e-12)


def test_runs_do_not_see_each_other():
    """Would catch products that mix the runs of a block."""
    algorithm, rng = LoRA(BOTH, 0.05), np.random.default_rng(3)
    B, A = BOTH.draw(rng, BLOCK)

    def last(runs):
        return list(islice(algorithm.descent(PROBLEM, Factored(BLOCK[runs], B[runs], A[runs]), rng), 4))[-1].W

    together, alone = last(slice(None)), [last(slice(i, i + 1))[0] for i in range(5)]
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_links_of_one_step_are_rac_lora_with_the_plain_step():
    """Would catch a scale that is not squared, and a factor A that moves while B is zero."""
    found = states(ChainOfLoRA(KAIMING, 0.05, 1, lora_alpha=3.0), 4)
    for before, after in pairwise(found):
        assert not before.B.any()
        for run in range(5):
            plain = RACLoRA(Frozen(before.A[run].T), 0.05, "right", lora_alpha=3.0)
            expected = iterates(plain, 1, before.W[run : run + 1])[0][0]
            np.testing.assert_allclose(after.W[run], expected, rtol=1e-12, atol=1e-15)


def test_restarts_are_what_they_say():
    """Would catch a fixed restart that draws, a fresh one that does not, a merge that moves W, and one that comes too
    early: a chain of one long link is LoRA, bit for bit."""
    for restart, same in (("fixed", True), ("fresh", False)):
        found = states(ChainOfLoRA(KAIMING, 0.05, 3, restart), 6)
        for link in (3, 6):
            assert not found[link].B.any()
            assert np.array_equal(found[link].A, found[0].A) is same
        assert found[2].B.any()
    np.testing.assert_array_equal(iterates(ChainOfLoRA(KAIMING, 0.05, 9), 9), iterates(LoRA(KAIMING, 0.05), 9))


@as_one_test(("side", "lora_alpha"), product(("left", "right"), (None, 3.0)))
def test_one_factor_is_frozen_and_the_other_trained(side, lora_alpha):
    """By gradient descent on the other factor, and as RAC-LoRA does it with a frozen sketch. Would catch the wrong
    factor, one that is drawn anew, a wrong inverse, and a plain step without its scale."""
    d, frozen = (4, "B") if side == "left" else (3, "A")
    algorithm = AsymmetricLoRA(Gaussian(d, 2), 0.05, side, lora_alpha=lora_alpha)
    c, found = algorithm.scale, states(algorithm, 5)
    for before, after in pairwise(found):
        G = PROBLEM.gradient(before.W)
        np.testing.assert_array_equal(getattr(after, frozen), getattr(found[0], frozen))
        if side == "left":
            np.testing.assert_allclose(after.A, before.A - 0.05 * c * before.B.mT @ G, atol=1e-10)
        else:
            np.testing.assert_allclose(after.B, before.B - 0.05 * c * G @ before.A.mT, atol=1e-10)
        np.testing.assert_allclose(after.W, BLOCK + c * after.B @ after.A, atol=1e-10)
    F = getattr(found[0], frozen)
    assert not np.allclose(F[0], F[1])  # each run has its own
    F = Frozen(F[0] if side == "left" else F[0].T)
    ours, theirs = (iterates(kind(F, 0.05, side, lora_alpha=lora_alpha), 5) for kind in (AsymmetricLoRA, RACLoRA))
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)


@as_one_test(("theorem", "lora_alpha"), product(("T1", "T2", "T1_sharp", "T2_sharp", "T3", "T4"), (None, 1.0)))
def test_no_rate_is_promised_for_a_frozen_factor(theorem, lora_alpha):
    """Would catch E[H] over runs in the place of E[H] given the past: its smallest eigenvalue is 1/2 here."""
    case = Case(AsymmetricLoRA(Haar(4, 2), 0.1 / PROBLEM.L, lora_alpha=lora_alpha), PROBLEM, steps=3)
    assert (Constants.of(case).lambda_min, Constants.of(case).lambda_max) == (0, 1)
    for some in (case, Case(LoRA(KAIMING, 0.1), PROBLEM, steps=3)):
        assert verify(theorem, some, rng=0).status is Status.NOT_APPLICABLE


def test_a_frozen_factor_of_full_rank_is_gradient_descent():
    """T2 applies to the projected step, and says nothing of the plain one."""
    frozen = partial(AsymmetricLoRA, Haar(4, 4), 1 / PROBLEM.L)
    kinds = frozen(), frozen(lora_alpha=4.0), GD(1 / PROBLEM.L)
    full, plain, whole = (Case(algorithm, PROBLEM, steps=20) for algorithm in kinds)
    assert verify("T2", full, runs=64, rng=0).status is not Status.NOT_APPLICABLE
    assert verify("T2", plain, rng=0).status is Status.NOT_APPLICABLE
    np.testing.assert_allclose(simulate(full, rng=0).values, simulate(whole).values, rtol=1e-9)


def test_the_law_of_the_start():
    """20000 entries of A have variance 1/n up to 5 standard errors (alpha < 1e-6). Would catch 1/r or 1/sqrt(n)."""
    _, A = Initialisation.kaiming((2, 50), 4).draw(np.random.default_rng(5), np.zeros((100, 2, 50)))
    assert abs(A.var() * 50 - 1) < 5 * np.sqrt(2 / A.size)


def test_galore_keeps_the_leading_part():
    """Against the eigenvectors of G G'. Would catch trailing singular vectors; at full rank it is gradient descent."""
    G = PROBLEM.gradient(BLOCK)
    U = np.linalg.eigh(G @ np.swapaxes(G, 1, 2))[1][..., -2:]
    np.testing.assert_allclose(leading_part(G, 2), U @ (np.swapaxes(U, 1, 2) @ G), atol=1e-12)
    full = simulate(Case(GaLore(3, 0.3), PROBLEM, steps=20)).values
    np.testing.assert_allclose(full, simulate(Case(GD(0.3), PROBLEM, steps=20)).values, rtol=1e-9)


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (3, 3)])
def test_galore_keeps_its_share(shape):
    """Attained where all singular values are equal. Would catch max(m, n), and a share of norms and not of squares."""
    G = np.random.default_rng(6).standard_normal((500, *shape))
    for rank in range(1, min(shape) + 1):
        kept = np.square(leading_part(G, rank)).sum((1, 2)) / np.square(G).sum((1, 2))
        assert kept.min() >= rank / min(shape) - 1e-12
        flat = leading_part(np.eye(*shape)[None], rank)
        assert np.square(flat).sum() == pytest.approx(rank)
        exact = Fraction(rank, min(shape))
        said = GaLore(rank, 0.1).leading_share(Quadratic.left(np.eye(shape[0]), np.ones(shape)))
        assert exact - Fraction(1, 10**16) < Fraction(said) <= exact  # rounded down


def test_divergence_is_no_error():
    """Would catch a singular value decomposition that refuses what has diverged."""
    problem = Quadratic.left(np.eye(2), np.ones((2, 2)))
    for algorithm in (GaLore(1, 5.0), LoRA(Initialisation.kaiming((2, 2), 1), 50.0)):
        last = simulate(Case(algorithm, problem, steps=2000), rng=0).values[0, -1]
        assert not np.isfinite(last)
    G = np.ones((3, 2, 4))
    G[1, 0, 2] = np.inf
    assert np.isnan(leading_part(G, 1)).any(axis=(1, 2)).tolist() == [False, True, False]


def test_what_cannot_be_is_refused():
    """By itself, and on a problem that it does not fit."""

    def run(algorithm):
        return simulate(Case(algorithm, PROBLEM, steps=1))

    refused(
        (lambda: Initialisation(), "B or A must be a sketch, got None for both"),
        (lambda: Initialisation(A=Haar(3, 1), scale=0.0), "scale must be a finite number > 0, got 0.0"),
        (lambda: Initialisation(B=Haar(4, 1), A=Haar(3, 2)), "B and A must have one rank, got 1 and 2"),
        (lambda: LoRA(KAIMING, -1.0), "gamma must be a finite number > 0, got -1.0"),
        (lambda: LoRA(KAIMING, 0.1, lora_alpha=0.0), "lora_alpha must be a finite number > 0"),
        (lambda: ChainOfLoRA(KAIMING, 0.1, 0), "inner_steps must be >= 1, got 0"),
        (lambda: ChainOfLoRA(KAIMING, 0.1, 1, "frozen"), "restart must be one of fixed, fresh"),
        (lambda: AsymmetricLoRA(Haar(3, 1), 0.1, "up"), "side must be one of left, right"),
        (lambda: GaLore(0, 0.1), "rank must be >= 1, got 0"),
        (lambda: run(LoRA(Initialisation.kaiming((4, 5), 1), 0.1)), r"A.dim must be n=3 for side='right'"),
        (lambda: run(ChainOfLoRA(Initialisation(B=Haar(3, 1)), 0.1, 2)), r"B.dim must be m=4 for side='left'"),
        (lambda: run(AsymmetricLoRA(Haar(3, 1), 0.1)), r"sketch.dim must be m=4 .* did you mean side='right'\?"),
        (lambda: run(GaLore(4, 0.1)), r"rank must be in 1..min\(m, n\)=3, got 4"),
    )
