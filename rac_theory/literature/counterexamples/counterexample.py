"""A counterexample: a claim about what fails, with the case that shows it, and a witness: checks and a picture."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rac_theory.algorithms import Algorithm
from rac_theory.base import Value, frame, function_name, type_name
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.drawing import colours, plot, words
from rac_theory.problems import Problem
from rac_theory.verdicts import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame


Curves: TypeAlias = Mapping[str, Sequence[Any] | NDArray[Any]]
"""By name, the values of each curve: floating-point numbers or fractions."""


class Picture(Protocol):
    """Anything that draws itself."""

    def draw(self, ax: "Axes | None" = None, *, title: str = "") -> "Axes":
        """Draw on matplotlib axes, made if none are given; return the axes."""
        ...


@dataclass(frozen=True, eq=False)
class Lines(Value):
    """Curves on axes, each with a marker of its own, and levels across them, each with its name on it.

    Attributes
    ----------
    curves : mapping of str to (Array, Array)
        By name, x and y, each (k,); what a logarithmic axis cannot show leaves gaps.
    levels : mapping of str to float
        Horizontal lines by name.
    xlabel, ylabel : str
    xscale, yscale : "linear" or "log"
    """

    curves: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]
    levels: Mapping[str, float]
    xlabel: str
    ylabel: str
    xscale: str = "linear"
    yscale: str = "log"

    @classmethod
    def over(cls, x: Any, curves: Curves, levels: Mapping[str, float], *labels: str, **scales: str) -> "Lines":
        """Return curves above the same x, each given by its values; labels and scales are those of both axes."""
        over = {name: (np.asarray(x), np.array([*map(float, y)])) for name, y in curves.items()}
        return cls(over, levels, *labels, **scales)

    @classmethod
    def over_steps(cls, curves: Curves, levels: Mapping[str, float], ylabel: str, **scales: str) -> "Lines":
        """Return curves over t = 0, 1, ..., each given by its values."""
        over = {name: (np.arange(len(y)), np.array([*map(float, y)])) for name, y in curves.items()}
        return cls(over, levels, "step $t$", ylabel, **scales)

    def __repr__(self) -> str:
        return f"<{type_name(self)}: {', '.join((*self.curves, *self.levels))}>"

    def draw(self, ax: "Axes | None" = None, *, title: str = "") -> "Axes":
        """Draw on matplotlib axes, made if none are given; return the axes."""
        ax = plot.axes(ax)
        for i, (name, (x, y)) in enumerate(self.curves.items()):
            finite = np.isfinite(y) & ((y > 0) | (self.yscale != "log"))
            # Markers of curves that lie upon each other are at different places.
            spacing = (i / len(self.curves) / _MARKED, 1 / _MARKED) if len(x) > _MARKED else None
            style: dict[str, Any] = {"marker": _MARKERS[i % len(_MARKERS)], "markersize": 4.5, "mfc": "white"}
            style |= {"color": colours.CURVES[i % len(colours.CURVES)], "markevery": spacing}
            dashes = _DASHES[i // len(_MARKERS) % len(_DASHES)]
            ax.plot(x, np.where(finite, y, np.nan), dashes, label=name, **style)
        for i, level in enumerate(self.levels.values()):
            ax.axhline(level, color=colours.DARK, linestyle=_LEVELS[i % len(_LEVELS)], linewidth=1.2, zorder=1)
        ax.set(xscale=self.xscale, yscale=self.yscale, xlabel=self.xlabel, ylabel=self.ylabel)
        low, high = ax.get_ylim()
        ax.set_ylim(low, high)  # as they are: what is written on the axes does not move them
        for name, level in self.levels.items():
            words.name_level(ax, level, name, color=colours.DARK)
        plot.finished(ax, title)
        if self.yscale == "log":
            plot.tick(ax.yaxis, "log")
        return ax


@dataclass(frozen=True, eq=False)
class Outcomes(Value):
    """A map of what became of runs: one of a few outcomes for each pair of parameters.

    Attributes
    ----------
    x, y : (k,), (l,)
        The parameters, spaced evenly in their logarithms.
    outcome : (l, k)
        The number of the outcome in ``names``, that of most runs if there are several.
    names : tuple of str
        The outcomes, from the best to the worst.
    xlabel, ylabel : str
    """

    x: Array
    y: Array
    outcome: Array
    names: tuple[str, ...]
    xlabel: str
    ylabel: str

    def __repr__(self) -> str:
        return f"<{type_name(self)}: {', '.join(self.names)}, on {len(self.y)} x {len(self.x)} points>"

    def draw(self, ax: "Axes | None" = None, *, title: str = "") -> "Axes":
        """Draw on matplotlib axes, made if none are given; return the axes."""
        from matplotlib import colormaps
        from matplotlib.colors import BoundaryNorm, ListedColormap

        if ax is None:
            empty = plot.figure()
            empty.subplots_adjust(right=0.86)  # the names of the outcomes stand beside the key
            ax = empty.subplots()
        kinds = len(self.names)
        palette = ListedColormap(colormaps["cividis_r"](np.linspace(0, 1, kinds)))  # ordered in grey, too
        edges = BoundaryNorm(np.arange(kinds + 1) - 0.5, kinds)
        mesh = ax.pcolormesh(
            self.x, self.y, self.outcome, cmap=palette, norm=edges, shading="nearest", edgecolors="white", linewidth=0.4
        )
        key = ax.figure.colorbar(mesh, ax=ax, ticks=range(kinds), drawedges=True)
        key.ax.set_yticklabels(self.names)
        key.ax.tick_params(length=0)
        ax.set(xscale="log", yscale="log", xlabel=self.xlabel, ylabel=self.ylabel)
        words.titled(ax, title)
        return ax


@dataclass(frozen=True)
class Deferred:
    """A picture that is computed when it is drawn, as it takes longer than the evidence."""

    make: Callable[[], Picture]

    def __repr__(self) -> str:
        return f"{type_name(self)}({function_name(self.make)})"

    def draw(self, ax: "Axes | None" = None, *, title: str = "") -> "Axes":
        """Compute it and draw it on matplotlib axes, made if none are given; return the axes."""
        return self.make().draw(ax, title=title)


_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_DASHES = ("-", "-.", ":")  # where there are more curves than markers
_LEVELS = ("--", ":", "-.")
_MARKED = 8  # markers on a curve


Grounds: TypeAlias = Literal["exact", "bounded", "simulated"]
"""Rational arithmetic or a closed form; floating point with a margin far above its error; runs that were only seen."""


Exact: TypeAlias = NDArray[np.object_]
"""An array of fractions, whose sums and products NumPy does not round."""


def exact(numbers: Any) -> Exact:
    """Return whole numbers and fractions, in lists or an array of objects, as an array of fractions.

    Examples
    --------
    >>> from rac_theory.literature.counterexamples.counterexample import exact
    >>> A = exact([[1, 2], [0, 1]]) / 3
    >>> print(A @ A)
    [[Fraction(1, 9) Fraction(4, 9)]
     [Fraction(0, 1) Fraction(1, 9)]]
    """
    return np.asarray(np.frompyfunc(Fraction, 1, 1)(np.array(numbers, dtype=object)))


@dataclass(frozen=True)
class Check:
    """One sentence that was checked, with the numbers in it, made by the method that names its grounds.

    Attributes
    ----------
    sentence : str
        What was asked.
    holds : bool
        Whether it is so: all that the method was given.
    evidence : "exact", "bounded" or "simulated"

    Examples
    --------
    >>> from rac_theory import counterexamples
    >>> print(counterexamples.C1.witness().checks[0])
    ok  exact     along a move of A alone the curvature at (sB, A/s) is 30 s^2
    """

    sentence: str
    holds: bool
    evidence: Grounds

    @classmethod
    def exact(cls, sentence: str, *holds: bool) -> "Check":
        """Return what rational arithmetic or a closed form decides."""
        return cls(sentence, all(holds), "exact")

    @classmethod
    def bounded(cls, sentence: str, *holds: bool) -> "Check":
        """Return what floating point decides, with a margin far above its error."""
        return cls(sentence, all(holds), "bounded")

    @classmethod
    def simulated(cls, sentence: str, *holds: bool) -> "Check":
        """Return what runs were seen to do, which proves nothing."""
        return cls(sentence, all(holds), "simulated")

    def __str__(self) -> str:
        return f"{'ok ' if self.holds else 'NOT'} {self.evidence:9} {self.sentence}"


NO_PICTURE = Lines({}, {}, "", "")


@dataclass(frozen=True, eq=False)
class Witness(Value):
    """The evidence of a counterexample.

    Attributes
    ----------
    checks : tuple of Check
        What the statement says, sentence by sentence.
    picture : Picture
    against : tuple of Check
        What shows the form in circulation to be false, where there is one that is.

    Examples
    --------
    >>> from rac_theory import counterexamples
    >>> witness = counterexamples.C1.witness()
    >>> all(check.holds for check in witness.checks), sorted({check.evidence for check in witness.checks})
    (True, ['bounded', 'exact'])
    """

    checks: tuple[Check, ...]
    picture: Picture = NO_PICTURE
    against: tuple[Check, ...] = ()

    def __repr__(self) -> str:
        holding = sum(check.holds for check in self.checks)
        against = f", {len(self.against)} against the form in circulation" if self.against else ""
        return f"<{type_name(self)}: {holding} of {len(self.checks)} checks hold{against}>"


@dataclass(frozen=True, eq=False)
class Answer:
    """The verdict on a counterexample.

    Attributes
    ----------
    counterexample : Counterexample
    status : Status
        HOLDS if every check does and one of them is more than a simulation, CONSISTENT if all are simulations,
        VIOLATED if one check fails.
    reason : str
    circulated : Status or None
        VIOLATED where the form in circulation is quoted and was shown to be false, UNDECIDED where it is in our words,
        or that was tried and failed; None where our statement is the one in circulation.
    witness : Witness

    Examples
    --------
    >>> from rac_theory import counterexamples
    >>> answer = counterexamples.C1.verdict()
    >>> print(answer.status, answer.reason)
    HOLDS Every check holds (2 exact, 6 bounded).
    >>> answer.circulated is None  # nobody says more than is true
    True
    """

    counterexample: "Counterexample"
    status: Status
    reason: str
    circulated: Status | None
    witness: Witness

    def __str__(self) -> str:
        head = f"{self.counterexample.id} {self.status.name}: {self.counterexample.statement} {self.reason}"
        return f"{head} {self.circulation}".rstrip()

    @property
    def circulation(self) -> str:
        """What became of the form in circulation, and whose words it is in; empty where there is none."""
        example, against = self.counterexample, self.witness.against
        if self.circulated is None:
            return ""
        if example.is_quoted:
            return f"As it circulates, {self.circulated.name}: {example.in_circulation}."
        verdict = "refuted" if against and all(check.holds for check in against) else "not refuted"
        return f"As it circulates, {self.circulated.name}; in our words, {verdict}: {example.in_circulation}."

    def __repr__(self) -> str:
        return f"<{type_name(self)} {self}>"

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the picture of the witness on matplotlib axes, made if none are given; return the axes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        matplotlib.axes.Axes
        """
        example = self.counterexample
        title = f"{example.id} {self.status.name}: {example.name}\n{type_name(example.method)} on {example.problem!r}"
        return self.witness.picture.draw(ax, title=title)

    def to_frame(self) -> "DataFrame":
        """Return a data frame with a line for each check; ``of`` says of which statement: ours, or "in circulation".

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        MissingExtra
            Without the extra ``frames``.
        """
        return frame({"of": str, "sentence": str, "holds": bool, "evidence": str}, self._records())

    def _repr_html_(self) -> str:
        from rac_theory.drawing import html

        example = self.counterexample
        rows = [[*map(str, record.values())] for record in self._records()]
        return html.together(
            html.heading(f"{example.id} {self.status.name}:", self.reason),
            html.facts(
                [("statement", example.statement), ("in circulation", self.circulation), ("source", example.source)]
            ),
            html.table(("of", "check", "holds", "evidence"), rows),
        )

    def _records(self) -> list[dict[str, Any]]:
        parts = (("ours", self.witness.checks), ("in circulation", self.witness.against))
        return [{"of": name, **vars(check)} for name, checks in parts for check in checks]


@lru_cache(maxsize=64)  # more than there are: each is the same whenever it is asked for
def _witness(of: "Counterexample") -> Witness:
    return of.gather(of)


@dataclass(frozen=True, eq=False, kw_only=True)
class Counterexample:
    """A claim about what fails, on one case.

    Attributes
    ----------
    id, name : str
    statement : str
        The claim as it is true.
    source : str
        Where it is from, or where it is discussed.
    mark : "paper", "derived" or "second-hand"
        Whether the public record of the paper has it, we prove it, or it is known through others only.
    cause : str
        Which of the causes of failure it separates.
    problem, method, start, seed
        The case: ``start`` is W^0, (m, n), by default zero, and ``seed`` that of everything drawn.
    gather : callable
        Takes the counterexample and returns its witness.
    condition : str or None
        Under which the statement holds, where that is less than what it says.
    in_circulation : str or None
        The form that one meets, where it says more than is true: in quotation marks where it is a sentence of its
        source, word for word, else in our words, of which nobody can be said to have published them.

    Examples
    --------
    >>> from rac_theory import counterexamples
    >>> print(counterexamples.C1.name, counterexamples.C1.cause, sep=": ")
    loss of smoothness: step-size instability
    >>> counterexamples.C1.verdict().status.name
    'HOLDS'
    """

    id: str
    name: str
    statement: str
    source: str = "derived"
    mark: Literal["paper", "derived", "second-hand"] = "derived"
    cause: str
    problem: Problem
    method: Algorithm
    start: Array = None  # type: ignore[assignment]  # zero
    gather: Callable[["Counterexample"], Witness]
    seed: int = 0
    condition: str | None = None
    in_circulation: str | None = None

    def __post_init__(self) -> None:
        if self.start is None:
            object.__setattr__(self, "start", np.zeros(self.problem.shape))

    def case(self, steps: int) -> Case:
        """Return the case, of so many steps.

        Parameters
        ----------
        steps : int

        Returns
        -------
        Case
            The method on the problem, from ``start``.
        """
        return Case(self.method, self.problem, self.start, steps=steps)

    def witness(self) -> Witness:
        """Return the evidence, which is computed once.

        Returns
        -------
        Witness
        """
        return _witness(self)

    def verdict(self) -> Answer:
        """Say what the evidence amounts to.

        Returns
        -------
        Answer
            HOLDS if every check holds, CONSISTENT if all of them were only seen in runs, VIOLATED if one fails.
        """
        witness = self.witness()
        wrong = [check for check in witness.checks if not check.holds]
        kinds = Counter(check.evidence for check in witness.checks)
        counted = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
        if wrong:
            status, reason = Status.VIOLATED, f"Not so: {wrong[0].sentence}"
        else:
            only_seen = set(kinds) <= {"simulated"}
            status = Status.CONSISTENT if only_seen else Status.HOLDS
            reason = f"Every check holds ({counted})."
        refuted = bool(witness.against) and all(check.holds for check in witness.against)
        false = Status.VIOLATED if refuted and self.is_quoted else Status.UNDECIDED
        circulated = None if self.in_circulation is None else false
        return Answer(self, status, reason, circulated, witness)

    @property
    def is_quoted(self) -> bool:
        """Whether the form in circulation is a sentence of its source."""
        words = self.in_circulation or ""
        return words[:1] == words[-1:] == '"' and words.count('"') == 2

    def __repr__(self) -> str:
        return f"<{type_name(self)} {self.id}: {self.name}>"
