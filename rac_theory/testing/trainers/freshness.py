"""Whether each link has a sketch of its own, independent of those before and of what was trained."""

from collections.abc import Callable, Sequence
from itertools import combinations, product

import numpy as np

from rac_theory.numerics.linalg import orthonormal_range
from rac_theory.problems.checks import Array
from rac_theory.testing.refuted import Refuted
from rac_theory.testing.trainers.signs import cosine, exchanged, unfair
from rac_theory.testing.trainers.trainer import Link, of

_FEWEST = 3  # links that a repetition must last: an even coin repeats a draw of one entry so often in one of four
_SHIFTS = 8  # links by which a layer may follow another one
_WAYS = 6  # three pasts, two likenesses


def check_fresh(one: Sequence[Link], other: Sequence[Link], alpha: float) -> None:
    """Raise ``Refuted`` if sketches repeat each other, in links, layers or seeds, or depend on what came before.

    A sketch is a factor that is not zero when a link begins. ``one`` and ``other`` are chains of two seeds.
    """
    drawn = _drawn(one)
    sketches = {key: _starts(one, key) for key in drawn}
    _check_links(sketches)
    _check_layers(sketches)
    for key in drawn:
        if _equal(sketches[key], _starts(other, key)):
            raise Refuted(
                f"new(seed) must draw its own sketches: two seeds have the same {key[1]}{of(key[0])} in all "
                f"{len(one)} links, is the seed used, and by what merge draws?"
            )
    _check_past(one, other, drawn, alpha)


def _drawn(links: Sequence[Link]) -> list[tuple[str, str]]:
    """Layers and factors that are drawn: those that no link begins with zero."""
    adapters = links[0].begin.adapters
    return [
        (layer, factor)
        for layer, one in adapters.items()
        for factor in one.factors
        if all(link.begin.adapters[layer].factors[factor].any() for link in links)
    ]


def _starts(links: Sequence[Link], key: tuple[str, str]) -> list[Array]:
    return [link.begin.adapters[key[0]].factors[key[1]] for link in links]


def _equal(some: Sequence[Array], others: Sequence[Array]) -> bool:
    return len(some) >= _FEWEST and all(map(np.array_equal, some, others))


def _check_links(sketches: dict[tuple[str, str], list[Array]]) -> None:
    for (layer, factor), S in sketches.items():
        for lag in range(1, len(S)):
            if _equal(S[lag:], S[:-lag]):
                after = "the one before" if lag == 1 else f"that of {lag} links before"
                raise Refuted(
                    f"merge must draw a fresh sketch: in {len(S) - lag} links {factor}{of(layer)} is {after}; is it "
                    "drawn anew, and its generator seeded once, in new?",
                    sketch=S[0],
                )


def _check_layers(sketches: dict[tuple[str, str], list[Array]]) -> None:
    for (one, S), (other, K) in combinations(sketches.items(), 2):
        for lag in range(-_SHIFTS, _SHIFTS + 1):
            if lag and len(S) < 2 * _SHIFTS:
                continue
            first, second = (S[lag:], K[: len(K) - lag]) if lag >= 0 else (S[:lag], K[-lag:])
            if _equal(first, second):
                when = "in the same link" if lag == 0 else f"{abs(lag)} links apart"
                raise Refuted(
                    f"each layer must have a sketch of its own: {one[1]}{of(one[0])} and {other[1]}{of(other[0])} are "
                    f"the same, {when}, in {len(first)} links; is a generator seeded for each layer?",
                    sketch=first[0],
                )


def _check_past(one: Sequence[Link], other: Sequence[Link], drawn: list[tuple[str, str]], alpha: float) -> None:
    pasts: dict[str, Callable[[Link, tuple[str, str]], Array]] = {
        "the sketch before": lambda link, key: link.begin.adapters[key[0]].factors[key[1]],
        "the sketch before, as it was trained": lambda link, key: link.end.adapters[key[0]].factors[key[1]],
        "the factor that was trained": _trained,
    }
    for (what, past), (alike, how) in product(pasts.items(), ((cosine, "entries"), (_overlap, "range"))):
        differences = np.zeros(len(one))
        for k, (link, there) in enumerate(zip(one, other, strict=True)):
            for key in drawn:
                before, beside = past(link, key), past(there, key)
                new, new_there = (_sketch(after.after.adapters[key[0]].factors[key[1]], key) for after in (link, there))
                before, beside = _sketch(before, key), _sketch(beside, key)
                if before.shape == new.shape:
                    differences[k] += exchanged(before, beside, new, new_there, alike)
        share = unfair(np.where(np.abs(differences) > 1e-9, differences, 0.0), alpha / _WAYS)
        if share is not None:
            raise Refuted(
                f"merge must draw a sketch that is independent of {what}: by its {how} it is more like that than like "
                f"that of another seed in {share:.3g} of {np.count_nonzero(differences)} links, chance makes a half"
            )


def _trained(link: Link, key: tuple[str, str]) -> Array:
    """The other factor, turned so that its rank is where that of the sketch is."""
    return link.end.adapters[key[0]].factors["A" if key[1] == "B" else "B"].T


def _sketch(factor: Array, key: tuple[str, str]) -> Array:
    """A factor with its rank along the columns."""
    return factor if key[1] == "B" else factor.T


def _overlap(S: Array, K: Array) -> float:
    if not (S.any() and K.any()):
        return 0.0
    Q, P = (orthonormal_range(one[None])[0] for one in (S, K))
    shared: Array = Q.T @ P
    return float(np.sum(np.square(shared))) / S.shape[1]
