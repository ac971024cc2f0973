"""check_chain: whether a trainer that merges its adapter and begins anew does what a chain of low-rank steps does, and
whether each link has a sketch of its own, independent of those before and of what was trained.
"""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, Literal

import numpy as np

from rac_theory.base.checks import Array, finite, integer, one_of
from rac_theory.numerics import cosine, exchanged, overlap, unfair
from rac_theory.testing.failures import Refuted
from rac_theory.testing.trainers.merging import check_drift, check_frozen, check_memory, check_merge, check_scale
from rac_theory.testing.trainers.trainer import Link, Snapshot, Trainer, of


def check_chain(
    new: Callable[[int], Any],
    train: Callable[[Any, int], Any],
    merge: Callable[[Any], Any],
    outputs: Callable[[Any], Any],
    *,
    adapter: Callable[[Any], Any] | None = None,
    weights: Callable[[Any], Any] | None = None,
    moments: Callable[[Any], Any] | None = None,
    frozen: Literal["A", "B"] | None = None,
    pruned: float = 1.0,
    steps: int = 3,
    merges: int = 64,
    alpha: float = 1e-6,
    rng: int = 0,
) -> None:
    """Raise ``Refuted``, an ``AssertionError`` of one sentence, if a trainer breaks what its chain rests on.

    The trainer is a few functions of a state, which they change in place or return anew. Arrays may be of NumPy,
    PyTorch, JAX or any library whose arrays convert to NumPy. Two chains are run, of two seeds. Of what is not shown
    nothing is tested:

    * ``outputs``: a merge preserves the function, up to rounding; the training of a link moves it;
    * ``adapter``: each link has a sketch of its own, other than those of other links, layers and seeds, and independent
      of the link before; at its start a factor is not zero. A merge leaves its scale alone, and training the factor
      that is ``frozen``. A cause is looked for, if the function moves;
    * ``weights``, with ``adapter``: they gain the product in each merge, and in all of them what the adapters learned;
    * ``moments``: nothing of them is left, nor the counter that they are corrected by.

    Parameters
    ----------
    new : function of a seed
        A model with an adapter and its optimiser, all of whose draws, those of ``merge`` too, go by the seed.
    train : function of a state and a number of steps
        Steps of the optimiser on the adapter.
    merge : function of a state
        Folds the adapter into the weights, and begins the next link.
    outputs : function of a state
        Values of the model on fixed inputs, an array of any shape, without dropout.
    adapter : function of a state
        (B, A), (B, A, scale) or their product ``scale B A``, which has the shape of the weights, or a dict of these by
        layer. A sketch is a factor that is not zero when a link begins.
    weights : function of a state
        The matrix that is merged into, without the adapter, or a dict by layer, in the number type in which it is kept.
    moments : function of a state
        What the optimiser remembers: arrays, in dicts, tuples and dataclasses, such as
        ``optimizer.state_dict()["state"]`` of PyTorch or a state of optax.
    frozen : "A", "B" or None
        The factor that no step of a link may move, where there is one, as A in the chains that theorems are about.
    pruned : float
        The share of their entries that a merge makes zero; 1 is a reset, ReLoRA prunes 0.9 to 0.999 of them.
    steps, merges : int
        Steps between merges, and merges of each chain.
    alpha : float
        Probability with which a right trainer fails the test of independence, the only one that is about chance.
    rng : int
        Seed of the first chain; the second has the next one.

    Raises
    ------
    Refuted
        With the numbers, the likely cause and the arrays.
    ValueError
        If a function shows what nothing can be read from, or training moves too little to be told from rounding.

    Notes
    -----
    A merge may move the outputs by 32 units of their type, or of that of the weights or the adapter if it is coarser:
    sums are reordered, and weights rounded. For bfloat16 this is an eighth of the outputs; ``weights`` see more.

    Independence is tested by the signs of how much more each new sketch is like its own past than like that of the
    other chain, which are fair coins whatever the law of the sketch. With 64 merges at alpha 1e-6 a part 0.25 of the
    sketch before, in a sketch of 24 entries, was seen in 194 of 200 pairs of chains; below 24 merges nothing can be.
    Layers are compared in the same way, by their numbers in the order of their entries: a generator of one seed is seen
    whatever the shapes and scales of the layers, and so was a part 0.8 of it, in three layers of 12 entries, in 20 of
    20 pairs.

    Of 64 merges of weights in low precision what is lost is reported where five standard deviations of roundings
    without bias, and twice one rounding of the final weights, do not explain it: master weights in float32, sums that
    are compensated and stochastic rounding pass. Noise that is not along what was learned is less than twice what
    roundings without bias make, and passes.

    Where it went wrong: the reset of axolotl's ReLoRA zeroed nothing (axolotl-ai-cloud/axolotl, pull requests 1414 and
    3646, seen), merges in PEFT were not idempotent (huggingface/peft 1355, seen), bfloat16 drifts when merged again and
    again (huggingface/trl 6688, seen), both factors of an adapter were zero after a reset (NovaSky-AI/SkyRL 852, seen).

    Examples
    --------
    A chain on W, (6, 4), with a fresh B in each link and gradient steps on A. It forgets the scale when it merges.

    >>> import numpy as np
    >>> from rac_theory.testing import Refuted, check_chain
    >>> def new(seed):
    ...     rng = np.random.default_rng(seed)
    ...     return {"rng": rng, "W": np.ones((6, 4)), "B": rng.normal(size=(6, 2)), "A": np.zeros((2, 4)), "scale": 2.0}
    >>> def train(s, steps):
    ...     for _ in range(steps):
    ...         s["A"] = s["A"] - 0.01 * s["scale"] * s["B"].T @ (s["W"] + s["scale"] * s["B"] @ s["A"])
    >>> def merge(s):
    ...     s["W"] = s["W"] + s["B"] @ s["A"]
    ...     s["B"], s["A"] = s["rng"].normal(size=(6, 2)), np.zeros((2, 4))
    >>> def outputs(s):
    ...     return s["W"] + s["scale"] * s["B"] @ s["A"]
    >>> try:
    ...     check_chain(new, train, merge, outputs, adapter=lambda s: (s["B"], s["A"], s["scale"]))
    ... except Refuted as error:
    ...     print(str(error).partition(", rounding")[0])
    ...     print(str(error).partition(", as if ")[2].partition(", at")[0])
    merge must preserve the function: in link 1 the outputs moved by 0.5 of what the adapter contributed
    its scale 2 was forgotten
    """
    finite("pruned", pruned, above=0, below=1 + 1e-15)
    finite("alpha", alpha, above=0, below=1)
    integer("steps", steps, 1)
    integer("merges", merges, 2)
    if frozen is not None:
        one_of("frozen", frozen, ("A", "B"))
        if adapter is None:
            raise ValueError(f"frozen must be None where adapter= shows no factors, got {frozen!r}")
    trainer = Trainer(new, train, merge, outputs, adapter, weights, moments)
    _check_outputs(trainer, rng)
    chains: list[list[Link]] = []
    for seed in (rng, rng + 1):
        links: list[Link] = []
        for link in trainer.chain(seed, steps, merges):
            if frozen is not None:
                check_frozen(link, frozen)
            check_merge(link)
            check_scale(link)
            if moments is not None:
                check_memory(link, pruned)
            links.append(link)
        check_drift(links)
        chains.append(links)
    check_fresh(chains[0], chains[1], alpha)


def _check_outputs(trainer: Trainer, seed: int) -> None:
    """They are a function of the state, also once an adapter that began at zero is there to be dropped."""
    state = trainer.new(seed)
    if state is None:
        raise ValueError("new(seed) must return a state, got None (a missing return statement?)")
    for at in (state, trainer.trained(state, 1)):
        first, second = trainer.snapshot(at), trainer.snapshot(at)
        if not np.array_equal(first.outputs, second.outputs):
            off = float(np.linalg.norm(first.outputs - second.outputs) / np.linalg.norm(first.outputs))
            raise Refuted(
                f"outputs must be a function of the state: two calls differ by {off:.3g} of their norm; is there "
                "dropout (model.eval() turns it off), or are inputs drawn anew?"
            )


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
