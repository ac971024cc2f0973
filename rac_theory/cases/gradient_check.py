"""Whether the gradient of a problem is that of its values: looked at once, at the door."""

import numpy as np

from rac_theory.base import checks, type_name
from rac_theory.base.checks import Array
from rac_theory.problems import Problem


def check_gradient(problem: Problem, W: Array) -> None:
    """Raise a ``ValueError`` if value and gradient have wrong shapes, are not finite or contradict each other.

    Central differences against the gradient, at W and a random step away from it, where a forgotten penalty shows;
    along the gradient itself, where a wrong factor shows, and along two fixed random directions. The tolerance, one
    part in a thousand, what two spacings differ by and rounding, is there for wrong formulas. In high dimension an
    error that is confined to few entries may pass.
    """
    directions = np.random.default_rng(0).standard_normal((3, *problem.shape))
    directions /= np.linalg.norm(directions, axis=(1, 2), keepdims=True)
    size = float(np.linalg.norm(W))
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is named
        for at in (W, W + (size or 1.0) * directions[2]):
            _check_gradient_at(problem, at, directions[:2])


def _check_gradient_at(problem: Problem, W: Array, directions: Array) -> None:
    name = type_name(problem)
    G = checks.array(f"{name}.gradient(W)", problem.gradient(W[None]), shape=(1, *problem.shape))[0]
    value = float(checks.array(f"{name}.value(W)", problem.value(W[None]), shape=(1,))[0])
    _check_fused(problem, W, value, G)
    size = float(np.linalg.norm(G))
    if size > 0:
        directions = np.concatenate([directions, G[None] / size])
    # The gradient changes by at most L h over a step h, so a fraction of ||G|| / L is short at any scale.
    length = size / problem.L if size > 0 and 0 < problem.L < np.inf else max(1.0, float(np.linalg.norm(W)))
    promised = np.vecdot(directions.reshape(len(directions), -1), G.ravel())
    (coarse, _), (fine, rounding) = (_slopes(problem, W, value, h * length, directions) for h in (1e-3, 1e-5))
    error = np.minimum(np.abs(coarse - promised), np.abs(fine - promised))
    typical = np.maximum(np.abs(promised), size / np.sqrt(G.size))
    if (error > 1e-3 * typical + 2 * np.abs(coarse - fine) + rounding).any():
        raise ValueError(
            f"{name}.gradient must be the gradient of {name}.value, got a directional derivative that is off by "
            f"{error.max():.3g} where the gradient has norm {size:.3g}"
        )


def _slopes(problem: Problem, W: Array, value: float, h: float, directions: Array) -> tuple[Array, Array]:
    """Return central differences of f along directions, (k, m, n), and bounds on their rounding errors, both (k,)."""
    values = [problem.value(W + h * directions), problem.value(W - h * directions)]
    shape = (len(directions),)
    up, down = (checks.array(f"{type_name(problem)}.value(W)", v, shape=shape) for v in values)
    of_values = (np.abs(up) + np.abs(down)) / h
    of_points = float(np.linalg.norm(W)) * (np.abs(up - value) + np.abs(down - value)) / h**2
    return (up - down) / (2 * h), 64 * np.finfo(float).eps * (of_values + of_points)


def _check_fused(problem: Problem, W: Array, value: float, G: Array) -> None:
    """``value_and_gradient``, which runs use where there is one, must say the same as its parts."""
    fused = getattr(problem, "value_and_gradient", None)
    if fused is None:
        return
    both = fused(W[None])
    same = np.allclose(both[0][0], value, rtol=1e-9, atol=0) and np.allclose(both[1][0], G, rtol=1e-9, atol=1e-300)
    if not same:
        raise ValueError(
            f"{type_name(problem)}.value_and_gradient must agree with value and gradient, got f = "
            f"{float(both[0][0]):.6g} against {value:.6g}; who overrides value or gradient must override it too"
        )
