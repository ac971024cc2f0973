"""The rules by which facts follow. A member holds all that others ask of one: what it is called, how the independent
checker and Coq are told, what it asks of which facts in words, and of which facts nothing is said.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Self

_Words = Callable[..., str]


def _iterated(step: str, rho: str, above: str, below: str) -> str:
    ends = f"; psi is at least what is followed{_by(above)}, and {_at_first(below)}" if above else ""
    return f"from {step}, step after step; its factor is not negative{_by(rho)}{ends}"


def _telescoped(step: str, growth: str, end: str, below: str) -> str:
    first = f", the first {_at_first(below)}" if below else ""
    last = f"what is between cancels, the last is not negative{_by(end)}{first}"
    if not growth:
        return f"from {step} at W^0, ..., W^{{T-1}}, added; {last}"
    weights = f"w = 1 / growth > 0{_by(growth)}"
    return f"from {step} at each W^t times w^{{t+1}}, added; {weights}, {last}"


def _accumulated(step: str) -> str:
    return f"from {step} at each W^t for j = T - 1 - t, added; gaps between cancel, and the last is multiplied by 0"


def _gathered(step: str, end: str) -> str:
    return f"from {step} at each W^t, added; the largest gap is at most what bounds it with it{_by(end)}"


def _weighed(step: str) -> str:
    return f"from {step} at each W^t, added; gaps between cancel"


def _potential(step: str, falls: str, above: str, below: str) -> str:
    bounds = {"last": above, "first": below}
    ends = [f"the {which} potential is bounded{_by(label)}" for which, label in bounds.items() if label]
    return "; ".join([f"from {step}, added; no gap rises{_by(falls)}, so that the last is the least", *ends])


def _at_first(below: str) -> str:
    return f"at most what is known at first{_by(below)}"


def _drifted(step: str) -> str:
    return f"from {step}, step after step from ||W_0 - W|| = 0, and the mean over k < K"


def _in_both(below: str, above: str) -> str:
    if below == above:
        return f"from {below} in both cases"
    return f"from {below} in the one case, from {above} in the other"


def _instance(called: str, fact: str, *premises: str) -> str:
    *met, last = premises
    return f"from {fact} {called.replace('For', 'for', 1)}, of which {', '.join(met)} and {last} say what it asks"


def _by(label: str) -> str:
    return f" by {label}" if label else ""


def _of(label: str) -> str:
    return f" of {label}" if label else ""


class Rule(Enum):
    """A rule.

    Attributes
    ----------
    value : str
        What it is called.
    checked : str
        What it is in a file: the name of a rule of the checker, and what is written beside it.
    coq : str
        The module and the function that write its lemma for Coq.
    silent : tuple of int
        Which of its facts only say that a number is not negative by which lines are multiplied.

    Examples
    --------
    >>> from rac_theory.proofs.rules import Rule
    >>> Rule.ITERATE.checked, Rule.ITERATE.words("", ["(1)", "(2)", "", ""])
    ('iterate start psi', 'from (1), step after step; its factor is not negative by (2)')
    """

    checked: str
    coq: str
    silent: tuple[int, ...]
    _said: _Words

    ITERATE = "Iterated", "iterate start psi", "iterations:iterated", _iterated, (4, 5, 6)
    TELESCOPE = (
        "Weighted and added",
        "telescope start psi at part",
        "iterations:telescoped",
        _telescoped,
        (2, 5, 6, 7),
    )
    ACCUMULATE = "Added from the last step on", "accumulate start j", "iterations:accumulated", _accumulated, (1,)
    GATHER = "Added, with what noise lets grow", "gather start", "iterations:gathered", _gathered, (1, 2, 3, 4, 5, 6, 7)
    WEIGH = "Added, with weights that grow", "weigh start", "iterations:weighed", _weighed, (1,)
    POTENTIAL = "A potential", "potential start psi p", "iterations:potential", _potential, (3, 5, 6, 7)
    DRIFT = "Iterated, and the mean over k", "drifted push", "iterations:drifted", _drifted, (1,)
    LAST = "At W^T", "lasting start", "rules:lasting", lambda end: f"from {end}, on average at W^T"
    SQUARES = (
        *("Squares over t", "squares at", "rules:squares"),
        lambda weights, squares: f"as a sum over t < T of squares times what is not negative{_by(weights)}",
    )
    SUM = "A sum over t", "sign", "iterations:some", lambda of: f"as a sum over t < T of what is positive{_by(of)}"
    POWER = "A power", "sign", "rules:power", lambda base, *whole: f"as a power{_of(base)}"
    POWERS = "A sum of powers", "sign", "rules:power", lambda base: f"as a sum of powers{_of(base)}"
    WEIGHTS = "A sum of weights", "sign", "rules:weights", lambda base: f"as a sum of powers{_of(base) or ' of 1'}"
    ROOT = "A root", "sign", "rules:root", lambda of: f"as the root of {of}"
    GIVEN = (
        *("What is given", "instance ()", "rules:given"),
        lambda fact, proof: f"from {fact}, where what it asks is so{_by(proof)}",
    )
    MEAN_OVER_H = "Mean over H", "mean H", "means:averaged", lambda fact: f"from {fact}, on average over H"
    MEAN_OVER_M = "Mean over m", "mean m", "means:averaged", lambda fact: f"from {fact}, on average over clients"
    CASES = "In both cases", "cases split", "rules:cases", _in_both
    INSTANCE = "For one number", "instance place", "rules:instance", _instance

    def __new__(cls, called: str, checked: str, coq: str, said: _Words, silent: tuple[int, ...] = ()) -> Self:
        """Make a member, whose value is what it is called."""
        rule = object.__new__(cls)
        rule._value_ = called
        rule.checked, rule.coq, rule.silent, rule._said = checked, coq, silent, said
        return rule

    def words(self, called: str, labels: Sequence[str]) -> str:
        """Say by what rule something follows, and from which facts; one whose label is empty is a number."""
        return self._said(*((called,) if self is Rule.INSTANCE else ()), *labels)


MEANS: Mapping[str, Rule] = {"H": Rule.MEAN_OVER_H, "m": Rule.MEAN_OVER_M}
"""By what is drawn, the mean over it."""
