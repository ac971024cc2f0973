"""A proof from a Lyapunov function that a reader gives: each of its premises is looked for, and what fails is named."""

from collections.abc import Iterable, Iterator, Sequence

from rac_theory.algebra import Expression, Ratio, Symbol, lifted, powers, symbols_of
from rac_theory.base import shown
from rac_theory.proofs.available import available
from rac_theory.proofs.drawn import Drawn, H, drawn_in, mean
from rac_theory.proofs.fact import Fact, read
from rac_theory.proofs.facts import high, low, nothing, one, plus, square
from rac_theory.proofs.induction import COURSES, V2, Psi, iterate, power, telescope
from rac_theory.proofs.missing import Missing, shortened
from rac_theory.proofs.proof import Proof
from rac_theory.proofs.prove import looked_for
from rac_theory.proofs.quantities import G, Gx, Gy, M, V, Vz, Zy, distance, gap
from rac_theory.proofs.schemas import grant
from rac_theory.proofs.shape import plain, same, stepping, weight_of
from rac_theory.statements import Predicate, Theorem, rac_lora_accelerated, rac_lora_momentum
from rac_theory.statements.symbols import T, alpha, distance0, gap0, gap0_upper, lambda_min


def by_potential(theorem: Theorem, potential: Expression, facts: Iterable[Fact] = ()) -> Proof:
    """Return a proof by a potential: that it falls, is at least what is bounded, and begins where the claim does.

    Parameters
    ----------
    theorem : Theorem
    potential : Expression
        A sum of multiples of ``gap``, of distances ``V @ V`` and ``distance``, and of the square of what the algorithm
        keeps, such as ``M @ M``; what they are multiplied by is made of constants.
    facts : iterable of Fact
        What may be used beside what every theorem may.

    Raises
    ------
    Missing
        One sentence that names the premise that was not proved, which does not make the claim false.

    Examples
    --------
    >>> from rac_theory.proofs import V, gap, by_potential
    >>> from rac_theory.theorems import T4_gap
    >>> by_potential(T4_gap, gap)
    <Proof of T4_gap>
    >>> by_potential(T4_gap, 2 * gap)
    Traceback (most recent call last):
    rac_theory.proofs.missing.Missing: psi must begin where the claim does: -(f(W^0) - f*) >= 0 was not found
    """
    if not isinstance(potential, Expression):
        raise ValueError(f"potential must be a sum such as gap + c * (M @ M), got {shown(potential)}")
    about = stepping(theorem)
    if about is None:
        raise Missing(f"what a step is must be known, to follow a potential: it is not of {theorem.about!r}")
    return _Premises(theorem, about, potential, (*available(theorem, facts), *_of_memory(theorem))).proof()


def _of_memory(theorem: Theorem) -> Iterator[Fact]:
    """What is known of what an algorithm keeps, where the theorem assumes what that rests on."""
    facts: list[Fact] = []
    if rac_lora_momentum in theorem.holding:
        projected = [mean(square(H(vector))) for vector in (M, Gx)]
        facts = [high(G - Gx), high(M), square(M), square(Gx), *projected, mean(square(H(M) - H(Gx)))]
        facts += [grant("unbiased_ahead", vector) for vector in (G, M * -1)]
    if rac_lora_accelerated in theorem.holding:
        at_Y = Vz - Zy
        facts = [grant("straight", Vz - Zy * alpha, Gy), grant("spread", Gy), square(at_Y), mean(square(H(Gy)))]
        facts += [grant("norm_is_positive", vector) for vector in (Vz, Zy, at_Y)] + [grant("norm", at_Y), low(Gy)]
    return (fact for fact in facts if fact.by <= theorem.holding)


class _Premises:
    """What a potential is asked, one after another."""

    def __init__(self, theorem: Theorem, about: Predicate, psi: Expression, facts: Sequence[Fact]) -> None:
        self.theorem, self.facts = theorem, facts
        bound = theorem.claim.bound
        if not isinstance(bound, Expression):
            raise Missing("the bound is a function, and nothing but an expression can be proved")
        self.bound, self.left = bound, theorem.metric.expected
        self.psi = Psi(about, psi, self._start())
        self.after = self.psi.after  # refused here, if psi is no such sum

    def _start(self) -> Symbol:
        starts = [start for start in COURSES if start in symbols_of(self.bound)]
        ending = [start for start in starts if COURSES[start].at_last == self.left]
        if not starts:
            raise Missing("the bound has nothing that is known at W^0, such as f(W^0) - f*")
        return (ending or starts)[0]

    def proof(self) -> Proof:
        """Return the proof."""
        self.psi = self._begun()
        summed, of = weight_of(self.left)
        if summed is not None and summed == lifted(1):
            return self._added(of)
        if self.left != COURSES[self.psi.start].at_last:
            raise Missing(f"no potential is followed to {self.left!r}")
        return self._iterated()

    def _begun(self) -> Psi:
        """How much psi is of each at first, with the distance in the norm of the inverse of E[H] at its most."""
        psi, memory = self.psi.value, None if self.psi.kept is None else self.psi.kept[0]
        parts = [state for state in (gap, distance, V2, memory) if state is not None]
        share = {state: psi.at({term: lifted(int(term == state)) for term in parts}) for state in parts}
        most, below = dict[Symbol, Fact](), nothing
        has_star = not read(share[distance]).is_zero
        moves = self._asked(lambda_min, "lambda_min must be positive", strict=True) if has_star else one
        start = self.psi.start if self.psi.start != distance0 else gap0
        for of, size in ((start, share[gap]), (distance0, share[V2] + share[distance] / lambda_min)):
            if not read(size).is_zero:
                most[of] = self._asked(size, f"how much of {COURSES[of].x!r} is in psi must not be negative")
        if has_star:
            part = self._asked(share[distance], f"how much of {distance!r} is in psi must not be negative")
            below = part / moves * grant("norm", V)
        of_kept = nothing if memory is None or read(share[memory]).is_zero else None
        if of_kept is None:
            of_kept = self._asked(share[memory], f"how much of {memory!r} is in psi must not be negative")  # type: ignore[index]
        return self.psi._replace(most=most, below=below, share=of_kept)

    def _iterated(self) -> Proof:
        decay, rest = self._split()
        rho = plain(decay.at({T: 1}) / decay.at({T: 0}))
        e = plain(rest.at({T: 1}))
        if not (same(decay, rho**T * decay.at({T: 0})) and same(rest, powers(rho, 0, T - 1) * e)):
            raise Missing("the bound must be rho^T times what is known at first, and what (1 + ... + rho^(T-1)) e adds")
        factor = self._asked(rho, "the factor of a step must not be negative")
        x = COURSES[self.psi.start].x
        above = self._asked(self.psi.value - x, f"psi must be at least {x!r}")
        step = self._asked(rho * self.psi.value + e - self.after, "psi must fall in a step, on average")
        fact = iterate(step, factor, self.psi, above)
        spare = plain(decay.at({T: 0}) - self.psi.at_first)
        begins = self._asked(spare, "psi must begin where the claim does")
        return Proof(self.theorem, fact + power(factor, T) * begins if not read(spare).is_zero else fact, one)

    def _added(self, of: Expression) -> Proof:
        decay, rest = self._split()
        first_term, e_over = plain(decay * T), plain(rest)
        if T in symbols_of(first_term, e_over):
            raise Missing("the bound of a mean must be what is known at first over T, and a number that noise adds")
        theta = plain(self.psi.at_first / first_term)
        if {*COURSES} & {*symbols_of(theta)}:
            raise Missing(
                f"psi must begin where the claim does: {self.psi.at_first!r} is no multiple of {first_term!r}"
            )
        slope = self._asked(theta, "how much of a squared gradient a step pays must be positive", strict=True)
        above = self._asked(self.psi.value, "psi must not be negative")
        goal = self.psi.value + theta * e_over - theta * of - self.after
        step = self._asked(goal, "psi must fall in a step, on average")
        return Proof(self.theorem, telescope(step, one, slope, self.psi, above, of), slope * plus[T])

    def _split(self) -> tuple[Expression, Expression]:
        """What of the bound is known at W^0, and what is left without it."""
        rest = plain(self.bound.at(dict.fromkeys((gap0, gap0_upper, distance0), lifted(0))))
        return plain(self.bound - rest), rest

    def _asked(self, value: Expression, premise: str, *, strict: bool = False) -> Fact:
        """The fact that a value is not negative, or positive."""
        known = sorted(self._about(read(value)), key=lambda fact: strict and not fact.strict)  # of two about one number
        fact = nothing if read(value).is_zero else looked_for(value, known)
        if fact is None or (strict and not fact.strict):
            raise Missing(f"{premise}: {shortened(read(value))} {'>' if strict else '>='} 0 was not found")
        return fact

    def _about(self, value: Ratio) -> tuple[Fact, ...]:
        """The facts about constants, and those about what a value is about, or what such a fact is about."""
        letters, more = set[Drawn](), drawn_in(value)
        while more - letters:
            letters |= more
            more = set().union(
                *(drawn for drawn in map(drawn_in, (fact.value for fact in self.facts)) if drawn & letters)
            )
        return tuple(fact for fact in self.facts if drawn_in(fact.value) <= letters)
