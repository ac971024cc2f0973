"""A proof computed again, in fractions: each sum, product, mean and rule of its facts, and its claim.

``Polynomial`` has no part in it, nor has what a rule computes: a rule's conclusion is computed from its premises.
"""

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import product as pairs

from rac_theory.algebra import Expression, Symbol, fraction, sqrt, symbols_of
from rac_theory.algebra.expression import lifted
from rac_theory.proofs import Proof
from rac_theory.proofs.drawn import Drawn
from rac_theory.proofs.fact import Fact, facts_in
from rac_theory.theorems import Claim
from rac_theory.theorems.rac_lora_gd import e, kappa

from .recomputed_rules import CLIENT_STEPS, CLIENTS, DRAWS, RULES, STEPS

Place = tuple[int, int]
"""A draw, and a client."""


def with_roots(chance: random.Random) -> tuple[Fraction, Fraction]:
    """kappa and 1 - e for which the roots in the rate of T2_tight are fractions."""
    while True:
        kappa, u = Fraction(chance.randint(1, 30), 31), Fraction(chance.randint(1, 30), 31)
        try:
            fraction(lifted(1 - (1 - u**2) * kappa * (1 + kappa) / 2) ** Fraction(1, 2), {})
        except ValueError:
            continue
        return kappa, 1 - u**2


class Numbers:
    """A number for each symbol; for what is drawn one at each place, and their mean for the letter of a mean."""

    def __init__(self, seed: str) -> None:
        chance = random.Random(seed)
        L, (kappa, e) = Fraction(chance.randint(1, 50), 7), with_roots(chance)
        gamma = Fraction(chance.randint(1, 99), 50) / L
        self.constants: dict[str, Fraction] = {
            "L": L, "mu": kappa * L, "gamma": gamma, "lambda_min": e / (gamma * L * (2 - gamma * L)),
            "T": Fraction(STEPS), "j": Fraction(STEPS), "N": Fraction(3), "K": Fraction(CLIENT_STEPS),
        }  # fmt: skip
        # Squares are t_0/(t + t_0) at t = 0, 1 and 2, as y^2 - 2 x^2 = -1 for (5, 7) and (29, 41).
        self.constants |= {
            "t_0": chance.choice([Fraction(1, 24), Fraction(1, 840)]),
            "t": Fraction(chance.randint(0, 2)),
        }
        self.seed, self.letters = seed, {}

    def of(self, one: Symbol, place: Place) -> Fraction:
        if not isinstance(one, Drawn):
            return self.constants.setdefault(one.name, self._random(one.name))
        draw, client = (place[0] if "H" in one.over else 0), (place[1] if "m" in one.over else 0)
        key = (one.name, draw, client)
        return self.letters[key] if key in self.letters else self._random(repr(key))

    def know_means(self, letters: Sequence[Drawn]) -> None:
        """Make the letters of means the means of the letters that they are means of."""
        for letter in letters:
            for draw in ("m", "H"):
                for name in (letter, letter.mean("m")) if draw == "H" and "m" in letter.over else (letter,):
                    self._know_mean(name, draw)

    def _know_mean(self, letter: Drawn, draw: str) -> None:
        if draw not in letter.over:
            return
        for one in range(len(DRAWS)):
            places = [(i, one) for i in range(2)] if draw == "H" else [(one, i) for i in range(2)]
            chances = DRAWS if draw == "H" else CLIENTS
            mean = sum(p * self.of(letter, place) for p, place in zip(chances, places, strict=True))
            key = (letter.mean(draw).name, 0 if draw == "H" else one, one if draw == "H" and "m" in letter.over else 0)
            self.letters[key] = mean

    def value(self, expression: Expression, place: Place = (0, 0)) -> Fraction:
        known = {one.name: self.of(one, place) for one in symbols_of(expression)}
        return fraction(expression, known)

    def _random(self, name: str) -> Fraction:
        return Fraction(random.Random(f"{self.seed} {name}").randint(1, 60), 11)


def key(fact: Fact) -> int:
    """Facts are told apart by what they are, and not by what they say."""
    return id(fact)


class Recomputed:
    """The values of the facts of a proof, by what they are made of."""

    def __init__(self, proof: Proof, numbers: Numbers) -> None:
        self.proof, self.numbers = proof, numbers
        self.facts = list(facts_in(proof.fact, proof.times))
        said = [fact.said for fact in self.facts if fact.said is not None]
        letters = {one for relation in said for one in symbols_of(relation) if isinstance(one, Drawn)}
        numbers.know_means(sorted(letters, key=lambda one: -len(one.over)))
        self.known: dict[tuple[int, Place], Fraction] = {}

    def said(self, fact: Fact, place: Place = (0, 0)) -> Fraction:
        """What it is said to be."""
        left, right = fact.said.terms
        return self.numbers.value(right, place) - self.numbers.value(left, place)

    def made(self, fact: Fact, place: Place = (0, 0)) -> Fraction:
        """What it is made of: a leaf is what it is said to be."""
        if (key(fact), place) not in self.known:
            self.known[key(fact), place] = self._made(fact, place)
        return self.known[key(fact), place]

    def _made(self, fact: Fact, place: Place) -> Fraction:
        if not fact.of:
            return self.said(fact, place) if fact.said is not None else self.numbers.value(fact.value.expression)
        if fact.name.startswith("1 / ("):
            return 1 / self.made(next(iter(fact.of))[0], place)
        if fact.rule:
            return RULES[fact.rule](self, fact, next(iter(fact.of)), place)
        total = Fraction(0)
        for facts, times in fact.of.items():
            for each in facts:
                times *= self.made(each, place)
            total += times
        return total

    def faults(self) -> list[Fact]:
        """The facts that are not what they are said to be."""
        places = list(pairs(range(2), range(2)))
        return [
            one
            for one in self.facts
            if one.said is not None and any(self.said(one, p) != self.made(one, p) for p in places)
        ]

    def best_b(self) -> Fraction:
        """The parameter of T2_tight, by its page."""
        R, Q = (self.numbers.value(sqrt(one)) for one in (1 - e, 1 - e * kappa * (1 + kappa) / 2))
        share = self.numbers.value(kappa)
        return R * (2 + share) / (share * R + 2 * Q)

    def missing(self, claim: Claim | None = None) -> Fraction:
        """The claim of the theorem, or another, times what is positive, less what is proved."""
        claim = claim or self.proof.theorem.claim
        excess = self.numbers.value(claim.bound) - self.numbers.value(claim.metric.expected)
        return excess * self.made(self.proof.times) - self.made(self.proof.fact)
