"""``discover``: theorems that are found from what a step is, with their proofs, and how much their rates leave out."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rac_theory.commands.exit_status import OK, VIOLATED
from rac_theory.commands.parsing import Example, Word, add_command, add_seed, flag, number, option
from rac_theory.commands.screen import bar, screen, tell

if TYPE_CHECKING:
    from rac_theory.algorithms import Method
    from rac_theory.proofs import Proof
    from rac_theory.statements import Theorem

METHODS: Mapping[str, str] = {"rac_lora": "PLAIN", "momentum": "MOMENTUM"}
"""What is typed for methods of ``algorithms``."""

GIVEN: Mapping[str, str] = {
    "smooth": "smooth",
    "along": "smooth_along_sketch",
    "pl": "polyak_lojasiewicz",
    "noise": "structured_noise",
}
"""What is typed for assumptions."""

METRICS: Mapping[str, str] = {"gap": "gap", "gradient": "mean_squared_gradient"}

_EXAMPLE = Example(
    "discover rac_lora --given along pl --metric gap",
    """
    found_1: E[f(W^T)] - f* <= (1 - gamma mu lambda_min (2 - gamma L_H))^T ...
        where gamma L_H <= 2
        this is T13_pl
    """,
)
_AT = {"gamma": 0.5, "mu": 0.1, "dim": 4.0, "rank": 1.0}
"""Where a rate is compared with the exact one of a quadratic of curvatures from mu to 1, along coordinates."""


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    does = "look for theorems about a method, with their proofs"
    parser = add_command(commands, "discover", does, run, _EXAMPLE, ("rac_theory.discovery", "rich.progress"))
    option(parser, "method", Word(None, words=METHODS), f"{', '.join(METHODS)}, or a Method of yours as module:name")
    option(
        parser,
        "--given",
        Word("NAME"),
        f"what is assumed: {', '.join(GIVEN)} (default: nothing)",
        several=True,
        choices=(*GIVEN,),
    )
    option(parser, "--metric", Word(), "what is bounded (default: gap)", choices=(*METRICS,), default="gap")
    option(
        parser,
        "--at",
        Word("NAME=NUMBER", _letter),
        "gamma, mu, dim, rank and letters of the method, at which the rate of the gap is compared with the exact "
        "one of a quadratic (default: it is not)",
        several=True,
    )
    flag(parser, "--latex", "print the statement and the proof in LaTeX")
    option(
        parser,
        "--seconds",
        number("S", "> 0"),
        "processor time after which nothing new is begun (default: 60)",
        default=60.0,
    )
    add_seed(parser, "the constants at which is looked")


def run(arguments: argparse.Namespace) -> int:
    """Print each theorem as it is found, and its proof; 1 if there is none. An interrupt ends with what was found."""
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    from rac_theory import discovery, statements
    from rac_theory.statements import assumptions

    console = screen()
    method = _method(arguments.method)
    columns = SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False)
    # What is found goes where the output goes, also while there is a bar.
    watched = bar(*columns, redirect_stdout=False, redirect_stderr=False)
    task = watched.add_task("")

    def show(proof: "Proof") -> None:
        watched.stop()
        if arguments.latex:
            tell(console, f"{proof.theorem.latex()}\n\n{proof.latex()}")
        else:
            tell(console, str(proof), hang=5)
        if arguments.at and arguments.metric == "gap":
            tell(console, _compared(proof.theorem, method, {**_AT, **dict(arguments.at)}))
        watched.start()

    with watched:
        answer = discovery.discover(
            method,
            given=tuple(getattr(assumptions, GIVEN[name]) for name in arguments.given),
            metric=getattr(statements, METRICS[arguments.metric]),
            seed=arguments.seed,
            seconds=arguments.seconds,
            found=show,
            watch=lambda words: watched.update(task, description=words),
        )
    tell(console, str(answer), hang=4)
    return OK if answer.proofs else VIOLATED


def _letter(typed: str) -> tuple[str, float]:
    name, _, value = typed.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be NAME=NUMBER, such as gamma=0.5, got {typed!r}") from None


def _method(name: str) -> "Method":
    """The method of a name: one of ours, or a user's."""
    from rac_theory import algorithms
    from rac_theory.base import checks, imported

    if ":" not in name:
        name = f"rac_theory.algorithms:{METHODS[checks.one_of('method', name, METHODS)]}"
    method = imported(name, "method")
    if not isinstance(method, algorithms.Method):
        raise ValueError(f"method must be a Method, got {type(method).__name__} for {name!r}")
    return method


def _compared(theorem: "Theorem", method: "Method", at: dict[str, float]) -> str:
    """What is lost against the exact rate of a quadratic, along coordinates."""
    from rac_theory.discovery import share_at

    rank, dim = at.pop("rank"), at.pop("dim")
    share = rank / dim if dim else float("nan")
    try:
        return f"at these constants {theorem.id} proves {share_at(theorem, method, share=share, **at)}"
    except ValueError as why:
        return str(why)
