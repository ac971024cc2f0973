"""``discover``: theorems that are found from what a step is, with their proofs, and how much their rates leave out."""

import argparse

from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from rac_theory import algorithms, discovery, statements
from rac_theory.algorithms import Method
from rac_theory.base import checks, imported
from rac_theory.commands.exit_status import OK, VIOLATED
from rac_theory.commands.options import GIVEN, METHODS, METRICS
from rac_theory.commands.screen import bar, screen, tell
from rac_theory.discovery import share_at
from rac_theory.proofs import Proof
from rac_theory.statements import Theorem, assumptions
from rac_theory.statements.symbols import second_young, share_of_memory, young, young_of_memory
from rac_theory.theorems import theorem_named

_AT = {"gamma": 0.5, "mu": 0.1, "dim": 4.0, "rank": 1.0}
"""Where a rate is compared with the exact one of a quadratic of curvatures from mu to 1, along coordinates."""


_OF_CLAIMS = tuple(symbol.name for symbol in (young, second_young, share_of_memory, young_of_memory))
"""Letters of what is found, which have the best numbers where they are not given."""


def run(arguments: argparse.Namespace) -> int:
    """Print each theorem as it is found, and its proof; 1 if there is none. An interrupt ends with what was found."""
    console = screen()
    method = _method(arguments.method)
    at = _at(method, arguments) if arguments.at else None
    columns = SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False)
    # What is found goes where the output goes, also while there is a bar.
    watched = bar(*columns, redirect_stdout=False, redirect_stderr=False)
    task = watched.add_task("")

    def show(proof: Proof) -> None:
        watched.stop()
        if arguments.latex:
            tell(console, f"{proof.theorem.latex()}\n\n{proof.latex()}")
        else:
            tell(console, str(proof), hang=5)
        if at is not None and isinstance(method, Method):
            tell(console, _compared(proof.theorem, method, at))
        watched.start()

    with watched:
        answer = discovery.discover(
            method,
            given=tuple(getattr(assumptions, GIVEN[name]) for name in arguments.given),
            metric=getattr(statements, METRICS[arguments.metric]) if arguments.metric else None,
            seed=arguments.seed,
            seconds=arguments.seconds,
            found=show,
            watch=lambda words: watched.update(task, description=words),
        )
    tell(console, str(answer), hang=4)
    return OK if answer.proofs else VIOLATED


def _method(name: str) -> Method | Theorem:
    """The method of a name, or the theorem: one of ours, or a user's."""
    if ":" not in name:
        if name[:1] == "T":
            return theorem_named(name)
        name = f"rac_theory.algorithms:{METHODS[checks.one_of('method', name, METHODS)]}"
    method = imported(name, "method")
    if not isinstance(method, algorithms.Method | Theorem):
        raise ValueError(f"method must be a Method or a Theorem, got {type(method).__name__} for {name!r}")
    return method


def _at(method: Method | Theorem, arguments: argparse.Namespace) -> dict[str, float]:
    """The constants at which rates are compared with the exact ones, which are known of the gap of a method."""
    if isinstance(method, Theorem) or arguments.metric not in (None, "gap"):
        what = f"the theorem {method.id}" if isinstance(method, Theorem) else f"--metric {arguments.metric}"
        raise ValueError(f"at must be given with a method and its gap, whose exact rate is known, got {what}")
    for name, _ in arguments.at:
        checks.one_of("at", name, {*_AT, *method.letters, *_OF_CLAIMS})
    at = {**_AT, **dict(arguments.at)}
    rank, dim = at["rank"], at["dim"]
    if not (rank.is_integer() and dim.is_integer() and 1 <= rank <= dim):
        raise ValueError(f"at must have whole numbers with 1 <= rank <= dim, got rank={rank:g} and dim={dim:g}")
    return at


def _compared(theorem: Theorem, method: Method, at: dict[str, float]) -> str:
    """What is lost against the exact rate of a quadratic, along coordinates."""
    others = {name: number for name, number in at.items() if name not in ("rank", "dim")}
    try:
        share = share_at(theorem, method, share=at["rank"] / at["dim"], **others)
        return f"at these constants {theorem.id} proves {share}"
    except ValueError as why:
        return str(why)
