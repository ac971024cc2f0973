"""A proof of a theorem: the fact that its claim is, and what that rests on."""

from dataclasses import dataclass

from rac_theory.algebra import Expression
from rac_theory.algebra.roots import without_squares
from rac_theory.proofs.fact import Fact, Missing, read
from rac_theory.theorems import Theorem
from rac_theory.theorems.assumption import Assumption, sentence


@dataclass(frozen=True, eq=False, repr=False)
class Proof:
    """A proof: it is checked when it is made, so that there is none that is wrong."""

    theorem: Theorem
    fact: Fact
    times: Fact

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Compare with the theorem's own expression, for all T."""
        bound = self.theorem.claim.bound
        if not isinstance(bound, Expression):
            raise Missing(f"the bound of {self.theorem.id} is a function, of which nothing is known")
        claim = (read(bound) - read(self.theorem.metric.expected)) * self.times.value
        missing = without_squares(claim - self.fact.value)
        if not missing.is_zero:
            raise Missing(f"{self.theorem.id}: the claim is not what is proved, it is off by {missing!r}")
        if not self.times.strict:
            raise Missing(f"{self.theorem.id}: {self.times!r} must be known to be positive")
        extra = [one for one in self._by if one not in (self.theorem.about, *self.theorem.given)]
        if extra:
            raise Missing(f"{self.theorem.id} does not assume: {' '.join(map(sentence, extra))}")

    @property
    def _by(self) -> frozenset[Assumption]:
        return self.fact.by | self.times.by

    @property
    def needs(self) -> tuple[Assumption, ...]:
        """What of its assumptions it uses."""
        return tuple(one for one in (self.theorem.about, *self.theorem.given) if one in self._by)

    @property
    def unused(self) -> tuple[Assumption, ...]:
        """What it does not use."""
        return tuple(one for one in (self.theorem.about, *self.theorem.given) if one not in self._by)
