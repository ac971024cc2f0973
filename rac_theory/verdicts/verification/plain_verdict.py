"""A verdict as plain data that JSON can hold, field by field."""

import math
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_type_hints

import numpy as np

from rac_theory.base import json_schema
from rac_theory.verdicts.verification.decision import Status
from rac_theory.verdicts.verification.rate import Rate

Number: TypeAlias = float | Literal["inf", "-inf"] | None
"""A number in JSON, which has no nan and no infinity: nan is null."""

WORDS = {"head": str, "title": str, "label": str, "falls": Literal["linear", "sublinear"] | None, "more": str}
CURVES = dict.fromkeys(("bound", "mean", "lower", "upper", "detectable"), list[Number])
RATE = {name: Number if kind is float else kind for name, kind in get_type_hints(Rate).items()}
FIELDS: Mapping[str, Any] = {
    "format": Literal[1],
    "status": Literal[*(status.name for status in Status)],
    "reason": str,
    "alpha": float,
    "levels": dict[str, float],
    "evidence": Literal["exact", "sampled", "none"],
    "runs": int,
    **CURVES,
    **dict.fromkeys(("reach", "informative_from", "violated_at"), int | None),
    "log_evidence": Number,
    **dict.fromkeys(("fitted", "promised"), Any),
    "sample": list[list[Number]],
    "versions": dict[str, str],
    "words": WORDS,
    "about": dict[str, Any],
}


def verdict_schema() -> dict[str, Any]:
    """Return the JSON schema of a verdict that was saved.

    Returns
    -------
    dict
        A JSON schema, draft 2020-12.

    Examples
    --------
    >>> from rac_theory.verdicts import verdict_schema
    >>> verdict_schema()["properties"]["evidence"]
    {'enum': ['exact', 'sampled', 'none']}
    """
    rate = {"anyOf": [json_schema(RATE), {"type": "null"}]}
    schema = json_schema(FIELDS)
    schema["properties"] |= {"fitted": rate, "promised": rate}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def content(verdict: Any) -> dict[str, Any]:
    """Return plain data that JSON can hold."""
    parts: dict[str, Any] = {"format": 1}
    for name in FIELDS:
        if name not in ("format", "words", "about"):
            parts[name] = _plain(getattr(verdict, name))
    words = {name: getattr(verdict, name) for name in WORDS}
    return parts | {"words": words, "about": _plain(verdict.about)}


def _plain(value: Any) -> Any:
    if isinstance(value, Status):
        return str(value)
    if isinstance(value, Rate):
        return {name: _plain(getattr(value, name)) for name in RATE}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
