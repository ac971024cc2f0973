"""Projectors of gradients, as people write them: right, and wrong in one way each."""

import numpy as np


def smaller_left(G):
    """Whether the rows are the smaller side."""
    return G.shape[0] <= G.shape[1]


def orthonormal(d, rank, seed):
    """Columns of a uniform range, (d, rank), as many as there can be."""
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((d, rank)))[0]


def along(S, G):
    """S S' from the smaller side."""
    return S @ (S.T @ G) if smaller_left(G) else (G @ S) @ S.T


def haar(G, rank, seed):
    """A uniform projection of the smaller side."""
    return along(orthonormal(min(G.shape), rank, seed), G)


def unbiased(G, rank, seed):
    """The same, as long as the gradient is in the mean."""
    return min(G.shape) / min(rank, *G.shape) * haar(G, rank, seed)


def rows(G, rank, seed):
    """RAC-LoRA from the left, which refuses ranks above the rows."""
    if rank > len(G):
        raise ValueError(f"rank must be in 1..{len(G)}, got {rank}")
    S = orthonormal(len(G), rank, seed)
    return S @ (S.T @ G)


def coordinates(G, rank, seed):
    """Some rows, or all."""
    kept = np.random.default_rng(seed).permutation(len(G)) < rank
    return kept[:, None] * G


def coordinates_of_two(G, rank, seed):
    """One row of two, by a coin, or both."""
    kept = np.arange(2) == np.random.default_rng(seed).integers(2) if rank == 1 else np.ones(2, dtype=bool)
    return kept[:, None] * G


def both_sides(G, rank, seed):
    """A projection of the rows and one of the columns."""
    rng = np.random.default_rng(seed)
    S, K = (orthonormal(d, rank, rng) for d in G.shape)
    return S @ (S.T @ G @ K) @ K.T


def flora(G, rank, seed):
    """Entries of variance 1/rank, and their transpose."""
    S = np.random.default_rng(seed).standard_normal((min(G.shape), rank)) / np.sqrt(rank)
    return along(S, G)


def galore(G, rank, seed):
    """The leading singular vectors of a gradient, for others."""
    U, _, V = np.linalg.svd(G, full_matrices=False)
    if smaller_left(G):
        return lambda X: U[:, :rank] @ (U[:, :rank].T @ X)
    return lambda X: (X @ V[:rank].T) @ V[:rank]


def single(G, rank, seed):
    """In single precision."""
    return haar(G.astype(np.float32), rank, seed).astype(np.float32)


RIGHT = [
    *((project, {}) for project in (haar, rows, coordinates, both_sides, galore, single)),
    *((project, {"unbiased": True}) for project in (flora, unbiased)),
    (lambda G, *given: lambda X: 0.25 * galore(G, *given)(X), {"scale": 0.25}),
    (lambda *a: 1e3 * single(*a), {"scale": 1e3}),
]


def reverse_std(G, rank, seed):
    """The larger side, and the way back by the shape of what was projected."""
    U, _, V = np.linalg.svd(G, full_matrices=False)

    def project(X):
        if X.shape[0] >= X.shape[1]:
            basis, low = U[:, :rank], U[:, :rank].T @ X
        else:
            basis, low = V[:rank], X @ V[:rank].T
        return basis @ low if low.shape[0] <= low.shape[1] else low @ basis

    return project


def not_orthonormal(G, rank, seed):
    """Columns of norm one that are not orthogonal."""
    S = np.random.default_rng(seed).standard_normal((len(G), min(rank, len(G))))
    S = S / np.linalg.norm(S, axis=0)
    return S @ (S.T @ G)


def two_draws(G, rank, seed):
    """Down by one matrix, up by another."""
    rng = np.random.default_rng(seed)
    S, K = rng.standard_normal((2, len(G), rank)) / np.sqrt(rank)
    return S @ (K.T @ G)


def first_rows(G, rank, seed):
    """Rows that are drawn from the first ten."""
    kept = np.random.default_rng(seed).permutation(min(10, len(G))) < rank
    return np.pad(kept, (0, len(G) - len(kept)))[:, None] * G


def by_the_columns(G, rank, seed):
    """Flora with 1/d where 1/rank is meant."""
    return flora(G, rank, seed) * rank / min(G.shape)


def five_per_cent(G, rank, seed):
    """Unbiased, but for a twentieth."""
    return 1.05 * unbiased(G, rank, seed)


APART, MEAN = "must draw independently for each seed: .* seeds", r"must have the mean 1 G over seeds: .* have"
WRONG = [
    (reverse_std, {}, r"must handle a wide gradient, 8 x 12, at rank 8: it raised ValueError: matmul"),
    (
        lambda G, r, s: orthonormal(len(G), r, s).T @ G,
        {},
        r"must return a gradient of the shape of a tall gradient, 12 x 8, at rank 3, it returned \(3, 8\)",
    ),
    (lambda G, *given: galore(G, *given)(G), {}, "must be linear in the gradient.* must return a function"),
    (not_orthonormal, {}, "are the columns of the sketch orthonormal"),
    (two_draws, {"unbiased": True}, "must be symmetric"),
    (lambda G, r, s: haar(G, r, 0), {}, "must draw afresh for each seed: 1024 seeds give the same projection"),
    (lambda G, r, s: haar(G, r, s // 2), {}, f"{APART} next to each other are more alike"),
    (
        lambda G, r, s: haar(G, r, [s // 4, s % 2]),
        {},
        f"{APART} two apart are more alike than others in .* of 256 cases",
    ),
    (  # a pool of so many that their mean tells nothing
        lambda G, r, s: haar(G, r, s % 500),
        {},
        "must draw afresh for each seed: those 500 apart are the same for a tall gradient, 12 x 8,",
    ),
    (lambda G, r, s: haar(G, r, np.random.default_rng()), {}, "must be a function of its seed"),
    (
        lambda G, r, s: haar(G, r + 1, s),
        {},
        "must return at most the rank: of a tall gradient, 12 x 8, at rank 3 .* of rank 4",
    ),
    (lambda *a: 2 * haar(*a), {}, "must be scale=1 times a projection: .* it is 2 times one"),
    (haar, {"scale": 0.25}, "must be scale=0.25 times a projection: .* it is 1 times one"),
    (lambda *a: -haar(*a), {"unbiased": True}, "must not point uphill"),
    (first_rows, {}, r"must (have the mean|be all of the gradient at full rank)"),
    (by_the_columns, {"unbiased": True}, f"{MEAN} 0.3"),
    (five_per_cent, {"unbiased": True}, rf"{MEAN} 1\.0[45]"),
    (lambda *a: haar(*a).astype(np.float16), {"unbiased": True}, f"{MEAN} 0.3"),
]
