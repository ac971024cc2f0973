"""The check of averages of clients: right ones pass for every seed, and each fault is named. No chance is involved."""

import numpy as np
import pytest

from rac_theory.testing import check_federated
from rac_theory.testing.trainers.check_federated import _cause
from tests.testing.failing import refuted


def shares(weights):
    return weights / weights.sum()


def product(factors, weights):
    """The mean of the products."""
    return sum(w * B @ A for w, (B, A) in zip(shares(weights), factors, strict=True))


def stacked(factors, weights):
    """FLoRA: factors side by side, B with the weights."""
    B = np.hstack([w * B for w, (B, _) in zip(shares(weights), factors, strict=True)])
    return B, np.vstack([A for _, A in factors])


def one_by_one(factors, weights):
    """FedIT: the mean of each factor."""
    w = shares(weights)
    return np.tensordot(w, [B for B, _ in factors], 1), np.tensordot(w, [A for _, A in factors], 1)


RIGHT = {
    "product": (product, {}),
    "stacked": (stacked, {}),
    "single": (lambda *a: tuple(factor.astype(np.float32) for factor in stacked(*a)), {}),
    "unequal ranks": (stacked, {"ranks": (1, 4, 2)}),
    "scaled": (lambda *a: 2 * product(*a), {"scale": 2.0}),
    "half precision": (lambda *a: product(*a).astype(np.float16), {}),
    "one factor in half precision": (lambda *a: (stacked(*a)[0].astype(np.float16), stacked(*a)[1]), {}),
    "two rows": (product, {"shapes": [(2, 5)]}),
    "A is frozen": (one_by_one, {"shared": "A"}),
    "B is frozen": (one_by_one, {"shared": "B"}),
}


def typo(factors, weights):
    """The loop writes its sum to another name."""
    w = shares(weights)
    B, A = (w[0] * factor for factor in factors[0])
    for i in range(1, len(factors)):
        B_sum, A_sum = B + w[i] * factors[i][0], A + w[i] * factors[i][1]  # noqa: F841
    return B, A


def truncated(factors, weights, rank=None):
    """The best approximation of a rank, by default that of the clients."""
    U, s, V = np.linalg.svd(product(factors, weights))
    r = rank or factors[0][0].shape[1]
    return U[:, :r] * s[:r], V[:r]


def stacked_twice(factors, weights):
    """Both factors with the weights."""
    w = shares(weights)
    B = np.hstack([w * B for w, (B, _) in zip(w, factors, strict=True)])
    return B, np.vstack([w * A for w, (_, A) in zip(w, factors, strict=True)])


WRONG = {
    "one by one": (one_by_one, {}, r"off by 0\.\d+ of its norm: it is mean\(B\) mean\(A\): factors are averaged one"),
    "unweighted": (lambda f, w: product(f, np.ones(len(f))), {}, "the weights are ignored"),
    "not normalised": (lambda f, w: sum(w) * product(f, w), {}, "the weights are not divided by their sum"),
    "summed": (lambda f, w: len(f) * product(f, np.ones(len(f))), {}, "the products are summed, without weights"),
    "typo": (typo, {}, "the first client alone is returned, times its weight in each factor"),
    "first": (lambda f, w: f[0], {}, "the first client alone is returned"),
    "last": (lambda f, w: f[-1], {}, "the last client alone is returned"),
    "truncated": (truncated, {}, "it is the best approximation of rank 3"),
    "stacked twice": (stacked_twice, {}, "each factor has the weight, which is squared then"),
    "half weighted": (
        lambda f, w: (np.mean([B for B, _ in f], axis=0), one_by_one(f, w)[1]),
        {},
        "factors are averaged one by one, B without the weights",
    ),
    "A half weighted, scaled": (
        lambda f, w: 2 * one_by_one(f, w)[0] @ np.mean([A for _, A in f], axis=0),
        {"scale": 2.0},
        "one by one, A without the weights",
    ),
    "neither divided, scaled": (
        lambda f, w: 0.01 * sum(w) ** 2 * np.matmul(*one_by_one(f, w)),
        {"scale": 0.01},
        "one by one, and weights are not divided by their sum",
    ),
    "one by one, scaled": (lambda f, w: 0.01 * np.matmul(*one_by_one(f, w)), {"scale": 0.01}, "averaged one by one,"),
    "first, weighted": (lambda f, w: shares(w)[0] * f[0][0] @ f[0][1], {}, "is returned, times its weight, at"),
    "of rank one": (lambda f, w: truncated(f, w, 1), {}, "the best approximation of rank 1"),
    "three axes": (lambda f, w: (stacked(f, w)[0][..., None], stacked(f, w)[1]), {}, r"must return B, \(m, r\), and"),
    "unweighted, one by one": (lambda f, w: one_by_one(f, np.ones(len(f))), {}, "one by one, without the weights"),
    "scale": (product, {"scale": 2.0}, "it is 0.5 times that, is a scale missing"),
    "sorted weights": (
        lambda f, w: product(f, np.sort(w)),
        {},
        r"must be the mean of the products B A: for 4 clients, a tall matrix, 12 x 8, it is off",
    ),
    "transposed": (lambda f, w: product(f, w).T, {}, "must return B and A, or their product"),
    "swapped": (lambda f, w: one_by_one(f, w)[::-1], {"shared": "A"}, r"must return B, \(m, r\), and A, \(r, n\)"),
    "one rank only": (one_by_one, {"ranks": (1, 4, 2)}, "must handle 3 clients: .* it raised ValueError"),
}


@pytest.mark.parametrize(("aggregate", "declared"), RIGHT.values(), ids=RIGHT)
def test_right_ones_pass_for_every_seed(aggregate, declared):
    for seed in range(10):
        check_federated(aggregate, rng=seed, **declared)


def test_clients_are_asked_with_counts_shares_and_alone():
    """Each call has its own weights: catches an order that is turned for clients or weights alone, and sums."""
    asked = []
    check_federated(lambda f, w: asked.append((f, w)) or product(f, w), shapes=[(3, 2)], ranks=(1, 2, 1))
    (first, counts), (_, parts), (backwards, turned), (_, ones), (_, equal), (alone, one) = asked
    assert sorted(counts) == [10, 20, 30]
    np.testing.assert_allclose(parts, counts / 60)
    np.testing.assert_array_equal(turned, counts[::-1])
    assert all(np.array_equal(f[0], g[0]) for f, g in zip(first, backwards[::-1], strict=True))
    assert (ones.tolist(), len(alone), one.tolist()) == ([1, 1, 1], 1, [7])
    np.testing.assert_allclose(equal, 1 / 3)
    check_federated(stacked, ranks=(1, 4))
    for shared, which in (("A", 1), ("B", 0)):
        asked.clear()
        check_federated(lambda f, w: asked.append(f) or product(f, w), shapes=[(3, 2)], shared=shared)
        factors = [client[which] for client in asked[0]], [client[1 - which] for client in asked[0]]
        assert [all(np.array_equal(some[0], one) for one in some) for some in factors] == [True, False]


@pytest.mark.parametrize(("aggregate", "declared", "sentence"), WRONG.values(), ids=WRONG)
def test_each_fault_is_named(aggregate, declared, sentence):
    refuted(sentence, check_federated, aggregate, **declared)


def test_the_number_is_that_of_the_formula():
    """Catches a norm of the wrong matrix: the part is computed again from the witness."""
    caught = refuted("one by one", check_federated, one_by_one)
    found, expected = (caught.witness[name] for name in ("found", "expected"))
    part = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    assert f"off by {part:.2g} of its norm" in str(caught)


def test_declarations_are_checked():
    for given, message in (
        ({"shared": "C"}, "shared must be 'A', 'B' or None, got 'C'"),
        ({"ranks": (3,)}, "ranks must be those of two clients or more"),
        ({"ranks": (3, 2), "shared": "A"}, "equal if a factor is shared"),
    ):
        with pytest.raises(ValueError, match=message):
            check_federated(product, **given)


def test_small_products_are_near_to_no_fault_for_their_size():
    """Three times the right one, of matrices of a millionth."""
    rng = np.random.default_rng(0)
    factors = [(1e-3 * rng.standard_normal((4, 2)), 1e-3 * rng.standard_normal((2, 3))) for _ in range(3)]
    weights, products = np.array([10.0, 20, 30]), [B @ A for B, A in factors]
    said = _cause(3 * product(factors, weights), factors, products, weights, 1.0)
    assert said.startswith(": it is 3 times that")
