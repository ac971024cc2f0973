"""Whether each link has a sketch of its own, independent of those before and of what was trained."""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.numerics import cosine, exchanged, overlap, unfair
from rac_theory.testing.failures import Refuted
from rac_theory.testing.trainers.trainer import Link, Snapshot, of

_COINS = 20  # links that a repetition of few values must last: of even coins one in a million does
_SHIFTS = 8  # links by which a layer may follow another one
_WAYS = 7  # three pasts by two likenesses, and layers
_SEEN = 4096  # numbers of a sketch in which it is compared with that of another layer


def check_fresh(chain: Sequence[Link], reseeded: Sequence[Link], alpha: float) -> None:
    """Raise ``Refuted`` if sketches repeat each other, in links, layers or seeds, or depend on what came before.

    A sketch is a factor that is not zero when a link begins. The two chains are of two seeds.
    """
    drawn = _drawn(chain)
    sketches = {key: _starts(chain, key) for key in drawn}
    _check_links(sketches)
    _check_layers(sketches)
    for key in drawn:
        if _equal(sketches[key], _starts(reseeded, key)):
            raise Refuted(
                f"new(seed) must lead to sketches of its own: two seeds have the same {key[1]}{of(key[0])} after all "
                f"{len(chain)} merges, is the seed used, and by what merge draws?"
            )
    _check_past((chain, reseeded), drawn, alpha)
    _check_apart((chain, reseeded), drawn, alpha)


def _drawn(links: Sequence[Link]) -> list[tuple[str, str]]:
    """Layers and factors that are drawn: those that no merge leaves at zero."""
    adapters = links[0].begin.adapters
    return [
        (layer, factor)
        for layer, adapter in adapters.items()
        for factor in adapter.factors
        if all(link.after.adapters[layer].factors[factor].any() for link in links)
    ]


def _starts(links: Sequence[Link], key: tuple[str, str]) -> list[Array]:
    """What merges have drawn; the first sketch comes from elsewhere, and may differ where all others are the same."""
    return [link.after.adapters[key[0]].factors[key[1]] for link in links]


def _equal(some: Sequence[Array], others: Sequence[Array]) -> bool:
    """Whether all are equal, pair by pair, and so many that chance does not make it.

    Entries that are nearly all of different size come from a law that repeats none; others, as signs and coordinates,
    may be drawn again.
    """
    is_discrete = len(some) > 0 and 2 * len(np.unique(np.abs(some[0]))) <= some[0].size
    return len(some) >= (_COINS if is_discrete else 1) and all(map(np.array_equal, some, others))


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
    for ((layer, factor), S), ((layer_2, factor_2), K) in combinations(sketches.items(), 2):
        for lag in range(-_SHIFTS, _SHIFTS + 1):
            if lag and len(S) < 2 * _SHIFTS:
                continue
            first, second = (S[lag:], K[: len(K) - lag]) if lag >= 0 else (S[:lag], K[-lag:])
            if _equal(first, second):
                when = "in the same link" if lag == 0 else f"{abs(lag)} links apart"
                raise Refuted(
                    f"each layer must have a sketch of its own: {factor}{of(layer)} and {factor_2}{of(layer_2)} are "
                    f"the same, {when}, in {len(first)} links; is a generator seeded for each layer?",
                    sketch=first[0],
                )


def _check_past(chains: tuple[Sequence[Link], ...], drawn: list[tuple[str, str]], alpha: float) -> None:
    """What is drawn in a merge is compared with what was there, all layers together, by its entries and its range."""
    merges = len(chains[0])
    for what, past in _PASTS.items():
        for how, alike in {"entries": cosine, "range": overlap}.items():
            differences = np.zeros(merges)
            for layer, factor in drawn:
                before = [np.stack([past(link, layer, factor) for link in chain]) for chain in chains]
                new = [np.stack([_factor(link.after, layer, factor) for link in chain]) for chain in chains]
                if before[0].shape == new[0].shape:
                    differences += exchanged(before[0], before[1], new[0], new[1], alike)
            share = unfair(differences, alpha / _WAYS)
            if share is not None:
                raise Refuted(
                    f"merge must draw a sketch that is independent of {what}: by its {how} it is more like that than "
                    f"like that of another seed in {share:.0%} of {merges} links, chance makes a half; is it drawn "
                    "anew in each merge?"
                )


def _check_apart(chains: tuple[Sequence[Link], ...], drawn: list[tuple[str, str]], alpha: float) -> None:
    """What layers draw in a merge is compared with each other, number by number in the order of their entries, in which
    a generator of the same seed repeats itself whatever the shapes and scales are."""
    pairs = list(combinations(drawn, 2))
    flat = {key: [_numbers(chain, key) for chain in chains] for key in drawn}
    for first, second in pairs:
        k = min(flat[key][0].shape[-1] for key in (first, second))
        old, new = ([S[..., :k] for S in flat[key]] for key in (first, second))
        share = unfair(exchanged(old[0], old[1], new[0], new[1], cosine), alpha / (_WAYS * len(pairs)))
        if share is not None:
            raise Refuted(
                f"each layer must have a sketch of its own: {second[1]}{of(second[0])} is more like {first[1]}"
                f"{of(first[0])} than like that of another seed in {share:.0%} of {len(chains[0])} links, chance makes "
                "a half; is a generator seeded for each layer?",
                sketch=new[0][0],
            )


def _numbers(links: Sequence[Link], key: tuple[str, str]) -> Array:
    """The first numbers of what merges have drawn, each link a matrix of one row: (links, 1, numbers)."""
    return np.stack([M.reshape(1, -1)[:, :_SEEN] for M in _starts(links, key)])


def _factor(snapshot: Snapshot, layer: str, factor: str) -> Array:
    """A factor with its rank along the columns."""
    matrix = snapshot.adapters[layer].factors[factor]
    return matrix if factor == "B" else matrix.T


_PASTS: dict[str, Callable[[Link, str, str], Array]] = {
    "the sketch before": lambda link, layer, factor: _factor(link.begin, layer, factor),
    "the sketch before, as it was trained": lambda link, layer, factor: _factor(link.end, layer, factor),
    "the factor that was trained": lambda link, layer, factor: _factor(link.end, layer, "A" if factor == "B" else "B"),
}
"""What a sketch may depend on and must not; the last where it has the shape of the sketch."""
