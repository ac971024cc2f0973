"""Matrix smoothness: what a ``Smoothness`` is, and whether that of each problem is above every Hessian, and no more.

Second routes are Hessians by differences of gradients, formulas at the place of most curvature, and Fractions.
"""

import math
import pickle
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

from rac_theory import problems
from rac_theory.numerics.eigenvalues import extreme_eigenvalues, identity
from rac_theory.problems import (
    Federated,
    FromFunctions,
    LeastSquares,
    LogisticRegression,
    NonconvexLogistic,
    PLSine,
    Quadratic,
    Smoothness,
    SoftmaxRegression,
)
from rac_theory.problems.mean import Mean, mean_smoothness
from rac_theory.problems.relu_network import ReLUNetwork
from rac_theory.problems.smoothness import (
    LARGEST_SIDE,
    _largest_of_sum,
    isotropic_or_none,
    known_smoothness,
    smoothness_of,
)
from tests.as_one_test import as_one_test
from tests.problems.exact import exact, hessian, is_below_all_eigenvalues
from tests.problems.test_every_problem import EVERY

RNG = np.random.default_rng(77)
X, THREE = RNG.normal(size=(15, 4)) * [1.0, 3.0, 0.5, 1.0], np.arange(15) % 3
S, R = np.array([[2.0, 1.0], [1.0, 3.0]]), np.diag([1.0, 0.0, 5.0])
TWO_TERMS = Smoothness([(S, R), (np.eye(2), 0.5 * np.eye(3))])

SMOOTH = {name: problem for name, problem in EVERY.items() if getattr(problem, "smoothness", None)}


def least(M):
    """The smallest eigenvalue of a matrix that is symmetric but for rounding."""
    return float(np.linalg.eigvalsh((M + M.T) / 2)[0])


def differences(problem, W, h=1e-5):
    """The Hessian at W on its entries row by row, (m n, m n), by central differences of the gradient."""
    steps = h * np.eye(W.size).reshape(-1, *W.shape)
    return ((problem.gradient(W + steps) - problem.gradient(W - steps)) / (2 * h)).reshape(W.size, W.size)


def test_times_is_the_sum_of_products():
    """Catches R from the left, a term left out, and a multiple of the identity that is taken for the identity."""
    D = RNG.normal(size=(5, 2, 3))
    np.testing.assert_allclose(TWO_TERMS.times(D), [S @ V @ R + V / 2 for V in D])
    dense = np.kron(S, R) + np.eye(6) / 2
    np.testing.assert_allclose(TWO_TERMS.dense, dense)
    np.testing.assert_allclose(TWO_TERMS.times(D).reshape(5, 6), D.reshape(5, 6) @ dense)
    assert TWO_TERMS.times(D[0]).shape == TWO_TERMS.shape == (2, 3)
    s, r = np.array([2.0, 3.0]), np.array([1.0, 0.5, 4.0])  # diagonals, beside which there is nothing
    for terms in ([(s, r)], [(np.diag(s), r)], [(s, np.diag(r))]):
        np.testing.assert_allclose(Smoothness(terms).times(D), s[:, None] * D * r)
    with pytest.raises(ValueError, match=r"D must have shape \(\.\.\., 2, 3\), got \(3, 2\)"):
        TWO_TERMS.times(np.ones((3, 2)))


def test_the_largest_is_that_of_the_sum_where_factors_are_shared():
    """Catches the sum of the largest of each term, which is 8.6 for blocks and 2 where a factor is shared."""
    high = (5 + math.sqrt(5)) / 2
    assert Smoothness([(S, R)]).largest == pytest.approx(5 * high, rel=1e-13)
    assert TWO_TERMS.largest == pytest.approx(5 * high + 0.5, rel=1e-13)
    blocks = Smoothness([(S, np.diag([1.0, 0, 0])), (5 * np.eye(2), np.diag([0, 1.0, 1.0]))])
    assert blocks.largest == pytest.approx(5.0, rel=1e-13)
    apart = Smoothness([(np.diag([1.0, 0]), np.eye(3)), (np.diag([0, 1.0]), np.eye(3))])
    assert apart.largest == pytest.approx(1.0, rel=1e-13)
    assert Smoothness.isotropic(8.0, (3, 2)).largest == 8.0
    with pytest.raises(ValueError, match="L must be a finite number >= 0, got -1"):
        Smoothness.isotropic(-1.0, (2, 2))


def test_the_largest_is_never_below_the_truth():
    """Random sums of low rank. Catches a bound that takes the largest term, or is not raised for what LAPACK rounds.

    Diagonal factors have exact eigenvalues: catches their product rounded to nearest. Those of singular ones are
    rounded to either side of zero: catches a check that leaves no room for that.
    """
    for _ in range(50):
        terms = []
        for size in (1, 2, 3):
            A, B = RNG.normal(size=(4, size)), RNG.normal(size=(3, 2))
            terms.append((A @ A.T + 1e-12 * np.eye(4), B @ B.T + 1e-12 * np.eye(3)))
        for Q in (Smoothness(terms), Smoothness(terms[:1])):
            true = np.linalg.eigvalsh(Q.dense)[-1]
            assert true <= Q.largest <= sum(Smoothness([term]).largest for term in Q.terms) * (1 + 1e-12)
    for s, r in RNG.uniform(0.1, 1, (40, 2)).tolist():
        largest = Smoothness([([[s]], [[r]])]).largest
        assert Fraction(math.nextafter(largest, 0)) < Fraction(s) * Fraction(r) <= Fraction(largest)
    for size in range(2, 12):
        assert Smoothness([(np.ones((size, size)), np.eye(2))]).largest == pytest.approx(size)


def test_what_a_sum_is_raised_by():
    """In eps, by hand: 3 of each term and 8 of all; where R is singular what LAPACK may see below zero, too.

    Catches each number that is another, and a sum that is lowered. A mean is raised by six of each of its terms.
    """
    eps = Fraction(1, 2**52)
    assert Smoothness([([1.0], [1.0])] * 2).largest == 2 + 22 * eps
    assert Smoothness([([2.0], [4.0])] * 2).largest == 16 + 176 * eps
    terms = [(np.array([1.0, 3.0]), np.ones((2, 2))), (np.array([2.0, 1.0]), np.array([[2.0, 1.0], [1.0, 0.5]]))]
    both = []
    for pairs in (terms, [(R, S) for S, R in terms]):
        low, high = zip(*(map(Fraction, extreme_eigenvalues(S)) for S, _ in pairs), strict=True)
        sizes = [Fraction(float(np.linalg.norm(R))) for _, R in pairs]
        below = [max(-Fraction(extreme_eigenvalues(R)[0]), Fraction(0)) for _, R in pairs]
        total = sum(
            float(h) * np.diag(R) if R.ndim == 1 else float(h) * R for h, (_, R) in zip(high, pairs, strict=True)
        )
        slack = sum((h - l) * b + 3 * eps * h * r for h, l, b, r in zip(high, low, below, sizes, strict=True))
        both.append((Fraction(extreme_eigenvalues(total)[1]) + slack) * (1 + 8 * eps))
    assert abs(Fraction(Smoothness(terms).largest) / min(both) - 1) < 2 * eps
    assert mean_smoothness([Smoothness([([[2.0]], [[1.0]])])], (1,)).terms[0][0] == 2 + 12 * eps
    below = _largest_of_sum([(np.diag([1.0, 3.0]), np.diag([-0.25, 1.0]))])
    assert below == pytest.approx(3 + (3 - 1) * 0.25, rel=1e-13)


@as_one_test(
    ("terms", "message"),
    [
        ([], r"terms must have at least one pair \(S, R\), got \[\]"),
        (3, r"terms must be a sequence of pairs \(S, R\) of matrices, got 3"),
        ([S], r"terms must be a sequence of pairs \(S, R\) of matrices"),
        ([(S, np.ones((2, 3)))], r"terms\[0\]\[1\] must be square, got shape \(2, 3\)"),
        ([(S, R), ([[1.0, 2], [0, 1]], R)], r"terms\[1\]\[0\] must be symmetric, got entries that differ .* 2"),
        ([([1.0, -1e-9], R)], r"terms\[0\]\[0\] must be positive semidefinite, got eigenvalue -1e-09"),
        ([(1.0, R)], r"terms\[0\]\[0\] must have 2 axes, got shape \(\)"),
        ([(S, -R)], r"terms\[0\]\[1\] must be positive semidefinite, got eigenvalue -5 .* add a multiple"),
        ([(np.diag([1.0, math.nan]), R)], r"terms\[0\]\[0\] must be finite, got 1 nan"),
        ([(S, R), (R, S)], r"terms must be of one shape \(m, n\): terms\[0\] is for \(2, 3\), terms\[1\] for \(3, 2\)"),
    ],
)
def test_what_is_no_smoothness_is_refused(terms, message):
    with pytest.raises(ValueError, match=message):
        Smoothness(terms)


def test_it_is_a_value():
    """Catches arrays of the user's that are kept, and those that can be written to, also after a pickle."""
    mine = S.copy()
    Q = Smoothness([(mine, R)])
    mine[0, 0] = 9.0
    assert Q == Smoothness([(S, R)]) == pickle.loads(pickle.dumps(Q)) != TWO_TERMS
    for copy in (Q, pickle.loads(pickle.dumps(Q)), Smoothness.isotropic(1.0, (2, 3)), EVERY["logistic"].smoothness):
        assert not any(factor.flags.writeable for factor in copy.terms[0])


@pytest.mark.parametrize("problem", SMOOTH.values(), ids=SMOOTH.keys())
def test_no_hessian_is_above_it_nor_is_it_above_L(problem):
    """Catches a factor that is too small, factors that are swapped, a transposed vec, and a penalty left out; softmax
    without its 1/2, and a slack that is more than rounding.
    """
    Q, rng = problem.smoothness, np.random.default_rng(3)
    assert Q.shape == problem.shape
    assert Q.largest <= problem.L * (1 + 1e-9)
    assert "smoothness" in problem.provenance
    for scale in (0, 0.1, 1, 1, 3, 3):
        W = scale * rng.normal(size=problem.shape)
        assert least(Q.dense - differences(problem, W)) >= -1e-6 * problem.L


ATTAINED = ["logistic, ridge", "logistic, sparse", "softmax, two classes", "nonconvex", "PL sine", "left"]
ATTAINED += ["left singular", "kronecker", *(name for name in EVERY if "least squares" in name)]


def test_it_is_attained():
    """At zero every class is as likely, and penalties and sines curve most; a quadratic has its Hessian everywhere.

    Three classes at ``p = (1/2, 1/2, 0)`` along ``(1, -1, 0)``. Catches each constant that is larger, and a bound of
    softmax that is above Boehning's.
    """
    for name in ATTAINED:
        problem = EVERY[name]
        H = differences(problem, np.zeros(problem.shape))
        np.testing.assert_allclose(problem.smoothness.dense, H, atol=1e-6 * problem.L, err_msg=name)
    problem = SoftmaxRegression([[1.0], [1.0], [1.0]], [0, 1, 2])
    D = np.array([[1.0, -1.0, 0.0]])
    seen = problem.hessian(np.array([[0.0, 0.0, -60.0]]))(D)
    np.testing.assert_allclose(problem.smoothness.times(D), seen, atol=1e-15)
    np.testing.assert_allclose(seen, D / 2)


@as_one_test(("kind", "l2"), [(np.array, 1 / 3), (sparse.csr_array, 0.0)])
def test_factors_are_symmetric(kind, l2):
    """To the last digit, in every order of memory. Catches products of features that are not."""
    features = np.asfortranarray(np.random.default_rng(5).normal(size=(50, 7)))
    for S, R in SoftmaxRegression(kind(features), np.arange(50) % 7, l2).smoothness.terms:
        np.testing.assert_array_equal(S, S.T)
        np.testing.assert_array_equal(R, R.T)


@pytest.mark.parametrize(("kind", "l2"), [(np.array, 0.0), (np.array, 1 / 3), (sparse.csr_array, 1 / 3)])
def test_what_is_stored_is_not_below_the_truth(kind, l2):
    """By elimination in Fractions. Catches X'X / N, a penalty or ``I - 11'/k`` that is taken as it is rounded."""
    for seed in range(3):
        features = np.random.default_rng(seed).normal(size=(9, 2)) / 3
        data, labels = kind(features), np.arange(9) % 3
        for problem, curvature, penalty in (
            (LeastSquares(data, np.ones(9), l2), Fraction(1), Fraction(l2)),
            (LogisticRegression(data, labels > 0, l2), Fraction(1, 4), Fraction(l2)),
            (NonconvexLogistic(data, labels > 0, l2 + 0.1), Fraction(1, 4), 2 * Fraction(l2 + 0.1)),
            (SoftmaxRegression(data, labels, l2), Fraction(1, 2), Fraction(0)),
        ):
            stored, true = exact(problem.smoothness.terms[0][0]), hessian(features, penalty, curvature)
            assert is_below_all_eigenvalues(0, stored - true)
    for k in range(2, 12):
        R = exact(SoftmaxRegression(np.ones((k, 1)), np.arange(k)).smoothness.terms[0][1])
        assert is_below_all_eigenvalues(0, R - (np.eye(k, dtype=int) - Fraction(1, k)))


def test_a_mean_is_not_below_the_truth():
    """Catches a mean of three that is taken as it is rounded, and a sum that is not divided."""
    for _ in range(20):
        parts = [Smoothness([([[s]], [[1.0]])]) for s in RNG.uniform(0.1, 1, 3).tolist()]
        true = sum(Fraction(part.terms[0][0][0, 0]) for part in parts) / 3
        [(mean, _)] = mean_smoothness(parts, (1, 1, 1)).terms
        assert true <= Fraction(mean[0, 0]) <= true * (1 + Fraction(1, 10**14))
    apart = [Smoothness([(S, R)]), TWO_TERMS, Smoothness([(S, np.eye(3))])]
    np.testing.assert_allclose(
        mean_smoothness(apart, (1, 1, 1)).dense, sum(part.dense for part in apart) / 3, atol=1e-12
    )


def test_clients_have_the_mean_of_theirs():
    """Catches clients that weigh by their rows, and as many terms as there are clients."""
    whole = SoftmaxRegression(X, THREE, l2=0.1)
    assert Federated(whole, 3).smoothness == whole.smoothness
    uneven = Federated(whole, [[0, 1, 2, 3], [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]])
    mean = sum(client.smoothness.dense for client in uneven.clients) / 2
    np.testing.assert_allclose(uneven.smoothness.dense, mean, atol=1e-12)
    assert len(uneven.smoothness.terms) == 2
    assert uneven.smoothness.largest <= uneven.L * (1 + 1e-9)
    W = RNG.normal(size=(4, 3))
    assert least(uneven.smoothness.dense - differences(uneven, W)) >= -1e-6


def test_terms_that_say_nothing_have_L_I_or_none():
    """Catches an unknown term that is passed over, and a member that is asked of whoever has none.

    An L of no size says nothing: catches constants that can no longer be had, as an L is declared that is infinite.
    """
    known, unknown = (FromFunctions((2, 2), np.sum, np.ones_like, L=L) for L in (3.0, math.nan))
    bare = SimpleNamespace(shape=(2, 2), L=5.0)
    assert smoothness_of(bare) == Smoothness.isotropic(5.0, (2, 2))
    assert mean_smoothness([known.smoothness, smoothness_of(bare)], (1, 1)).largest == pytest.approx(4.0)
    assert Mean([known, known]).smoothness.largest == pytest.approx(3.0)
    assert Mean([known, unknown]).smoothness is unknown.smoothness is None
    assert ReLUNetwork(X, THREE, hidden=2, classes=3).smoothness is None
    for L in (math.nan, math.inf, math.nextafter(1e75, 1e76), math.nextafter(1e-75, 0)):
        assert isotropic_or_none(L, (2, 1)) is None
    assert [isotropic_or_none(some, (2, 1)).largest for some in (0.0, 1e-75, 1e75)] == [0, 1e-75, 1e75]
    with pytest.raises(ValueError, match="problem must know its smoothness or its L, got L="):
        known_smoothness(unknown)
    assert known_smoothness(PLSine((2, 1))).largest == 8


def test_a_member_that_is_none_is_named():
    """Else a problem of one's own fails somewhere below, or is told that its sketch has the wrong side."""
    for member, message in (
        (3.0, r"problem.smoothness must be a Smoothness, or None where it is unknown, got 3\.0"),
        (Smoothness.isotropic(1.0, (3, 2)), r"problem.smoothness must be for W of shape \(2, 2\), got \(3, 2\)"),
    ):
        with pytest.raises(ValueError, match=message):
            smoothness_of(SimpleNamespace(shape=(2, 2), L=5.0, smoothness=member))


def test_functions_may_come_with_theirs():
    """Catches a smoothness of another shape, one that the repr does not tell apart, and a source that is not named."""
    own = Smoothness([(S, np.eye(1))])
    given = FromFunctions((2, 1), np.sum, np.ones_like, L=4.0, smoothness=own)
    plain = FromFunctions((2, 1), np.sum, np.ones_like, L=4.0)
    assert given.smoothness == own
    assert plain.smoothness == Smoothness.isotropic(4.0, (2, 1))
    assert (given.provenance["smoothness"], plain.provenance["smoothness"]) == ("given by the user", "L I")
    assert repr(given) != repr(plain)
    with pytest.raises(ValueError, match=r"smoothness must be for matrices of shape \(1, 2\), got \(2, 1\)"):
        FromFunctions((1, 2), np.sum, np.ones_like, smoothness=own)
    with pytest.raises(ValueError, match=r"smoothness must be a Smoothness, got 4\.0"):
        FromFunctions((1, 2), np.sum, np.ones_like, smoothness=4.0)


def test_a_hessian_in_blocks_is_kept_and_another_is_not():
    """Columns that do not meet, rows that do not, and both that do. Catches blocks read the other way round."""
    A, B = S, np.array([[4.0, -1.0], [-1.0, 1.0]])
    columns = np.kron(A, np.diag([1.0, 0])) + np.kron(B, np.diag([0, 1.0]))
    rows = np.kron(np.diag([1.0, 0]), A) + np.kron(np.diag([0, 1.0]), B)
    for Q in (columns, rows, np.diag([1.0, 2, 0, 4])):
        problem = Quadratic.full(Q, np.ones((2, 2)))
        np.testing.assert_array_equal(problem.smoothness.dense, Q)
        assert problem.smoothness.largest <= problem.L * (1 + 1e-9)
        assert problem.provenance["smoothness"] == "Q itself"
    for W_star in (np.ones((4, 1)), np.ones((1, 4))):
        np.testing.assert_array_equal(Quadratic.full(columns + rows, W_star).smoothness.dense, columns + rows)
    meeting = Quadratic.full(columns + rows, np.ones((2, 2)))
    assert meeting.smoothness == Smoothness.isotropic(meeting.L, (2, 2))
    assert meeting.provenance["smoothness"].startswith("L I")


def test_wide_features_have_no_product_formed_and_an_identity_takes_no_room(monkeypatch):
    """X'X would take 2 GB, the other 8 TB. Catches a product of features that does not look first."""
    assert identity(1_000_000, 3.0).shape == (1_000_000,)
    assert PLSine((1_000_000, 1)).smoothness.shape == (1_000_000, 1)
    wide = sparse.csr_array((np.ones(3), ([0, 1, 2], [0, 5, 7])), shape=(3, 16_000))
    problem = LogisticRegression(wide, [0, 1, 0])
    monkeypatch.setattr(problems.linear_model, "gram_of_columns", lambda X: pytest.fail("X'X was formed"))
    for wide in (problem, Federated(problem, [[0, 1], [2]])):
        assert wide.smoothness.shape == (16_000, 1)
        assert wide.smoothness.terms[0][0][3] == wide.L
        assert f"longer than {LARGEST_SIDE}" in wide.provenance["smoothness"]


@pytest.mark.parametrize("name", ["least squares", "nonconvex", "softmax, ridge"])
def test_the_longest_side_decides(name, monkeypatch):
    """Of three rows and one, two or three columns. Catches the shorter side, and one that is too long by itself."""
    one = EVERY[name]
    mean = Mean([one, one.subset([0, 1, 2, 3])])
    for side, is_known in ((3, True), (2, False)):
        for module in (problems.linear_model, problems.mean):
            monkeypatch.setattr(module, "LARGEST_SIDE", side)
        for problem in (one.subset(range(9)), mean):
            assert (problem.smoothness != Smoothness.isotropic(problem.L, problem.shape)) is is_known
            assert ("longer than" not in problem.provenance["smoothness"]) is is_known
