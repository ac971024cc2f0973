"""Room for words on axes: the corner in which a box covers nothing, and by how much the axes must grow for it."""

import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rac_theory.base.checks import Array

Corner = Literal["upper right", "lower left", "upper left", "lower right"]
Line: TypeAlias = tuple[NDArray[Any], NDArray[Any]]
"""x, (k,), and y, (k,) or (lines, k), as shares of the axes; nan is a gap, and inf goes on beyond the axes."""

CORNERS: tuple[Corner, ...] = ("upper right", "lower left", "upper left", "lower right")
"""Where falling curves leave room comes first."""
ENDS = (sys.float_info.min, 1.79e308)
"""Where a logarithmic axis ends at the latest: these are still floats when they come back from their logarithms."""
_FINE = 256  # points of a line that has fewer: what lies between two of them must be seen, too
_MOST = 0.6  # of the axes, for a box
_MOST_FOR_FAINT = 0.6  # of them as they were, to grow


def rooms(lines: Iterable[Line], width: float, height: float) -> Mapping[Corner, float]:
    """Return by which share of their height axes must grow, upwards or downwards, so that a box is clear of all lines.

    Parameters
    ----------
    lines : iterable of Line
    width, height : float
        Of the box, as shares of the axes as they are, of which it takes 0.6 at most. The axes grow, and not the box.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.drawing.room import rooms
    >>> falling = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    >>> {corner: round(growth, 2) for corner, growth in rooms([falling], 0.4, 0.5).items()}
    {'upper right': 0.0, 'lower left': 0.0, 'upper left': 1.0, 'lower right': 1.0}
    """
    fine = [filled_in(*line) for line in lines]
    x, y = (np.concatenate(parts) for parts in zip(*fine, strict=True)) if fine else (np.empty(0), np.empty(0))
    height = min(height, _MOST)
    spaces: dict[Corner, float] = {}
    for corner in CORNERS:
        near = y[(x >= 1 - width) & (x <= 1.01) if "right" in corner else (x <= width) & (x >= -0.01)]
        if "upper" in corner:  # the highest line, c, is below the box: (1 + growth)(1 - height) >= c
            growth = near.max(initial=-np.inf) / (1 - height) - 1
        else:
            growth = (height - near.min(initial=np.inf)) / (1 - height)
        spaces[corner] = max(0.0, float(growth))
    return spaces


def place(
    firm: Iterable[Line], faint: Iterable[Line], width: float, height: float, preferred: Corner = CORNERS[0]
) -> tuple[Corner, float]:
    """Return the corner for a box for which the axes must grow least, and by how much.

    Faint lines may lie under it where they would cost too much of the axes. The preferred corner is taken if it
    is as good as any.
    """
    firm = list(firm)
    needed = rooms([*firm, *faint], width, height)
    if min(needed.values()) > _MOST_FOR_FAINT:
        needed = rooms(firm, width, height)
    least = min(needed.values())
    corner = next(corner_tried for corner_tried in (preferred, *CORNERS) if needed[corner_tried] <= least + 1e-9)
    return corner, min(needed[corner], 1.5)


def covered(lines: Iterable[Line], left: float, right: float, low: float, high: float) -> int:
    """Return how many points of lines a box covers."""
    return sum(
        int(np.count_nonzero((x >= left) & (x <= right) & (y >= low) & (y <= high)))
        for x, y in (filled_in(*line) for line in lines)
    )


def filled_in(x: NDArray[Any], y: NDArray[Any]) -> tuple[Array, Array]:
    """Return the points of lines, and some between them where they have few; gaps are left out."""
    x = np.broadcast_to(x, y.shape)
    if 0 < x.shape[-1] < _FINE:
        left, right, share = _between(x.shape[-1])
        with np.errstate(invalid="ignore"):
            x, y = (
                np.where(share > 0, (1 - share) * z[..., left] + share * z[..., right], z[..., left]) for z in (x, y)
            )
    finite = ~(np.isnan(x) | np.isnan(y))
    return x[finite], y[finite]


@lru_cache(maxsize=256)
def _between(points: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Return where to look along a line: between which two of its points, and how far from the first of them."""
    at = np.union1d(np.linspace(0, points - 1, _FINE), np.arange(points))
    left = np.floor(at).astype(np.int64)
    return left, np.minimum(left + 1, points - 1), at - left
