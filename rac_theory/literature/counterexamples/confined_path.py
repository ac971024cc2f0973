"""The path of a matrix that lies in few directions, of its columns or of its rows, which it can never leave."""

from typing import NamedTuple

import numpy as np

from rac_theory.base.checks import Array

_SPAN = 1e-7  # of the largest singular value of the path


class Confined(NamedTuple):
    """How much of the gradient of one matrix is left in the directions of its path, and which these are, if few."""

    left: float
    directions: int = 0
    told: str = ""


def confined(W: Array, G: Array, small: float) -> Confined:
    """Look for a side on which the path of a matrix, (steps + 1, m, n), lies in few directions, and has used these up.

    Of its last gradient, (m, n), less than ``small`` is then left in them. Where there is none, all of it is.
    """
    for side, axes in (("left", (0, 1, 2)), ("right", (0, 2, 1))):
        basis = _span(np.concatenate([*np.transpose(W - W[0], axes)], axis=1))
        left = float(np.linalg.norm(basis.T @ G.transpose(axes[1] - 1, axes[2] - 1)))
        if basis.shape[1] < len(basis) and left <= small:
            return Confined(left, basis.shape[1], f"{basis.shape[1]} of {len(basis)} directions on the {side}")
    return Confined(float(np.linalg.norm(G)))


def _span(columns: Array) -> Array:
    """Return an orthonormal basis of what columns span, up to a small part of the largest."""
    U, s, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(U[:, s > _SPAN * s[0]]) if s[0] > 0 else np.empty((len(columns), 0))
