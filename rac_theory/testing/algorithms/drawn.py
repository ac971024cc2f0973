"""Whether components are drawn as a minibatch or an epoch draws them: what no draw may be, and numbers with a law."""

from typing import Any

import numpy as np

from rac_theory.algorithms.gradients import Clients, Minibatch, Reshuffled
from rac_theory.base.checks import Array
from rac_theory.problems import Indices
from rac_theory.testing.algorithms.tape import Tapes

_MOST = 32  # numbers of a run


def check_drawn(source: Any, n_components: list[int], tapes: Tapes) -> str | None:
    """Return a sentence if what was asked for is no minibatch, or no epoch, of the source; else None.

    Nothing is said where nothing was asked for: components are not the only way to a gradient.
    """
    first = 1 if isinstance(source, Clients) else 0
    leaf = source.source if isinstance(source, Clients) else source
    for N, tape in zip(n_components[first:], tapes[first:], strict=False):
        if tape is None or not tape.shape[1]:
            continue
        different = (np.diff(np.sort(tape, axis=1), axis=1) > 0).sum(axis=1) + 1
        if isinstance(leaf, Reshuffled) and (different < N).any():
            return f"an epoch must take each of the N = {N} components, one took {different.min()}"
        if isinstance(leaf, Minibatch) and not leaf.replace and tape.shape[1] == leaf.size > different.min():
            return f"a minibatch without replacement must have {leaf.size} components, one has {different.min()}"
    return None


def numbers(source: Any, N: int, tape: Indices | None) -> Array | None:
    """Return numbers of each run whose law is that of the draws, (runs, k), each in [-1, 1]; None if there are none.

    Of a minibatch, which components it has; of an epoch, when each comes, and whether neighbours come together: each
    place is as likely for a component where a fixed order is shifted, but not for two of them.
    """
    if tape is None:
        return None
    runs, width = tape.shape
    k = min(N, _MOST)
    if isinstance(source, Reshuffled) and width == N and (np.sort(tape, axis=1) == np.arange(N)).all():
        when = np.empty((runs, N))
        np.put_along_axis(when, tape, np.linspace(-1, 1, N)[None], axis=1)
        places = np.linspace(0, N - 1, k).astype(int)
        return np.concatenate([when[:, places], when[:, places] * when[:, (places + 1) % N]], axis=1)
    if isinstance(source, Minibatch) and width == source.size:
        counts = np.zeros((runs, k))
        for column in tape.T:
            counts[np.arange(runs), column * k // N] += 1 / width
        return counts
    return None
