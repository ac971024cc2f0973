r"""A certificate of a worst case: multipliers of conditions, and what they prove, in exact arithmetic.

With multipliers :math:`\lambda_c \ge 0` of conditions :math:`c \ge 0` the certificate says that

.. math:: \text{bound} \cdot \text{start} - \text{metric} = \sum_c \lambda_c\, c + \sum_i d_i \|u_i\|^2 ,

the last sum with :math:`d_i \ge 0` over combinations u of points and gradients. So the metric is at most the bound
times the start, for every function that meets the conditions. Where the multipliers came from does not matter: here
it is multiplied out again, in rational numbers, with the conditions that ``program`` writes down.
"""

from dataclasses import dataclass
from fractions import Fraction

from rac_theory.base import type_name
from rac_theory.numerics import Matrix, squares
from rac_theory.verdicts.sharpness.function_conditions import Condition
from rac_theory.verdicts.sharpness.inner_products import Form, total
from rac_theory.verdicts.sharpness.program import Program, program
from rac_theory.verdicts.sharpness.setting import Setting


@dataclass(frozen=True)
class Certificate:
    """That no function of a class does worse than ``bound``.

    Attributes
    ----------
    setting : Setting
        Of which class, sketch, metric and start is spoken.
    bound : Fraction
        Of the metric over the start.
    multipliers : tuple of (Condition, Fraction)

    Examples
    --------
    >>> from rac_theory import worst_case
    >>> found = worst_case("T4", L=1, mu=0.5, gamma=1, blocks=1, steps=1).certificate
    >>> found.check()
    True
    >>> print(found.statement.split(": ")[1].split(" <= ")[0])
    E|W^1 - W*|^2
    """

    setting: Setting
    bound: Fraction
    multipliers: tuple[tuple[Condition, Fraction], ...]

    def __repr__(self) -> str:
        return f"<{type_name(self)} of {self.setting.theorem}: {len(self.multipliers)} multipliers>"

    @property
    def statement(self) -> str:
        """What is proved, for each function of the class."""
        return f"{self.setting} {self.bound}"

    def check(self) -> bool:
        """Whether the multipliers prove the statement: exact, in time that grows like the cube of the tree."""
        stated = program(self.setting)
        if any(x < 0 for condition, x in self.multipliers if not condition.kind.startswith("=")):
            return False
        try:
            rest = remainder(stated, self.bound, self.multipliers)
        except (KeyError, ValueError):  # of a condition that is none
            return False
        if any(rest.values.values()):
            return False
        return all(_is_positive(rest.matrix(block, stated.vectors)) for block in range(stated.blocks))


def _is_positive(M: Matrix) -> bool:
    """Whether M is a sum of squares, which is multiplied out."""
    found = squares(M)
    return found is not None and found.proves(M)


def remainder(stated: Program, bound: Fraction, multipliers: tuple[tuple[Condition, Fraction], ...]) -> Form:
    """Return the bound times the start, less the metric and all multiplied conditions."""
    used = total((x * stated.form(condition) for condition, x in multipliers), stated.blocks)
    return bound / stated.setting.unit * stated.start - stated.metric - used
