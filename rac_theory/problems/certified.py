"""What a problem says of its minimum where that is found by Newton's method and certified."""

from abc import ABC, abstractmethod

from rac_theory.base.checks import Array
from rac_theory.problems.minimise import Minimum


class Certified(ABC):
    """The members of a problem that are read off its ``minimum``, which is found when it is first asked for."""

    @property
    @abstractmethod
    def minimum(self) -> Minimum:
        """The minimiser and its certificate."""

    @property
    def W_star(self) -> Array | None:
        """The minimiser, as near as ``f_star_error`` says; None where there is none, or it is unknown."""
        return self.minimum.W_star

    @property
    def f_star(self) -> float:
        """Upper end of the certified interval; nan where it is unknown."""
        return self.minimum.f_star

    @property
    def f_star_error(self) -> float:
        """Width of the certified interval."""
        return self.minimum.f_star_error
