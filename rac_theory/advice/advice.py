"""What ``advise`` returns: the options for some shapes, and why others are not among them."""

from typing import TYPE_CHECKING, Any, NamedTuple

from rac_theory.advice.training_option import Option, efficient
from rac_theory.base import frame, type_name

if TYPE_CHECKING:
    from pandas import DataFrame

_COLUMNS: dict[str, type] = {
    "layer": str,
    "m": int,
    "n": int,
    "side": str,
    "sketch": str,
    "rank": int,
    "lambda_min": float,
    "L_H": float,
    "step": float,
    "nu": float,
    "slowdown": float,
    "trained": float,
    "budget": float,
    "flops_per_example": float,
    "flops_per_step": float,
    "frontier": bool,
    "how": str,
}


class Advice(NamedTuple):
    """Options and notes.

    Attributes
    ----------
    options : list of Option
        For each shape, full training first; each with the step that has the best promise.
    notes : list of str
        A sentence for each choice that is not possible.

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> advice = advise([(2, 3)], ranks=(1, 3))
    >>> advice
    <Advice: 4 options, 1 left out>
    >>> [(option.side, option.rank) for option in advice.options]
    [('full', 2), ('left', 1), ('right', 1), ('right', 3)]
    """

    options: list[Option]
    notes: list[str]

    def to_frame(self) -> "DataFrame":
        """Return a data frame with a line for each option; ``frontier`` is what ``efficient`` says of it.

        Raises
        ------
        MissingExtra
            Without the extra ``frames``.
        """
        return frame(_COLUMNS, self._records())

    def __repr__(self) -> str:
        return f"<{type_name(self)}: {len(self.options)} options, {len(self.notes)} left out>"

    def _repr_html_(self) -> str:
        from rac_theory.drawing import html

        rows = ([_said(name, record[name]) for name in _COLUMNS] for record in self._records())
        return html.together(html.table([*_COLUMNS], rows), *map(html.line, self.notes))

    def _records(self) -> list[dict[str, Any]]:
        computed = [name for name in _COLUMNS if name not in ("m", "n", "frontier")]
        return [
            dict(zip("mn", option.shape, strict=True))
            | {name: getattr(option, name) for name in computed}
            | {"frontier": on_frontier}
            for option, on_frontier in zip(self.options, efficient(self.options), strict=True)
        ]


def _said(name: str, value: Any) -> str:
    if _COLUMNS[name] is bool:
        return "*" if value else ""
    return f"{value:.7g}" if _COLUMNS[name] is float else str(value)
