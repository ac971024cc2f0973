"""Whether merges preserve the function, keep in weights what was learned, and reset what the optimiser remembers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.testing.failures import Refuted
from rac_theory.testing.trainers.arrays import FORMATS, Format
from rac_theory.testing.trainers.trainer import COUNTERS, Link, of

_ROUNDINGS = 32.0  # of the size of the outputs, that a merge may move them by: weights are rounded, and sums reordered
_VISIBLE = 4.0  # times that, what the training of a link must move them by
_ROUNDING = 1e-9  # as 1 - 0.9 is less than a tenth
_NEAR = 0.1  # that a multiple may be off by, to be called by its name
_ONE = 2.0  # times what one rounding takes away: a sum that is compensated may be off by one rounding more
_DEVIATIONS = 5.0  # of roundings without bias, which make more with probability 6e-7
_OWN = 4.0  # roundings of double precision in each merge: of a product and of sums, here and in the trainer


def check_merge(link: Link) -> None:
    """Raise ``Refuted`` if the function moves, with the likely cause; ``ValueError`` if that could not be seen."""
    _check_training(link)
    y0, y1, y2 = link.begin.outputs, link.end.outputs, link.after.outputs
    if y1.shape != y2.shape or y0.shape != y1.shape:
        raise ValueError(
            f"outputs(state) must keep its shape, got {y0.shape}, {y1.shape} and {y2.shape}: fixed inputs?"
        )
    contributed, moved = float(np.linalg.norm(y1 - y0)), float(np.linalg.norm(y2 - y1))
    unit = max(link.end.unit, link.after.unit)
    rounding = _ROUNDINGS * unit * float(max(np.linalg.norm(y1), np.linalg.norm(y0)))
    if contributed >= _VISIBLE * rounding:
        if moved > rounding:
            raise Refuted(
                f"merge must preserve the function: in link {link.number} the outputs moved by "
                f"{moved / contributed:.3g} of what the adapter contributed, rounding allows "
                f"{rounding / contributed:.1g}{_cause(link)}",
                before=y1,
                after=y2,
            )
    elif link.number == 1 and not (link.end.weights and link.end.adapters):
        raise ValueError(
            f"train(state, steps) must move the outputs by more than rounding does: they moved by {contributed:.3g}, "
            f"and a merge may move them by {rounding:.3g}; take more steps, or give weights= and adapter="
        )
    _check_weights(link)


def check_frozen(link: Link, factor: str) -> None:
    """Raise ``Refuted`` if training has moved a factor that is frozen; ``ValueError`` if no factor is shown."""
    for layer, adapter in link.begin.adapters.items():
        if factor not in adapter.factors:
            raise ValueError(f"adapter(state) must give (B, A) for frozen={factor!r}, got their product{of(layer)}")
        before, after = adapter.factors[factor], link.end.adapters[layer].factors[factor]
        if not np.array_equal(before, after):
            moved = float(np.linalg.norm(after - before) / max(float(np.linalg.norm(before)), 1e-300))
            raise Refuted(
                f"train must leave {factor} frozen, as is declared: in link {link.number} {factor}{of(layer)} moved by "
                f"{moved:.3g} of its norm; does the optimiser hold it?",
                before=before,
                after=after,
            )


def check_scale(link: Link) -> None:
    """Raise ``Refuted`` if an adapter of the same shape has another scale once it is merged."""
    for layer, adapter in link.end.adapters.items():
        left = link.after.adapters[layer]
        same = {name: M.shape for name, M in adapter.factors.items()} == {n: M.shape for n, M in left.factors.items()}
        if same and left.scale != adapter.scale:
            raise Refuted(
                f"merge must leave the scale of the adapter{of(layer)}: after link {link.number} it is "
                f"{left.scale:.6g}, it was {adapter.scale:.6g}; is alpha / r computed anew, or a schedule's?"
            )


def _check_training(link: Link) -> None:
    for layer, adapter in link.begin.adapters.items():
        if any(factor.size for factor in adapter.factors.values()) and not any(map(np.any, adapter.factors.values())):
            who = "new" if link.number == 1 else "merge"
            raise Refuted(
                f"{who} must leave an adapter that can be trained: at the start of link {link.number} both factors"
                f"{of(layer)} are zero, and so is every gradient"
            )
    if link.number == 1 and np.array_equal(link.begin.outputs, link.end.outputs):
        raise Refuted("train(state, steps) must move the outputs, it does not: does the optimiser hold the adapter?")


def _check_weights(link: Link) -> None:
    """Weights and adapter together stay, up to a spacing of the weights and what a product may be rounded by."""
    for layer in (layer for layer in link.end.adapters if layer in link.end.weights):
        adapter, left = link.end.adapters[layer], link.after.adapters[layer]
        (W, kind), (W_after, _) = link.end.weights[layer], link.after.weights[layer]
        allowed = kind.spacing(np.maximum(np.abs(W), np.abs(W_after)))
        allowed = allowed + 8 * max(adapter.unit, kind.unit) * (adapter.size + left.size)
        missed = float(np.linalg.norm(W_after - W + left.product - adapter.product))
        if missed > np.linalg.norm(allowed):
            raise Refuted(
                f"merge must add to the weights what the adapter gives: in link {link.number} W + B A{of(layer)} is "
                f"missed by {missed / max(float(np.linalg.norm(adapter.product)), 1e-300):.3g} of B A{_cause(link)}",
                before=W,
                after=W_after,
                product=adapter.product,
            )


def _cause(link: Link) -> str:
    """The first fault that the numbers fit, in words; nothing where none does."""
    adapters = link.end.adapters
    left = sum(float(np.linalg.norm(adapter.product)) for adapter in link.after.adapters.values())
    if adapters and left > 0:
        had = sum(float(np.linalg.norm(adapter.product)) for adapter in adapters.values())
        return f": the adapter still gives {left / had:.3g} of what it gave, is the trained factor not reset to zero?"
    scale = next(iter(adapters.values())).scale if adapters else 1.0
    shared = [layer for layer in adapters if layer in link.end.weights]
    if not shared:
        gave, gained = link.end.outputs - link.begin.outputs, link.after.outputs - link.begin.outputs
        hint = "; are weights kept in fewer bits than outputs, which weights= would show?"
        return _multiple_text(_multiple([gave], [gained]), scale) or hint
    products = [adapters[layer].product for layer in shared]
    gains = [link.after.weights[layer][0] - link.end.weights[layer][0] for layer in shared]
    if all(P.shape[0] == P.shape[1] for P in products) and _is_near_one(_multiple([P.T for P in products], gains)):
        return ", as if its transpose was merged"
    multiple = _multiple(products, gains)
    if _is_near_one(multiple):
        return ": the weights gained what it gave, is it still added when the model is run?"
    return _multiple_text(multiple, scale)


def _multiple(gave: list[Array], gained: list[Array]) -> float | None:
    """The factor that makes of what was merged what was gained, in all layers together; None where there is none."""
    given, gain = (np.concatenate([M.ravel() for M in matrices]) for matrices in (gave, gained))
    size = float(given @ given)
    a = float(given @ gain) / max(size, 1e-300)
    rest = float(np.sum(np.square(gain - a * given)))
    return None if size == 0 or rest > (4 * _NEAR**2) * size * max(a * a, 1.0) else a


def _is_near_one(multiple: float | None) -> bool:
    return multiple is not None and abs(multiple - 1) < _NEAR


def _multiple_text(a: float | None, scale: float) -> str:
    """What was merged, by the multiple that the weights gained; nothing where that is none."""
    if a is None:
        return ""
    names = {"it was merged twice": 2.0, "it was not merged": 0.0, "it was subtracted": -1.0}
    if abs(scale - 1) > _NEAR:
        names[f"its scale {scale:.3g} was forgotten"] = 1 / scale if scale else 0.0
        names[f"its scale {scale:.3g} was applied twice"] = scale
    matching = [name for name, multiple in names.items() if abs(a - multiple) < _NEAR * max(1.0, abs(multiple))]
    return f", as if {' or '.join(matching)}" if matching else f", as if {a:.3g} of it was merged"


def check_memory(link: Link, pruned: float) -> None:
    """Raise ``Refuted`` if moments stay, or if a counter beside two moments does once they are zero.

    Of the entries of each array a share of ``pruned`` must be zero once they are merged, or one entry less, as a
    quantile may leave one more.
    """
    before, after = link.end.moments, link.after.moments
    sizes = {path: float(np.linalg.norm(M)) for path, M in before.items() if path[-1:] and path[-1] not in COUNTERS}
    sizes |= {path: float(np.linalg.norm(M)) for path, M in before.items() if not path}
    if link.number == 1 and not any(sizes.values()):
        raise ValueError(
            "moments(state) must show what the optimiser remembers, it shows nothing but zeros after training: other "
            "keys? An optimiser without memory needs no moments="
        )
    worst, share = 0.0, 0.0
    path_of_worst: tuple[str, ...] | None = None
    for path, left in after.items():
        if path[-1:] and path[-1] in COUNTERS:
            continue
        size = sizes.get(path) or max(sizes.values(), default=0.0) or 1.0  # they may be kept under another key
        held = int(np.count_nonzero(left))
        if held > (1 - pruned) * (1 + _ROUNDING) * left.size + (pruned < 1):
            norm = float(np.linalg.norm(left)) / size
            if norm >= worst:
                worst, share, path_of_worst = norm, held / left.size, path
    if path_of_worst is not None:
        rule = "" if pruned == 1 else f", where {1 - pruned:.3g} of them may be"
        raise Refuted(
            f"merge must reset what the optimiser remembers: after link {link.number} it keeps {worst:.3g} of the norm "
            f"of its moments ({' '.join(path_of_worst)}, {share:.3g} of whose entries are not zero{rule}); are they "
            "looked up by the keys under which the optimiser holds them?"
        )
    if pruned == 1:
        _check_counter(link)


def _check_counter(link: Link) -> None:
    before, after = link.end.moments, link.after.moments
    for path, count in before.items():
        if not path or path[-1] not in COUNTERS:
            continue
        siblings = [sibling for sibling in before if sibling[:-1] == path[:-1] and sibling != path] or [
            sibling for sibling in before if sibling[: len(path) - 1] == path[:-1] and sibling[-1] not in COUNTERS
        ]
        count_after = after.get(path)
        if len(siblings) >= 2 and count > 1 and count_after is not None and count_after >= count:
            raise Refuted(
                f"merge must reset the optimiser's counter {' '.join(path)} with its moments: after link {link.number} "
                f"it is {float(count_after):g}, so that moments from zero are not corrected for bias, and the first "
                "step is (1 - beta1) / sqrt(1 - beta2) times as long as it should be, 3.2 times for Adam's 0.9 and "
                "0.999"
            )


@dataclass(frozen=True, eq=False)
class Sum:
    """What the merges of a layer came to: what was learned, what is off, and what roundings may make of it."""

    layer: str
    kind: Format
    D: Array  # the sum of the products that were merged
    E: Array  # what the weights have gained, less D
    once: Array  # the error of one rounding of the final weights
    variance: Array  # of roundings without bias, one in each merge
    most: Array  # what roundings of any kind may come to
    error: Array  # what this sum itself may be off by


def check_drift(links: Sequence[Link]) -> None:
    r"""Raise ``Refuted`` if the weights have lost some of what the adapters learned, beyond what rounding must take.

    With D the sum of the products that were merged, in double precision, the error is :math:`E = W_k - W_0 - D`. What
    is lost is its part along D, :math:`-\langle E, D \rangle / \lVert D \rVert^2`, of all layers together. One rounding
    of :math:`W_0 + D` may take away twice that of its own error; roundings without bias, one in each merge, have
    variances of at most :math:`f (s - f)`, where s is the spacing and f how far an entry is beyond a number of the
    format, and are allowed five standard deviations. Rounding to nearest in each merge has a bias where moves are
    shorter than half a spacing: they are all lost.
    """
    layers = [layer for layer in links[0].begin.adapters if layer in links[0].begin.weights]
    sums = [_sum(links, layer) for layer in layers]
    for total in sums:
        if (np.abs(total.E) > total.most + total.error).any():
            raise _off(total, len(links), total.most + total.error, "is there another that trains or decays them?")
    _check_lost(sums, len(links))
    for total in sums:
        noise = 2 * np.sqrt(total.once**2 + total.variance) + total.error
        if np.linalg.norm(total.E) > np.linalg.norm(noise):
            raise _off(total, len(links), noise, "are bits cut off, in place of rounding?")


def _sum(links: Sequence[Link], layer: str) -> Sum:
    W0, kind = links[0].begin.weights[layer]
    D, variance, most, error = (np.zeros_like(W0) for _ in range(4))
    for link in links:
        adapter, left = link.end.adapters[layer], link.after.adapters[layer]
        target = link.end.weights[layer][0] + adapter.product - left.product
        spacing, beyond = kind.spacing(target), np.mod(target, kind.spacing(target))
        product = max(adapter.unit, kind.unit) * (adapter.size + left.size)  # which may be rounded before it is added
        D += adapter.product - left.product
        variance += beyond * (spacing - beyond) + product**2
        most += 2 * spacing + 8 * product
        error += _OWN * FORMATS["float64"].unit * (np.abs(target) + np.abs(D) + adapter.size + left.size)
    end = W0 + D
    variance += kind.spacing(end) ** 2 / 12
    E = links[-1].after.weights[layer][0] - end
    return Sum(layer, kind, D, E, kind.rounded(end) - end, variance, most, error)


def _check_lost(sums: Sequence[Sum], merges: int) -> None:
    learned = sum(float(np.sum(total.D**2)) for total in sums)
    product = sum(float(np.sum(total.E * total.D)) for total in sums)
    once = abs(sum(float(np.sum(total.once * total.D)) for total in sums))
    deviation = math.sqrt(sum(float(np.sum(total.variance * total.D**2)) for total in sums))
    own_error = sum(float(np.sum(total.error * np.abs(total.D))) for total in sums)
    allowed = _ONE * once + _DEVIATIONS * deviation + own_error
    if abs(product) > allowed:
        worst = min(sums, key=lambda total: float(np.sum(total.E * total.D)) / max(float(np.sum(total.D**2)), 1e-300))
        raise Refuted(
            f"merges must keep what the adapters learned: after {merges} of them {abs(product) / learned:.2f} of it is "
            f"{'lost to' if product < 0 else 'added by'} {worst.kind.name}, {abs(product) / allowed:.3g} times what "
            "rounding allows; keep the weights in float32 (master weights), or what rounding takes away",
            error=worst.E,
            learned=worst.D,
        )


def _off(total: Sum, merges: int, allowed: Array, cause: str) -> Refuted:
    size, off = float(np.linalg.norm(total.D)), float(np.linalg.norm(total.E))
    return Refuted(
        f"weights must be those of the start and what was merged: after {merges} merges they are off by "
        f"{off / max(size, 1e-300):.2g} of it{of(total.layer)}, {off / float(np.linalg.norm(allowed)):.3g} times "
        f"what rounding allows; {cause}",
        error=total.E,
        learned=total.D,
    )
