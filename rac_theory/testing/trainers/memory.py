"""Whether a merge resets what the optimiser remembers, which was about entries that no longer exist."""

import numpy as np

from rac_theory.testing.refuted import Refuted
from rac_theory.testing.trainers.trainer import COUNTERS, Link

_ROUNDING = 1e-9  # as 1 - 0.9 is less than a tenth


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
            kept = float(np.linalg.norm(left)) / size
            if kept >= worst:
                worst, share, path_of_worst = kept, held / left.size, path
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
        beside = [other for other in before if other[:-1] == path[:-1] and other != path] or [
            other for other in before if other[: len(path) - 1] == path[:-1] and other[-1] not in COUNTERS
        ]
        kept = after.get(path)
        if len(beside) >= 2 and count > 1 and kept is not None and kept >= count:
            raise Refuted(
                f"merge must reset the optimiser's counter {' '.join(path)} with its moments: after link {link.number} "
                f"it is {float(kept):g}, so that moments from zero are not corrected for bias, and the first step is "
                "(1 - beta1) / sqrt(1 - beta2) times as long as it should be, 3.2 times for Adam's 0.9 and 0.999"
            )
