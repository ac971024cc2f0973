"""How numbers stand on the page; one that does not exist is a dash."""

import math
import re
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from rac_theory.ledger.verdict_row import Row

ABSENT = "–"
_EXPONENT = re.compile(r"e(?:\+|(-))0*(\d+)")


@lru_cache(maxsize=4096)
def number(value: float | None, digits: int = 4) -> str:
    """Return a number with some significant digits."""
    if value is None or math.isnan(value):
        return ABSENT
    if 1000 <= abs(value) < 1e6:
        return f"{float(f'{value:.{digits}g}'):,.0f}"
    return _EXPONENT.sub(r"e\1\2", f"{value:.{digits}g}").replace("-", "−")


def interval(low: float | None, high: float | None) -> str:
    """Return an interval, empty if it is a point; an end that is no finite number is left open."""
    if low == high:
        return ""
    return f"[{'0' if low is None else number(low, 3)}, {'∞)' if high is None else number(high, 3) + ']'}"


def rate(value: dict[str, Any] | None) -> str:
    """Return the factor a step or the power of t, without its interval."""
    if value is None or value["value"] is None:
        return ABSENT
    return _rate(value["kind"], value["value"])


def rate_interval(value: dict[str, Any] | None) -> str:
    """Return the rate with its interval, where it has one."""
    if value is None or None in value.values() or value["low"] == value["high"]:
        return rate(value)
    low, high = (_rate(value["kind"], value[end]) for end in ("low", "high"))
    return Markup("{} [{}, {}]").format(rate(value), low, high)


def reach(row: Row) -> str:
    """Return the last step up to which the row says something, of how many."""
    return f"{row.reach or 0}/{row.steps}" if row.evidence != "none" else ABSENT


def key(value: float | None) -> str:
    """Return a number as a table is sorted by it; what does not exist is empty."""
    return "" if value is None or math.isnan(value) else f"{value:.17g}"


@lru_cache(maxsize=4096)
def _rate(kind: str, value: float) -> str:
    """Return HTML: words of the file do not come into it."""
    power = f"{value:.2f}".replace("-", "−")
    return Markup("t<sup>{}</sup>").format(power) if kind == "sublinear" else f"{value:.4f}"
