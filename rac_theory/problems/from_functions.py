"""A problem made of a user's own functions, and of the constants that the user knows or has measured."""

import math
from collections.abc import Callable, Collection, Sequence
from fractions import Fraction
from itertools import chain
from typing import TypeVar

import numpy as np

from rac_theory.base import (
    Array,
    NotReal,
    being,
    digest,
    exactly,
    float64,
    function_name,
    matrices,
    matrix_shape,
    printable,
    real_numbers,
    shown,
    type_name,
)
from rac_theory.base.checks import array, boolean, bounded, finite, moderate, moderate_size
from rac_theory.numerics import rounded
from rac_theory.problems.smoothness import Smoothness, isotropic_or_none

CONSTANTS = ("L", "mu", "strong_convexity", "f_star", "f_lower")

Function = TypeVar("Function", bound=Callable[[Array], object])


class FromFunctions:
    """A value and a gradient that are functions of one matrix, or of many.

    Parameters
    ----------
    shape : (m, n)
        The shape of W.
    value : callable
        (m, n) to a number; (k, m, n) to (k,) where ``batched``.
    gradient : callable
        (m, n) to (m, n), the gradient of ``value``; (k, m, n) to (k, m, n) where ``batched``.
    L, mu, strong_convexity, f_star, f_lower : float
        Constants as in ``Problem``: proved, measured or nan; ``f_lower`` is ``f_star - f_star_error`` unless given.
    measured : collection of str
        Names of the constants that are not proved. A theorem takes them as they are: what it says is true if they are,
        and the problem says which they are wherever it is shown.
    batched : bool
        Whether the functions take all matrices of a batch at once; otherwise they are called for each.
    f_star_error : float
        How well ``f_star`` is known, >= 0, in the units of f: the infimum lies in ``[f_star - f_star_error, f_star]``.
        Gaps of this size count as zero, so it should cover the rounding of ``value`` near the minimum, too: about
        1e-16 times the largest term that ``value`` adds, if they cancel.
    convex : bool
        Whether f is known to be convex.
    W_star, start : (m, n), optional
        A minimiser, and where runs start.
    smoothness : Smoothness, optional
        A proved bound of how f curves up along each direction; ``L I`` unless given.

    Notes
    -----
    Constants that contradict each other are refused: ``strong_convexity <= mu <= L`` and ``f_lower <= f_star`` always.
    Functions that are to be sent to other processes must be picklable.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import FromFunctions
    >>> problem = FromFunctions((2, 2), lambda W: np.sum(W**4) / 4, lambda W: W**3, f_star=0.0, convex=True)
    >>> problem.value(np.ones((5, 2, 2))).tolist()  # a batch of five, from a function of one
    [1.0, 1.0, 1.0, 1.0, 1.0]
    >>> problem.L  # the gradient of a fourth power has no Lipschitz constant
    nan
    """

    def __init__(
        self,
        shape: tuple[int, int],
        value: Callable[[Array], float | Array],
        gradient: Callable[[Array], Array],
        *,
        L: float = math.nan,
        mu: float = math.nan,
        strong_convexity: float = math.nan,
        convex: bool = False,
        f_star: float = math.nan,
        f_star_error: float = 0.0,
        f_lower: float = math.nan,
        W_star: Array | None = None,
        start: Array | None = None,
        smoothness: Smoothness | None = None,
        measured: Collection[str] = (),
        batched: bool = False,
    ) -> None:
        self.shape = matrix_shape(shape)
        self._batched = boolean("batched", batched)
        self._value = _callable("value", value)
        self._gradient = _callable("gradient", gradient)
        self.L = _constant("L", L, at_least=0)
        if not math.isnan(self.L):
            moderate_size("L", self.L)
        self.mu = _constant("mu", mu, at_least=0, at_most=self.L, limit="L")
        self.strong_convexity = _constant("strong_convexity", strong_convexity, at_least=0, at_most=self.mu, limit="mu")
        self.convex = boolean("convex", convex)
        if self.strong_convexity > 0 and not convex:
            raise ValueError(f"convex must be True where strong_convexity > 0, got {convex}")
        self.f_star = _constant("f_star", f_star)
        error = bounded("f_star_error", finite("f_star_error", f_star_error, at_least=0))
        if error > 0 and math.isnan(self.f_star):
            raise ValueError(f"f_star must be given where f_star_error > 0, got {f_star}")
        self.f_star_error = math.nan if math.isnan(self.f_star) else error
        self.f_lower = _constant("f_lower", f_lower, at_most=self.f_star, limit="f_star")
        if math.isnan(self.f_lower) and not math.isnan(self.f_star):
            self.f_lower = rounded(Fraction(self.f_star) - Fraction(error), -math.inf)
        self.W_star = None if W_star is None else moderate("W_star", array("W_star", W_star, shape=self.shape))
        self.start = None if start is None else moderate("start", array("start", start, shape=self.shape))
        self._smoothness = smoothness
        if smoothness is not None:
            being("smoothness", smoothness, Smoothness)
            if smoothness.shape != self.shape:
                raise ValueError(f"smoothness must be for matrices of shape {self.shape}, got {smoothness.shape}")
        self.measured = _named(
            "measured", measured, [name for name in CONSTANTS if not math.isnan(getattr(self, name))]
        )

    def __repr__(self) -> str:
        """Name the functions, as what they compute cannot be told, and whatever was given beside them."""
        given = [f"value={function_name(self._value)}", f"gradient={function_name(self._gradient)}"]
        for name in ("L", "mu", "strong_convexity", "f_star", "f_star_error", "f_lower"):
            if not math.isnan(value := getattr(self, name)):
                given.append(f"{name}={exactly(value)}" + " (measured)" * (name in self.measured))
        given += ["convex=True"] if self.convex else []
        given += [f"{name} {digest(at)}" for name in ("W_star", "start") if (at := getattr(self, name)) is not None]
        given += [] if self._smoothness is None else [f"smoothness {digest(*chain(*self._smoothness.terms))}"]
        return f"{type_name(self)}({self.shape[0]}x{self.shape[1]}, {', '.join(given)})"

    @property
    def provenance(self) -> dict[str, str]:
        """The user, for every constant that is not nan."""
        given = {
            name: "measured by the user, not proved" if name in self.measured else "given by the user"
            for name in CONSTANTS
            if not math.isnan(getattr(self, name))
        }
        if self.smoothness is None:
            return given
        return given | {"smoothness": "L I" if self._smoothness is None else "given by the user"}

    @property
    def smoothness(self) -> Smoothness | None:
        """What the user gave, otherwise ``L I``; None if L is unknown, too."""
        return isotropic_or_none(self.L, self.shape) if self._smoothness is None else self._smoothness

    def value(self, W: Array, /) -> Array:
        """f at each matrix of a batch: (..., m, n) to (...)."""
        return self._looped("value", self._value, matrices(W, self.shape), ())

    def gradient(self, W: Array, /) -> Array:
        """The gradient at each matrix of a batch: (..., m, n) to (..., m, n)."""
        return self._looped("gradient", self._gradient, matrices(W, self.shape), self.shape)

    def _looped(self, name: str, function: Callable[[Array], object], W: Array, shape: tuple[int, ...]) -> Array:
        """Call ``function`` on a copy of each matrix of a batch, or of all; each result must have ``shape``."""
        batch = W.shape[:-2]
        if self._batched:
            runs = W.reshape(-1, *self.shape).copy()
            return _returned(name, _called(name, function, runs), (len(runs), *shape)).reshape((*batch, *shape))
        results = np.empty((*batch, *shape))
        for index in np.ndindex(batch):
            results[index] = _returned(name, _called(name, function, W[index].copy()), shape)
        return results


def _callable(name: str, function: Function) -> Function:
    if not callable(function):
        raise ValueError(f"{name} must be a function, got {shown(function)}")
    return function


def _named(name: str, names: Collection[str], given: Sequence[str]) -> frozenset[str]:
    """Accept names of constants that are given."""
    if isinstance(names, str) or not isinstance(names, Collection):
        raise ValueError(f"{name} must be a collection of names, such as ['L'], got {shown(names)}")
    for constant in names:
        if constant not in given:
            names_text = ", ".join(given) or "none is"
            raise ValueError(f"{name} must name constants that are given ({names_text}), got {shown(constant)}")
    return frozenset(names)


def _called(name: str, function: Callable[[Array], object], W: Array) -> object:
    try:
        return function(W)
    except Exception as error:
        kind = "one matrix" if W.ndim == 2 else "a batch of matrices"
        raise ValueError(
            f"{name} must be a function of {kind} that does not fail, got {type_name(error)}: {printable(str(error))}"
        ) from error


def _returned(name: str, result: object, shape: tuple[int, ...]) -> Array:
    """What a user's function returned, as an array of ``shape``."""
    expected = f"an array of shape {shape}" if shape else "a number"
    if result is None:
        raise ValueError(f"{name} must return {expected}, got None (a missing return statement?)")
    try:
        returned = float64(real_numbers(result))
    except NotReal as error:
        raise ValueError(f"{name} must return {expected}, got {error}") from None
    if returned.shape != shape:
        raise ValueError(f"{name} must return {expected}, got an array of shape {returned.shape}")
    return returned


def _constant(
    name: str, value: float, *, at_least: float = -math.inf, at_most: float = math.nan, limit: str = ""
) -> float:
    """Accept nan, for unknown, or a finite number within its limits; a limit that is itself nan does not bind."""
    if isinstance(value, float) and math.isnan(value):
        return float(value)
    number = bounded(name, finite(name, value, at_least=at_least))
    if number > at_most:
        raise ValueError(f"{name} must be <= {limit}={at_most:g}, got {number:g}")
    return number
