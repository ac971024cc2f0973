"""The law of the learning rate: maxima of the gain by grids, by hand, and in fractions; what is not known is said."""

import math
import pickle
from fractions import Fraction
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, RACLoRA, best_step, learning_rate, longest_step, sketches, spectrum
from rac_theory.gains.effective_dimension import effective_dimension
from rac_theory.gains.gain import smoothness_along
from rac_theory.gains.step_gain import step_gain
from rac_theory.numerics.linalg import projection
from rac_theory.numerics.randomness import child, seed_sequence
from rac_theory.numerics.rational import rounded
from rac_theory.problems import LeastSquares, Quadratic, SoftmaxRegression
from rac_theory.problems.smoothness import Smoothness
from rac_theory.sketches import Coordinate, FiniteSupport, Gaussian, Haar, WeightedCoordinate
from tests.gains.matrices import NO_COMMON_BASIS, OBLIQUE, SUMS, M, N, swapped
from tests.sketches.without_claims import WithoutClaims

SKETCHES = [
    sketches.Rademacher(M, 2),
    sketches.CoordinateWithReplacement(M, 2),
    FiniteSupport(np.eye(M)[..., None], [0.6, 0.2, 0.1, 0.1]),
    FiniteSupport(np.random.default_rng(1).standard_normal((5, M, 2)), [0.2, 0.3, 0.3, 0.1, 0.1]),
]


def true_gain(sketch, terms, lora_alpha):
    """eta to lambda_min(E[2 tau M - tau^2 M Q M]) on all entries of W, by its definition: M = H, or M = BB'."""
    B, p = sketch.support()
    products = projection(B) if lora_alpha is None else B @ B.mT
    M, Q = np.array([np.kron(P, np.eye(N)) for P in products]), sum(np.kron(S, R) for S, R in terms)
    K, T = (np.tensordot(p.astype(float), moment, axes=1) for moment in (M, M @ Q @ M))

    def gain(eta):
        tau = eta if lora_alpha is None else eta * (lora_alpha / sketch.rank) ** 2
        return np.linalg.eigvalsh(2 * tau * K - tau**2 * T)[0]

    return gain


IN_ALL_DIRECTIONS = [(3 * np.eye(M), np.eye(N))]


@pytest.mark.parametrize("lora_alpha", [None, 3.0])
@pytest.mark.parametrize(
    ("sketch", "terms"),
    [
        *zip(SKETCHES, SUMS.values(), strict=True),
        (SKETCHES[3], SUMS["one side"]),
        (SKETCHES[2], IN_ALL_DIRECTIONS),
    ],
)
def test_the_best_is_the_maximum_of_the_gain_on_a_grid(sketch, terms, lora_alpha):
    """Of sums over all draws: no point of a grid by hundredths has more, and just beyond the longest there is no gain.

    Catches 1/c where the maximum is beyond it, lora_alpha for its square or without r, tau for eta or for its square,
    Q outside of the product, and the wrong side. Beyond the longest, what is drawn most loses most.
    """
    Q, gain = Smoothness(terms), true_gain(sketch, terms, lora_alpha)
    known = learning_rate(Q, sketch, lora_alpha=lora_alpha)
    at_best = gain(known.best)
    assert at_best * (1 - 1e-9) <= known.nu <= at_best * (1 + 1e-12)
    grid = [gain(share * known.longest) for share in np.linspace(0, 1, 101)[1:-1]]
    assert at_best * (1 - 1e-2) <= max(grid) <= at_best * (1 + 1e-9)  # the grid comes near it
    assert min(grid) > 0 > gain(known.longest * (1 + 1e-6))
    assert 1 <= known.longest / known.best <= 2 + 1e-9
    assert learning_rate(Smoothness(swapped(terms)), sketch, lora_alpha=lora_alpha, side="right") == known
    along, ends = smoothness_along(sketch, Q).L_H, spectrum(sketch)
    for eta in (0.1 * known.best, known.best, 1.5 * known.longest):
        step = step_gain(RACLoRA(sketch, eta, lora_alpha=lora_alpha), Q, along, ends)
        assert known.gain(eta) == step
        assert step.nu == pytest.approx(gain(eta), rel=1e-8)
        assert step.nu <= gain(eta) + 1e-14


@pytest.mark.parametrize("terms", [*SUMS.values(), IN_ALL_DIRECTIONS], ids=[*SUMS, "in all directions"])
def test_of_gaussian_entries_it_is_the_law(terms):
    """eta = r^2 / (lora_alpha^2 c), c = lambda_max((r + 1) Q + traces), nu = r/c, by a dense Q of all entries.

    Catches r for r + 1, the trace of the whole operator, and the power of r of another rule for lora_alpha.
    """
    Q = sum(np.kron(S, R) for S, R in terms)
    traces = sum(np.trace(S) * np.kron(np.eye(M), R) for S, R in terms)
    for r in (1, 2, 4):
        c = np.linalg.eigvalsh((r + 1) * Q + traces)[-1]
        known = learning_rate(Smoothness(terms), Gaussian(M, r), lora_alpha=3.0)
        assert learning_rate(Smoothness(swapped(terms)), Gaussian(M, r), lora_alpha=3.0, side="right") == known
        assert known.best <= r**2 / (9 * c) * (1 + 1e-12)
        assert known.nu <= r / c * (1 + 1e-12)
        if terms is not SUMS["columns of their own"]:
            assert known.best == pytest.approx(r**2 / (9 * c), rel=1e-11)
            assert known.longest == pytest.approx(2 * known.best, rel=1e-11)
            assert known.nu == pytest.approx(r / c, rel=1e-11)
        L = np.linalg.eigvalsh(Q)[-1]
        assert r**2 / (9 * L * (r + 1 + known.rho)) <= known.best * (1 + 1e-11)  # equal where one matrix decides


def test_a_sum_without_a_common_basis_has_the_law_of_L():
    """A bound from below still, as L I is more than Q. Catches the first term taken for the sum."""
    sketch = sketches.Rademacher(M, 2)
    known = learning_rate(Q := Smoothness(NO_COMMON_BASIS), sketch, lora_alpha=1.0)
    of_L = learning_rate(Smoothness.isotropic(Q.largest, (M, N)), sketch, lora_alpha=1.0)
    assert (known.best, known.nu) == pytest.approx((of_L.best, of_L.nu), rel=1e-12)
    assert known.nu <= true_gain(sketch, NO_COMMON_BASIS, 1.0)(known.best)


def test_gradient_descent_is_exact():
    """1/L, 2/L and 1/L, rounded down. Catches 2/L for the best, and a rounding up."""
    for q in (3.0, 7.0, 0.3):
        known = learning_rate(Smoothness([(np.diag([q, 0.1]), np.eye(2))]), None)
        for value, exact in ((known.best, 1), (known.nu, 1), (known.longest, 2)):
            assert Fraction(value) <= exact / Fraction(q)
            assert value == pytest.approx(exact / q, rel=1e-15)
        assert known.gain(2.5 / q).nu == pytest.approx((5 - 6.25) / q)  # uphill in the steep direction
    less = SimpleNamespace(L=7.75, smoothness=Smoothness([(np.diag([8.0, 0.1]), np.eye(2))]), shape=(2, 2))
    assert learning_rate(less, None).longest == pytest.approx(2 / 7.75, rel=1e-15, abs=0)  # Q is rounded up


@pytest.mark.parametrize("sketch", [Haar(M, 2), Coordinate(M, 1), WeightedCoordinate(M, 1, [0.6, 0.2, 0.1, 0.1])])
def test_the_projected_step_has_its_best_step(sketch):
    """Also as a plain step whose columns are orthonormal, then over (lora_alpha / r)^2. Catches L for L_H."""
    problem = Quadratic.left(OBLIQUE, np.ones((M, N)))
    projected = learning_rate(problem, sketch)
    assert (projected.best, projected.longest) == (best_step(problem, sketch), longest_step(problem, sketch))
    plain = learning_rate(problem, sketch, lora_alpha=3.0)
    scale = (3.0 / sketch.rank) ** 2
    assert (plain.best * scale, plain.longest * scale) == pytest.approx((projected.best, projected.longest), rel=1e-14)
    assert plain.best == rounded(Fraction(projected.best) / Fraction(scale), -math.inf)
    assert plain.nu == pytest.approx(projected.nu, rel=1e-12)
    assert projected.alpha == plain.alpha == learning_rate(problem, Gaussian(M, 1), lora_alpha=3.0).alpha == 0
    turned = Quadratic.kronecker(np.eye(N), OBLIQUE, np.ones((N, M)))
    assert learning_rate(turned, sketch, side="right").best == pytest.approx(projected.best, rel=1e-14)


@pytest.mark.parametrize("sketch", [Gaussian(10, 3), Haar(10, 3), Coordinate(10, 3)], ids=repr)
@pytest.mark.parametrize("lora_alpha", [None, 3.0, 7.0])
def test_what_is_promised_is_what_T15_promises(sketch, lora_alpha):
    """nu is that of the constants of a case with this learning rate: no other number is made up here."""
    problem = LeastSquares.diabetes()
    known = learning_rate(problem, sketch, lora_alpha=lora_alpha)
    constants = Constants.of(Case(RACLoRA(sketch, known.best, lora_alpha=lora_alpha), problem))
    assert known.nu == constants.nu
    for share in (0.9, 1.1):
        other = Constants.of(Case(RACLoRA(sketch, share * known.best, lora_alpha=lora_alpha), problem))
        assert other.nu == pytest.approx(known.nu * share * (2 - share), rel=1e-9)
    gd = learning_rate(problem, None)
    assert gd.nu == Constants.of(Case(GD(gd.best), problem)).nu


def test_every_shorter_one_gains():
    """In fractions, with the product that the step takes: below 2/c. Catches one rounded to nearest."""
    tops = np.random.default_rng(5).uniform(0.1, 9, 15)
    for lora_alpha, r, top in product((1.0, 3.0, 16.1, 1e-3), (1, 2, 3), tops):
        Q, scale = Smoothness([(np.diag([top, 0.05, 0.05]), np.eye(1))]), (lora_alpha / r) ** 2
        longest = learning_rate(Q, Gaussian(3, r), lora_alpha=lora_alpha).longest
        c = (r + 2) * Fraction(top) + 2 * Fraction(0.05)
        assert Fraction(math.nextafter(longest, 0) * scale) < 2 / c
        assert Fraction(longest) * Fraction(scale) <= 2 / c
        assert longest == pytest.approx(float(2 / c) / scale, rel=4e-15)


def test_the_effective_dimension_is_the_trace_over_the_largest():
    """By dense matrices, rounded up; in the law by hand. Catches the other side, the rank, a trace of both sides."""
    law = learning_rate(Smoothness(SUMS["one side"]), Gaussian(M, 2), lora_alpha=2.0)
    assert (law.best, law.rho) == pytest.approx((1 / (4 * (3 + 5.6 / 4)), 5.6 / 4), rel=1e-11)
    Q = Smoothness(SUMS["one term"])
    assert effective_dimension(Q, "left") == pytest.approx(5.6 / 4)
    assert effective_dimension(Q, "right") == pytest.approx(4.5 / 3)
    assert effective_dimension(Smoothness.isotropic(3.0, (5, 2)), "left") == 5
    digits = SoftmaxRegression.digits(l2=0.01)
    (S, R), _ = digits.smoothness.terms
    values = np.linalg.eigvalsh(S) * np.linalg.eigvalsh(R)[-1] + 0.01
    assert effective_dimension(digits.smoothness, "left") == pytest.approx(values.sum() / values.max(), rel=1e-9)
    for seed in range(20):
        top, rest = np.random.default_rng(seed).uniform(0.1, 1, 2)
        rho = effective_dimension(Smoothness([(np.diag([top, rest * top]), np.eye(1))]), "left")
        assert Fraction(rho) >= 1 + Fraction(rest * top) / Fraction(top)
    assert math.isnan(effective_dimension(Smoothness.isotropic(0.0, (2, 2)), "left"))
    alike = [Smoothness([(np.diag([1.0, share]), np.eye(1))]) for share in (0.5, 0.25, 0.5)]  # kept, by what they hold
    assert [effective_dimension(one, "left") for one in alike] == [1.5, 1.25, 1.5]
    with pytest.raises(ValueError, match="side must be"):
        effective_dimension(Q, "top")


def _as_vectors(terms):
    return [tuple(np.diagonal(F) if np.array_equal(F, np.diag(np.diagonal(F))) else F for F in term) for term in terms]


KINDS = (Gaussian, Haar, Coordinate, lambda d, rank: WeightedCoordinate(d, rank, weights=np.arange(1.0, d + 1)))


@pytest.mark.parametrize("terms", SUMS.values(), ids=SUMS)
def test_a_diagonal_as_a_vector_gives_the_numbers_of_the_matrix(terms):
    """By both routes, of every kind of sketch, from both sides. Catches a vector that is added to a matrix row by row,
    a trace or an eigenvalue of the wrong factor, and entries that are taken for a multiple of the identity."""
    dense, vectors = Smoothness(terms), Smoothness(_as_vectors(terms))
    assert any(factor.ndim == 1 for term in vectors.terms for factor in term)
    np.testing.assert_array_equal(vectors.dense, dense.dense)
    D = np.random.default_rng(2).standard_normal((3, M, N))
    np.testing.assert_allclose(vectors.times(D), dense.times(D), rtol=1e-14)
    for (side, d), make in product((("left", M), ("right", N)), KINDS):
        for lora_alpha in (None, 2.0):
            one, other = (learning_rate(Q, make(d, 2), lora_alpha=lora_alpha, side=side) for Q in (dense, vectors))
            for name in ("best", "longest", "nu", "rho"):
                assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-12)
            assert one.provenance == other.provenance
    assert dense.largest == pytest.approx(vectors.largest, rel=1e-14)


def test_what_is_unknown_is_said():
    """Catches a guess of 1/L, and a gain of a sketch that leaves a direction alone."""
    Q = Smoothness(SUMS["one side"])
    unknown = learning_rate(Q, sketches.Uniform(M, 2), lora_alpha=1.0)
    assert all(map(math.isnan, (unknown.best, unknown.longest, unknown.nu, unknown.gain(0.1).nu)))
    assert unknown.provenance == "unknown for this sketch"
    still = FiniteSupport(np.zeros((1, M, 2)), [1.0])  # by which nothing is seen, nor moved
    for sketch, lora_alpha in product((sketches.Frozen(np.eye(M)[:, :2]), still), (None, 1.0)):
        never = learning_rate(Q, sketch, lora_alpha=lora_alpha)
        assert math.isnan(never.best)
        assert never.nu == 0
        assert never.provenance == "no learning rate is known to gain in all directions"
    flat = learning_rate(Smoothness.isotropic(0.0, (M, N)), Gaussian(M, 1), lora_alpha=1.0)
    assert flat.best == flat.longest == flat.nu == math.inf
    with pytest.raises(ValueError, match="lora_alpha must be None without a sketch"):
        learning_rate(Q, None, lora_alpha=2.0)
    with pytest.raises(ValueError, match=r"sketch.dim must be m=4"):
        learning_rate(Q, Gaussian(3, 1))
    with pytest.raises(ValueError, match="problem must be a problem with its constants"):
        learning_rate(OBLIQUE, Gaussian(M, 1))


def test_what_is_sampled_is_at_the_level_that_is_told():
    """L_H and lambda_min share 1/1000, each of draws of its own, the same for a seed. Catches a level left out."""
    own = WithoutClaims(Gaussian(M, 2))
    Q = Smoothness(SUMS["one side"])
    known = learning_rate(Q, own, rng=0)
    along = smoothness_along(own, Q, alpha=5e-4, rng=child(seed_sequence(0), 2))
    ends = spectrum(own, alpha=5e-4, rng=0)
    assert known.alpha == along.alpha + ends.alpha == 1e-3
    assert known.best == rounded(1 / Fraction(along.L_H), -math.inf)
    assert known.nu == pytest.approx(known.best * ends.lambda_min, rel=1e-12, abs=0)
    true = learning_rate(Q, Haar(M, 2))  # the same law
    assert 0.9 * true.nu <= known.nu <= true.nu
    assert true.alpha == learning_rate(Q, sketches.Uniform(M, 2), lora_alpha=1.0).alpha == 0


def test_it_can_be_sent():
    known = learning_rate(Smoothness(SUMS["one side"]), Gaussian(M, 2), lora_alpha=1.0)
    again = pickle.loads(pickle.dumps(known))
    assert again == known
    assert again.gain(0.1) == known.gain(0.1)
    assert repr(known).endswith(f"provenance={known.provenance!r})")
    unknown = learning_rate(Smoothness(SUMS["one side"]), sketches.Uniform(M, 2), lora_alpha=1.0)
    assert pickle.loads(pickle.dumps(unknown)) == unknown  # nan is nan
