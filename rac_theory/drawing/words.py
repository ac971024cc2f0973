"""Words on axes of matplotlib: a title that fits, a legend and names of levels that cover nothing."""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.drawing.room import CORNERS, ENDS, Corner, Line, covered, place

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEGEND: Mapping[str, Any] = {"frameon": True, "framealpha": 0.8, "edgecolor": "none", "fontsize": 8}
"""The style of every legend."""
TITLE, HEADLINE = 8.0, 11.0
"""In points: of a title of several lines, and of one that is short."""
_SHORTER = ((r" \[[^]]*\]", ""), (r", ", ",\n"))
"""How names are made narrower: without their intervals first, and in several lines then."""
_LETTER = 0.57  # the width of a letter over its height, on average
_LINES = 3
_MARGIN = 4.0  # points between words and the line that they name
_CLEAR = 10.0  # points around a legend: up to the edge of the axes, and from there to a marker


def title_lines(words: str, width: float) -> list[str]:
    """Return a title as lines that are no wider than so many points, three at most.

    Examples
    --------
    >>> from rac_theory.drawing.words import title_lines
    >>> title_lines("T2 HOLDS", 300.0)
    ['T2 HOLDS']
    >>> title_lines("T2 HOLDS: GD(gamma=0.3386) on SoftmaxRegression.wine(l2=0.6)", 200.0)
    ['T2 HOLDS: GD(gamma=0.3386) on', 'SoftmaxRegression.wine(l2=0.6)']
    """
    most = max(int(width / (_LETTER * TITLE)), 8)
    lines = [part for line in words.split("\n") for part in textwrap.wrap(line, most) or [""]]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], lines[_LINES - 1][: most - 1] + "…"]
    return lines


def title_size(lines: Sequence[str], width: float) -> float:
    """Return the size of a title in points."""
    return HEADLINE if len(lines) == 1 and len(lines[0]) * _LETTER * HEADLINE <= width else TITLE


def titled(ax: "Axes", words: str) -> None:
    """Give axes a title, in lines that are as wide as they are; a dollar sign is one."""
    width = _size(ax)[0]
    lines = title_lines(words, width)
    figure = _figure(ax)
    if figure.axes == [ax] and figure.get_layout_engine() is None:  # else others say where the axes end
        room = (len(lines) * 1.2 * title_size(lines, width) + _CLEAR) / (72 * figure.get_figheight())
        figure.subplots_adjust(top=min(figure.subplotpars.top, 1 - room))
    # A place of its own: looking for one would lay out every label twice.
    ax.set_title("\n".join(lines), y=1.0, fontsize=title_size(lines, width), parse_math=False)


def legend(ax: "Axes", names: Sequence[str] = (), *, corner: Corner = CORNERS[0], **style: Any) -> None:
    """Give axes a legend that covers nothing that is drawn: they grow upwards or downwards where there is no room.

    Parameters
    ----------
    ax : Axes
        With all that is to be seen on it, and the limits that it would have.
    names : sequence of str
        The labels in their order; as they were drawn if there are none.
    corner : Corner
        Where it stands if that is as good as elsewhere.
    **style
        As ``Axes.legend`` takes them.
    """
    figure = _figure(ax)
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)  # how large they are is not known sooner
    handles = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    labels = list(names or handles)
    if not labels:
        return
    firm, faint = list(_drawn(ax, faint=False)), list(_drawn(ax, faint=True))
    drawn = ax.legend([handles[name] for name in labels], labels, loc=corner, **{**LEGEND, **style})
    width, height = _size(ax)
    for pattern, shorter in _SHORTER:
        if _extent(ax, drawn)[0] + _MARGIN > width:  # a figure of one column
            for text in drawn.get_texts():
                text.set_text(re.sub(pattern, shorter, text.get_text()))
    wide, high = _extent(ax, drawn)
    corner, growth = place(firm, faint, (wide + _CLEAR) / width, (high + _CLEAR) / height, corner)
    drawn.set_loc(corner)
    _grow(ax, growth, upwards="upper" in corner)


def name_level(ax: "Axes", level: float, words: str, **style: Any) -> None:
    """Write words along a horizontal line, above or below it, where they cover least of what is drawn."""
    lines = list(_drawn(ax, faint=False))
    text = ax.annotate(words, (0.5, level), (0, 0), ax.get_yaxis_transform(), "offset points", fontsize=8, **style)
    width, height = _size(ax)
    wide, high = _extent(ax, text)[0] / width, (_extent(ax, text)[1] + _MARGIN) / height
    at = ax.transAxes.inverted().transform(ax.get_yaxis_transform().transform((0.5, level)))[1]

    def cost(anchor: tuple[float, int]) -> float:
        left, low = anchor[0] * (1 - wide), at + (0.004 if anchor[1] > 0 else -0.004 - high)
        outside = low < 0 or low + high > 1
        return covered(lines, left, left + wide, low, low + high) + (np.inf if outside else 0)

    x, up = min(((x, up) for x in (0.99, 0.5, 0.01) for up in (1, -1)), key=cost)
    text.xy = (x, level)
    side = {0.99: "right", 0.5: "center", 0.01: "left"}[x]
    text.set(position=(0, up * _MARGIN / 2), ha=side, va="bottom" if up > 0 else "top")


def _drawn(ax: "Axes", *, faint: bool) -> Iterator[Line]:
    """Yield what is drawn on axes as lines: those that are drawn faintly, or the others."""
    to_shares = ax.transAxes.inverted()
    for line in ax.get_lines():
        if ((line.get_alpha() or 1.0) < 0.5 and line.get_linewidth() < 1) is faint:
            points = line.get_path().vertices
            if line.get_linestyle() == "None":  # markers alone: nothing is between them
                points = np.repeat(points, 2, axis=0)
                points[1::2] = np.nan
            yield _columns(to_shares.transform(line.get_transform().transform(points)))
    if faint:
        return
    for collection in ax.collections:
        for path in collection.get_paths():
            yield _columns(to_shares.transform(collection.get_transform().transform(path.vertices)))
    for patch in ax.patches:
        yield _columns(to_shares.transform(patch.get_transform().transform(patch.get_path().vertices)))
    for text in ax.texts:
        yield _columns(to_shares.transform(text.get_window_extent().corners()[[0, 1, 3, 2, 0]]))


def _columns(points: Array) -> Line:
    return points[:, 0], points[:, 1]


def _figure(ax: "Axes") -> "Figure":
    figure = ax.get_figure(root=True)
    assert figure is not None  # axes are on one
    return figure


def _size(ax: "Axes") -> tuple[float, float]:
    """Return width and height of axes in points."""
    return _extent(ax, ax)


def _extent(ax: "Axes", artist: Any) -> tuple[float, float]:
    """Return width and height of something on axes in points."""
    box, scale = artist.get_window_extent(), 72 / _figure(ax).dpi
    return box.width * scale, box.height * scale


def _grow(ax: "Axes", growth: float, *, upwards: bool) -> None:
    if not growth:
        return
    scale = ax.yaxis.get_transform()
    low, high = scale.transform(ax.get_ylim())
    more = growth * (high - low)
    with np.errstate(over="ignore"):
        ends = scale.inverted().transform([low - more * (not upwards), high + more * upwards])
    ax.set_ylim(*np.clip(ends, ENDS[0] if ax.get_yscale() == "log" else -ENDS[1], ENDS[1]))
