"""check_federated: whether adapters of clients are averaged as products, with their weights."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import numpy as np

from rac_theory.base.checks import Array, finite, integer
from rac_theory.testing.failures import Refuted
from rac_theory.testing.trainers.arrays import FORMATS, read
from rac_theory.testing.trainers.check_projector import called

_ROUNDINGS = 64.0  # of the sum of the sizes of all products
_SAME = 1e-3  # of the norm, that a fault may be off by, to be called by its name
_SHAPES = ((12, 8), (8, 12), (10, 10))

Factors = list[tuple[Array, Array]]


def check_federated(
    aggregate: Callable[[Any, Any], Any],
    *,
    shared: Literal["A", "B"] | None = None,
    scale: float = 1.0,
    ranks: Sequence[int] = (3, 3, 3, 3),
    shapes: Sequence[tuple[int, int]] = _SHAPES,
    rng: int = 0,
) -> None:
    r"""Raise ``Refuted``, an ``AssertionError`` of one sentence, if clients are not averaged as products.

    What comes back must be :math:`\sum_i w_i B_i A_i / \sum_i w_i`, for tall, wide and square matrices, for weights
    that are equal, that are not, and that are counts of examples, for a single client, and for clients in another
    order.

    Parameters
    ----------
    aggregate : function of factors and weights
        Factors are a list of (B, A), (m, r) and (r, n), float64 of NumPy; weights an array of positive numbers,
        (clients,). Returns (B, A) or the product, (m, n), of any library.
    shared : "A", "B" or None
        The factor that all clients have in common, as A in FFA-LoRA: the mean of the other is exact then.
    scale : float
        The scaling alpha/r of the adapters, if ``aggregate`` multiplies the product by it, > 0.
    ranks : sequence of int
        The rank of each client; unequal ones where they are supported.
    shapes : sequence of shapes
    rng : int
        Seed of the factors.

    Raises
    ------
    Refuted
        With the part of the norm by which it is off, and the fault that makes it so, where one is known.

    Notes
    -----
    No chance is involved: what is right passes for every seed. A relative error below 4e-6 is taken for rounding.

    Where it went wrong: FedIT averages factor by factor, and the mean of products is not the product of means
    (FedEx-LoRA, arXiv:2410.09432, abstract seen); the mean of all clients went to a misspelt name, so that the first
    client was returned (ATP-1010/FederatedLLM, fed_utils/model_aggregation.py, seen); the sizes of clients were not
    used (jmbian/LoRA-FAIR, issue 2, seen); B was averaged without the weights that A was (huggingface/peft, issue 1155,
    seen).

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.testing import Refuted, check_federated
    >>> def aggregate(factors, weights):
    ...     share = weights / weights.sum()
    ...     return sum(w * B for w, (B, _) in zip(share, factors)), sum(w * A for w, (_, A) in zip(share, factors))
    >>> check_federated(aggregate, shared="A")
    >>> try:
    ...     check_federated(aggregate)
    ... except Refuted as error:
    ...     print(str(error).partition(": for")[0])
    ...     print(str(error).partition("12 x 8, ")[2].partition(", at")[0])
    aggregate must be the mean of the products B A
    it is off by 0.65 of its norm: it is mean(B) mean(A): factors are averaged one by one
    """
    finite("scale", scale, above=0)
    ranks = [integer("ranks", rank, 1) for rank in ranks]
    if shared not in (None, "A", "B"):
        raise ValueError(f"shared must be 'A', 'B' or None, got {shared!r}")
    if len(ranks) < 2 or (shared and len(set(ranks)) > 1):
        raise ValueError(f"ranks must be those of two clients or more, and equal if a factor is shared, got {ranks}")
    for m, n in shapes:
        for factors, weights in _cases((m, n), ranks, shared, rng):
            _check(aggregate, factors, weights, scale)


def _cases(
    shape: tuple[int, int], ranks: Sequence[int], shared: str | None, seed: int
) -> Iterator[tuple[Factors, Array]]:
    """Yield clients and weights: counts of examples first, which show most."""
    m, n = shape
    rng = np.random.default_rng([seed, m, n])
    factors = [(rng.standard_normal((m, r)), rng.standard_normal((r, n))) for r in ranks]
    if shared is not None:
        B, A = factors[0]
        factors = [(B_i, A) if shared == "A" else (B, A_i) for B_i, A_i in factors]
    counts = rng.permutation(np.arange(1.0, len(ranks) + 1)) * 10
    yield factors, counts
    yield factors, counts / counts.sum()
    yield factors[::-1], counts[::-1].copy()
    yield factors, np.ones(len(ranks))
    yield factors, np.full(len(ranks), 1 / len(ranks))
    yield factors[:1], np.array([7.0])


def _check(aggregate: Callable[[Any, Any], Any], factors: Factors, weights: Array, scale: float) -> None:
    clients = f"{len(factors)} client{'s' * (len(factors) > 1)}"
    shape = factors[0][0].shape[0], factors[0][1].shape[1]
    where = f"for {clients}, {called(shape).replace('gradient', 'matrix')}"
    copies = [(B.copy(), A.copy()) for B, A in factors]
    try:
        given = aggregate(copies, weights.copy())
    except Exception as error:
        raise Refuted(f"aggregate must handle {clients}: {where} it raised {type(error).__name__}: {error}") from error
    product, unit = _product(given, where)
    if product.shape != shape:
        raise Refuted(f"aggregate must return B and A, or their product: {where} it has shape {product.shape}")
    share = weights / weights.sum()
    products = [scale * B @ A for B, A in factors]
    exact = _sum(share, products)
    size = sum(w * float(np.linalg.norm(B) * np.linalg.norm(A)) for w, (B, A) in zip(share, factors, strict=True))
    off = float(np.linalg.norm(product - exact))
    if off > _ROUNDINGS * max(unit, FORMATS["float32"].unit) * scale * size:
        raise Refuted(
            f"aggregate must be the mean of the products B A: {where} it is off by "
            f"{off / float(np.linalg.norm(exact)):.2g} of its norm{_cause(product, factors, products, weights, scale)}",
            found=product,
            expected=exact,
        )


def _product(given: Any, where: str) -> tuple[Array, float]:
    if isinstance(given, list | tuple) and len(given) == 2:
        (B, kind_B), (A, kind_A) = (read(f"aggregate(...)[{i}]", given[i]) for i in (0, 1))
        if B.ndim != 2 or A.ndim != 2 or B.shape[1] != A.shape[0]:
            raise Refuted(
                f"aggregate must return B, (m, r), and A, (r, n): {where} it returned {B.shape} and {A.shape}"
            )
        return B @ A, max(kind_B.unit, kind_A.unit)
    product, kind = read("aggregate(...)", given)
    return product, kind.unit


def _sum(weights: Array, matrices: Sequence[Array]) -> Array:
    return np.asarray(sum(w * M for w, M in zip(weights, matrices, strict=True)))


def _cause(product: Array, factors: Factors, products: list[Array], weights: Array, scale: float) -> str:
    """The fault whose result this is, in words; nothing where none is known."""
    share, equal = weights / weights.sum(), np.full(len(weights), 1 / len(weights))
    exact = _sum(share, products)
    faults = {
        "the weights are ignored": _sum(equal, products),
        "the weights are not divided by their sum": _sum(weights, products),
        "the products are summed, without weights": _sum(np.ones(len(weights)), products),
        "each factor has the weight, which is squared then": _sum(share**2, products),
        "the first client alone is returned": products[0],
        "the last client alone is returned": products[-1],
        "the first client alone is returned, times its weight in each factor": share[0] ** 2 * products[0],
        "the first client alone is returned, times its weight": share[0] * products[0],
    }
    if len({B.shape for B, _ in factors}) == 1:
        Bs, As = [B for B, _ in factors], [A for _, A in factors]
        B, A, plain_B, plain_A = _sum(share, Bs), _sum(share, As), _sum(equal, Bs), _sum(equal, As)
        apart = "it is mean(B) mean(A): factors are averaged one by one"
        faults[apart] = scale * B @ A
        faults[f"{apart}, without the weights"] = scale * plain_B @ plain_A
        faults[f"{apart}, B without the weights"] = scale * plain_B @ A
        faults[f"{apart}, A without the weights"] = scale * B @ plain_A
        faults[f"{apart}, and weights are not divided by their sum"] = scale * _sum(weights, Bs) @ _sum(weights, As)
    near = {words: float(np.linalg.norm(product - M)) / float(np.linalg.norm(M)) for words, M in faults.items()}
    words = min(near, key=lambda fault: near[fault])
    if near[words] < _SAME:
        return f": {words}"
    c = float(np.sum(product * exact) / np.sum(exact**2))
    if np.linalg.norm(product - c * exact) < _SAME * np.linalg.norm(product):
        return f": it is {c:.4g} times that, is a scale missing, or applied twice?"
    U, s, V = np.linalg.svd(exact)
    for rank in range(1, len(s)):
        if np.linalg.norm(product - U[:, :rank] * s[:rank] @ V[:rank]) < _SAME * np.linalg.norm(product):
            return (
                f": it is the best approximation of rank {rank}, what is cut off must be kept, as in the base weights"
            )
    return ""
