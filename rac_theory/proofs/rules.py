"""The rules by which facts follow in words: what each asks, and of which facts."""

from collections.abc import Callable, Mapping, Sequence

_Words = Callable[..., str]


def _iterated(step: str, rho: str) -> str:
    return f"from {step}, step after step; its factor is not negative{_by(rho)}"


def _settled(step: str, rho: str, floor: str, enough: str) -> str:
    if not floor and not enough:
        return _iterated(step, rho)
    kept = f"a step from it ends no higher{_by(enough)}" if enough else "a step from it ends at it"
    signs = f"neither is its factor negative{_by(rho)}, nor the floor{_by(floor)}"
    return f"from {step}, step after step; {signs}, and {kept}"


def _telescoped(step: str, growth: str, end: str) -> str:
    last = f"the last gap is not negative{_by(end)}"
    if not growth:
        return f"from {step} at W^0, ..., W^{{T-1}}, added; gaps between cancel, {last}"
    weights = f"w = 1 / growth > 0{_by(growth)}"
    return f"from {step} at each W^t times w^{{t+1}}, added; {weights}, gaps between cancel, {last}"


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


def _drifted(step: str) -> str:
    return f"from {step}, step after step from ||W_0 - W|| = 0, and the mean over k < K"


def _in_both(one: str, other: str) -> str:
    if one == other:
        return f"from {one} in both cases"
    return f"from {one} in the one case, from {other} in the other"


WORDS: Mapping[str, _Words] = {
    "Iterated": _iterated,
    "Iterated down to a floor": _settled,
    "Weighted and added": _telescoped,
    "Added from the last step on": _accumulated,
    "A potential": _potential,
    "Iterated, and the mean over k": _drifted,
    "Added, with what noise lets grow": _gathered,
    "Added, with weights that grow": _weighed,
    "A sum over t": lambda of: f"as a sum over t < T of what is positive{_by(of)}",
    "A power": lambda base, *whole: f"as a power{_of(base)}",
    "At W^T": lambda end: f"from {end}, on average at W^T",
    "Squares over t": lambda weights, squares: (
        f"as a sum over t < T of squares times what is not negative{_by(weights)}"
    ),
    "What is given": lambda fact, proof: f"from {fact}, where what it asks is so{_by(proof)}",
    "A root": lambda of: f"as the root of {of}",
    "A sum of powers": lambda base: f"as a sum of powers{_of(base)}",
    "A sum of weights": lambda base: f"as a sum of powers{_of(base) or ' of 1'}",
    "Mean over H": lambda fact: f"from {fact}, on average over H",
    "Mean over m": lambda fact: f"from {fact}, on average over clients",
    "cases": _in_both,
}


SILENT: Mapping[str, tuple[int, ...]] = {
    "Weighted and added": (2,),
    "Added from the last step on": (1,),
    "Added, with what noise lets grow": (1, 2, 3, 4, 5, 6, 7),
    "Added, with weights that grow": (1,),
    "A potential": (4, 5, 6),
    "Iterated, and the mean over k": (1,),
}
"""Which facts of a rule only say that a number is not negative by which lines are multiplied."""


def words(rule: str, labels: Sequence[str]) -> str:
    """Say by what rule something follows, and from which facts; one whose label is empty is a number."""
    if rule in WORDS:
        return WORDS[rule](*labels)
    fact, *met, last = labels
    return f"from {fact} {rule.replace('For', 'for', 1)}, of which {', '.join(met)} and {last} say what it asks"


def _by(label: str) -> str:
    return f" by {label}" if label else ""


def _of(label: str) -> str:
    return f" of {label}" if label else ""
