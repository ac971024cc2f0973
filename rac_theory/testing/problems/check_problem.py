"""check_problem: whether a problem is a function of W alone, and what it declares survives a search against it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.testing.failures import Refuted
from rac_theory.testing.probe import EPS, NEAR, Probe, siblings
from rac_theory.testing.problems.components import check_components
from rac_theory.testing.problems.constants import check_constants
from rac_theory.testing.problems.derivatives import check_derivatives
from rac_theory.testing.problems.smoothness import check_certified_steps, check_smoothness

_MEMBERS = ("shape", "L", "mu", "strong_convexity", "convex", "f_star", "f_lower", "value", "gradient")
_BATCHES: tuple[tuple[int, ...], ...] = ((), (1,), (5,), (2, 3), (0,), (130,))
_LOOKED_AT = 6  # matrices of a large batch, the first and the last among them
_DIGITS = 1e-10  # noise of this relative size is that of single precision
_SIXTH = np.array([1.0, -6.0, 15.0, -20.0, 15.0, -6.0, 1.0])  # differences: of a smooth function, noise remains


def check_problem(problem: Problem, *, rng: int = 0) -> None:
    """Raise ``Refuted``, an ``AssertionError`` of one sentence with a witness, if something declared is false.

    Value and gradient are compared with each other, with ``value_and_gradient``, ``hessian``, ``eigenbasis`` and
    ``single_precision`` where they exist, on batches of every shape, and after calls at another W, as a cache may go by
    closeness, by an entry or by the array; their noise must be that of double precision. ``L``, ``strong_convexity``
    and ``convex`` are tried on pairs of matrices, chosen by secant power iterations and by Lanczos along gradient
    descents; ``mu`` on a minimised ``||grad f||^2 / (2 (f - f*))``; ``f_star``, ``f_lower`` and ``W_star`` by descents.
    ``smoothness`` is tried on steps of every length, along extreme directions of its Q and of the Hessian less Q, and
    turned to where f rises furthest beyond the bound. A finite sum has its component gradients, lists of them,
    ``subset``, ``L_max`` and ``component_infima`` tried too; steps that ``certified_step`` certifies are taken, along
    projections.

    Parameters
    ----------
    problem : Problem
        Small instances are enough for a formula and take well under a second.
    rng : int
        Seed of the search, so that it does the same each time.

    Raises
    ------
    Refuted
        With the numbers that contradict the claim.

    Notes
    -----
    A pass is no proof: it says that this search found nothing. A pair that contradicts L is one, whatever found it.
    Constants that are nan claim nothing and are not tried. ``f_star`` too low shows only where ``mu`` or ``W_star`` is
    given.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import FromFunctions
    >>> from rac_theory.testing import Refuted, check_problem
    >>> try:
    ...     check_problem(FromFunctions((1, 1), lambda W: np.sum(W**2), lambda W: W, L=2.0))
    ... except Refuted as error:  # the gradient is 2 W
    ...     print(str(error).partition(":")[0])
    FromFunctions.gradient must be the gradient of value
    """
    name = type(problem).__name__
    for member in _MEMBERS:
        if not hasattr(problem, member):
            raise Refuted(f"{name} must have the member {member!r}, nan where a constant is unknown")
    shape = problem.shape
    if not (isinstance(shape, tuple) and len(shape) == 2 and all(isinstance(size, int | np.integer) for size in shape)):
        raise Refuted(f"{name}.shape must be a pair (m, n) of integers, it is {shape!r}")
    probe = Probe(problem, rng)
    with np.errstate(all="ignore"):  # far places may overflow, and are then left out
        check_calls(probe)
        check_again = check_purity(probe)
        check_derivatives(probe)
        check_constants(probe)
        check_smoothness(probe)
        if hasattr(problem, "component_gradient"):
            check_components(probe)
        check_certified_steps(probe)
        check_again()


def check_calls(probe: Probe) -> None:
    """Raise ``Refuted`` if what is returned depends on more than W, or is written to W."""
    for batch in _BATCHES:
        _check_batch(probe, batch)
    _check_memory(probe)
    _check_stale(probe, ())
    _check_stale(probe, (3,))
    _check_precision(probe)


def check_purity(probe: Probe) -> Callable[[], None]:
    """Look at the same twice, also where the last result was written to; return what does so once more at the end."""
    problem, W = probe.problem, probe.rng(11).standard_normal((3, *probe.problem.shape))
    value, G = np.array(problem.value(W)), np.array(problem.gradient(W))
    constants = [np.array(getattr(problem, name)) for name in ("L", "mu", "f_star", "f_lower")]

    def compare() -> None:
        returned = problem.gradient(W)
        if returned.flags.writeable:
            returned += 1.0
        if not (np.array_equal(problem.value(W), value) and np.array_equal(problem.gradient(W), G)):
            raise Refuted(f"{probe.name} must be a function of W: a second call gave other numbers", W=W[0])
        for name, constant in zip(("L", "mu", "f_star", "f_lower"), constants, strict=True):
            if not np.array_equal(constant, getattr(problem, name), equal_nan=True):
                raise Refuted(f"{probe.name}.{name} must be one number, it is another when it is read again")

    compare()
    return compare


def _parts(probe: Probe) -> dict[str, Callable[[Array], Array]]:
    """What is called: value, gradient, and both halves of value_and_gradient where there is one."""
    parts = {part: _returned(probe, part) for part in ("value", "gradient")}
    fused: Any = getattr(probe.problem, "value_and_gradient", None)
    if fused is not None:
        parts |= {"value_and_gradient(W)[0]": lambda W: np.asarray(fused(W)[0])}
        parts |= {"value_and_gradient(W)[1]": lambda W: np.asarray(fused(W)[1])}
    return parts


def _returned(probe: Probe, part: str) -> Callable[[Array], Array]:
    def call(W: Array) -> Array:
        result = getattr(probe.problem, part)(W)
        if result is None:
            raise Refuted(f"{probe.name}.{part} must return numbers, it returned None: is a return missing?")
        returned: Array = np.asarray(result)
        if returned.dtype != np.float64:
            raise Refuted(f"{probe.name}.{part} must return floats, of double precision, it returned {returned.dtype}")
        return returned

    return call


def _check_batch(probe: Probe, batch: tuple[int, ...]) -> None:
    """Shapes, arguments that stay as they were, and every matrix of a batch as if it were alone."""
    problem, name = probe.problem, probe.name
    W = probe.rng(10).standard_normal((*batch, *problem.shape))
    original = W.copy()
    indices = list(np.ndindex(batch))
    if len(indices) > _LOOKED_AT:
        indices = [indices[0], indices[-1], *(indices[i] for i in probe.rng(15).integers(len(indices), size=4))]
    for part, call in _parts(probe).items():
        returned, is_value = call(W), "gradient" not in part or part.endswith("[0]")
        expected = batch if is_value else W.shape
        if returned.shape != expected:
            raise Refuted(
                f"{name}.{part} must map shape {W.shape} to {expected}, got {returned.shape}: batch axes lead"
            )
        if not np.array_equal(W, original):
            raise Refuted(f"{name}.{part} must leave its argument alone, it was written to")
        for index in indices:
            alone = np.asarray((problem.value if is_value else problem.gradient)(W[index].copy()))
            off = float(np.linalg.norm(returned[index] - alone))
            if not off <= 1e-9 * (1e-3 + float(np.linalg.norm(alone))):
                rule = f"{part} must treat each matrix of a batch alone"
                if part.endswith("]"):
                    rule = f"value_and_gradient must return {'value(W) first' if is_value else 'gradient(W) second'}"
                raise Refuted(
                    f"{name}.{rule}: in a batch of shape {batch} it is {off:.3g} away from what it is alone", W=W[index]
                )


def _check_memory(probe: Probe) -> None:
    """The order of W in memory does not matter, and results are arrays of their own."""
    rng, shape = probe.rng(16), probe.problem.shape
    W = rng.standard_normal((4, *shape))
    strided = np.zeros((8, *(2 * size for size in shape)))[::2, ::2, ::2]
    strided[...] = W
    for part, call in _parts(probe).items():
        first = call(W)
        copy = first.copy()
        for reordered in (np.asfortranarray(W), strided, np.swapaxes(np.swapaxes(W, 1, 2).copy(), 1, 2)):
            if not np.allclose(call(reordered), copy, rtol=1e-9, atol=1e-9 * float(np.abs(copy).max())):
                raise Refuted(f"{probe.name}.{part} must depend on W alone, not on its order in memory", W=W[0])
        call(W + 1.0)
        if not np.array_equal(first, copy):
            raise Refuted(f"{probe.name}.{part} must return an array of its own, a later call wrote to it")


def _check_stale(probe: Probe, batch: tuple[int, ...]) -> None:
    """After calls at one W, everything at another is what it is in a batch of a size that was not there before.

    A stale result is nearer to that of the first W than to its own; how near both may be is a matter of rounding. The
    first of the others is written over the first W, for caches that go by the array and not by its entries.
    """
    rng, single, parts = probe.rng(17), probe.problem.shape, _parts(probe)
    for i in range(6 + len(NEAR)):
        A = rng.standard_normal((*batch, *single))
        B = siblings(A, rng)[i]
        arguments = [S.reshape(-1, *single) for S in (B, A)]
        k, mixed = len(arguments[0]), np.concatenate([*arguments, rng.standard_normal((7 + i, *single))])
        for part, call in parts.items():
            W = A.copy()
            for before in parts.values():
                before(W)
            if i == 0:
                W[...] = B
            returned = call(W if i == 0 else B.copy()).copy()
            truth = call(mixed)
            _compare(probe, part, (A, B), returned.reshape(truth[:k].shape), truth[:k], truth[k : 2 * k])


def _compare(probe: Probe, part: str, at: tuple[Array, Array], returned: Array, truth: Array, before: Array) -> None:
    gap, off = float(np.linalg.norm(truth - before)), float(np.linalg.norm(returned - truth))
    scale = float(np.linalg.norm(truth)) + float(np.linalg.norm(before))
    rounding = 4 * probe.resolution + 1e4 * EPS * (scale + probe.gradient_scale)
    if gap > rounding and off > gap / 2:
        raise Refuted(
            f"{probe.name}.{part} must be a function of W: after calls at A it is {off:.3g} away from what it is at B, "
            f"where A and B are {np.linalg.norm(at[1] - at[0]):.3g} apart; is an earlier result kept?",
            A=at[0],
            B=at[1],
        )


def _check_precision(probe: Probe) -> None:
    """Sixth differences along short lines: of value and gradient nothing but their noise remains."""
    problem, rng = probe.problem, probe.rng(18)
    noise = []
    for W in rng.standard_normal((5, *problem.shape)):
        D = rng.standard_normal(W.shape)
        line = W + 1e-6 * np.arange(7)[:, None, None] * D
        value, G = np.asarray(problem.value(line)), np.asarray(problem.gradient(line))
        slope = float(np.sqrt(squared_norms(G)).max()) + probe.gradient_scale
        terms = float(np.abs(value).max()) + slope * (1 + float(np.linalg.norm(W)))
        noise.append((abs(_SIXTH @ value) / terms, np.linalg.norm(np.tensordot(_SIXTH, G, axes=1)) / slope))
    for part, relative in zip(("value", "gradient"), np.median(noise, axis=0) / 30, strict=True):
        if relative > _DIGITS:
            raise Refuted(
                f"{probe.name}.{part} must be computed in double precision: its noise along a line is {relative:.2g} "
                "of its terms; is single precision used inside?"
            )
