r"""Which clients take part in a round, drawn anew in each: a subset of a fixed size, or each by its own chance.

A client that takes part counts for 1 / P(it does) of its share. So the mean over those that take part is on average
that over all, and its second moment is known if :math:`P(m, l)/(P(m) P(l))` is one number b for all pairs: for fixed
vectors :math:`x_m`, with shares :math:`p_m` and :math:`\bar x = \sum_m p_m x_m`,

.. math:: E\Big\| \sum_{m \in S} \frac{p_m}{P(m)} x_m \Big\|^2
    = b \|\bar x\|^2 + \sum_m p_m^2 \Big( \frac{1}{P(m)} - b \Big) \|x_m\|^2
    \le \|\bar x\|^2 + \omega \sum_m p_m \|x_m\|^2,
    \qquad \omega = \max_m p_m \Big( \frac{1}{P(m)} - b \Big),

as the pairs m != l have :math:`p_m p_l b \langle x_m, x_l \rangle`, and b <= 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rac_theory.algorithms.gradients.minibatch import uniform_subsets
from rac_theory.base import checks, shown
from rac_theory.numerics import rounded


class Participation(Protocol):
    """Which of M clients take part in a round. Nothing needs to be inherited.

    Examples
    --------
    >>> from fractions import Fraction
    >>> import numpy as np
    >>> from rac_theory.algorithms.gradients.participation import sampling_variance
    >>> class One:  # one client a round, the first as often as all others together
    ...     def chances(self, clients):
    ...         return (Fraction(1, 2), *(Fraction(1, 2 * (clients - 1)),) * (clients - 1))
    ...
    ...     def joint_ratio(self, clients):
    ...         return Fraction(0)  # no two take part in the same round
    ...
    ...     def draw(self, clients, runs, rng):
    ...         chosen = rng.choice(clients, size=runs, p=[float(chance) for chance in self.chances(clients)])
    ...         return np.arange(clients) == chosen[:, None]
    >>> sampling_variance(One(), [0.5, 0.25, 0.25]), sampling_variance(One(), [0.25, 0.25, 0.5])
    (1.0, 2.0)
    """

    def chances(self, clients: int, /) -> tuple[Fraction, ...]:
        """The probability of each client to take part, (M,); a ``ValueError`` if there cannot be M clients."""

    def joint_ratio(self, clients: int, /) -> Fraction:
        """``P(m, l) / (P(m) P(l))``, the same for all pairs of clients, at most 1."""

    def draw(self, clients: int, runs: int, rng: np.random.Generator, /) -> NDArray[np.bool_]:
        """Who takes part, (runs, M)."""


@dataclass(frozen=True)
class Subset:
    """A uniform subset of the clients, of a fixed size.

    Parameters
    ----------
    size : int
        How many take part, in 1..M.

    Examples
    --------
    >>> from rac_theory.algorithms.gradients.participation import Subset, sampling_variance
    >>> print(sampling_variance(Subset(2), [0.25] * 4))  # (M - C) / (C (M - 1)), as of a minibatch
    0.33333333333333337
    """

    size: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", checks.count("size", self.size))

    def chances(self, clients: int) -> tuple[Fraction, ...]:
        """``size / M`` for each."""
        checks.integer("size", self.size, 1, clients, "the number of clients")
        return (Fraction(self.size, clients),) * clients

    def joint_ratio(self, clients: int) -> Fraction:
        """``M (C - 1) / (C (M - 1))`` for size C."""
        return Fraction(clients * (self.size - 1), self.size * (clients - 1)) if clients > 1 else Fraction(1)

    def draw(self, clients: int, runs: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Who takes part, (runs, M)."""
        present = np.zeros((runs, clients), dtype=np.bool_)
        np.put_along_axis(present, uniform_subsets(clients, self.size, runs, rng), True, axis=1)
        return present


@dataclass(frozen=True)
class ByChance:
    """Each client takes part with a probability of its own, whatever the others do; a round may have none.

    Parameters
    ----------
    chance : float, or tuple of M floats
        The probability of every client, or of each, in (0, 1].

    Examples
    --------
    >>> from rac_theory.algorithms.gradients.participation import ByChance, sampling_variance
    >>> print(sampling_variance(ByChance(0.5), [0.25] * 4))  # (1 - c) / (c M)
    0.25
    """

    chance: float | tuple[float, ...]

    def __post_init__(self) -> None:
        given = self.chance
        if isinstance(given, Sequence) and not isinstance(given, str):
            chances: float | tuple[float, ...] = tuple(
                _chance(f"chance[{m}]", chance) for m, chance in enumerate(given)
            )
        else:
            chances = _chance("chance", given)
        object.__setattr__(self, "chance", chances)

    def chances(self, clients: int) -> tuple[Fraction, ...]:
        """As given."""
        if isinstance(self.chance, float):
            return (Fraction(self.chance),) * clients
        if len(self.chance) != clients:
            raise ValueError(f"chance must have one number for each of {clients} clients, got {len(self.chance)}")
        return tuple(map(Fraction, self.chance))

    def joint_ratio(self, clients: int) -> Fraction:
        """1: they are independent."""
        return Fraction(1)

    def draw(self, clients: int, runs: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Who takes part, (runs, M)."""
        return np.asarray(rng.random((runs, clients)) < np.array(self.chance))


def chances_of(participation: Participation, clients: int) -> tuple[Fraction, ...]:
    """Return the probability of each client to take part, (M,); one that never does would count for 1/0."""
    chances = participation.chances(clients)
    if len(chances) != clients or not all(0 < chance <= 1 for chance in chances):
        raise ValueError(
            f"participation must have chances(M) in (0, 1] for each of {clients} clients, got "
            f"{[*map(str, chances)]} from {shown(participation)}"
        )
    return chances


def sampling_variance(participation: Participation | None, shares: Sequence[Fraction | float]) -> float:
    """Return omega of the formula above, rounded up: what sampling adds to a squared mean, over the mean square."""
    if participation is None:
        return 0.0
    M = len(shares)
    b, chances = participation.joint_ratio(M), chances_of(participation, M)
    if b > 1:
        raise ValueError(f"participation must have joint_ratio(M) at most 1, got {float(b):g} from {participation!r}")
    largest = max(Fraction(p) * (1 / chance - b) for p, chance in zip(shares, chances, strict=True))
    return rounded(max(largest, Fraction(0)), math.inf)


def _chance(name: str, value: float) -> float:
    given = checks.finite(name, value)
    if not 0 < given <= 1:
        raise ValueError(f"{name} must be a probability in (0, 1], got {given:g}")
    return given
