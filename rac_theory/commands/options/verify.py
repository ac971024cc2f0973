"""What ``verify`` takes."""

from typing import Any

from rac_theory.commands import names
from rac_theory.commands.options.shared import add_alpha, add_jobs, add_out, add_seed
from rac_theory.commands.parsing import Example, add_command, among, integer, option

EXAMPLE = Example(
    "verify --claim T2 --problem breast_cancer --sketch haar --rank 4",
    """
    #  claim  case                        setting  verdict  slack [interval] ...
    1  T2     breast_cancer haar r4 left  1/L      HOLDS    62.7 [3.18, 69.8] ...
    1 HOLDS
    """,
)


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    parser = add_command(
        commands,
        "verify",
        "try theorems on problems: a verdict for each, figures, results.json",
        "verify:run",
        EXAMPLE,
        "Try theorems on problems. Without options the paper's two theorems and their sharp forms are tried on the "
        "default problems, and the table has a line for each problem. Where at most 12 rows were run, it shows them.",
    )
    tried = parser.add_argument_group("what is tried")
    option(
        tried,
        "--claim",
        several=True,
        metavar="ID",
        complete=among(("all", *names.THEOREMS, *names.COUNTEREXAMPLES)),
        help="claims by id, as in list, or all (default: T1, T2, T1_sharp, T2_sharp)",
    )
    option(
        tried,
        "--problem",
        several=True,
        metavar="NAME",
        complete=among(names.PROBLEMS),
        help="problems by name, or paths of svmlight files (default: all those with a name)",
    )
    option(
        tried,
        "--sketch",
        several=True,
        metavar="NAME",
        complete=lambda **_: names.sketches(),
        help="sketches by name, or classes of yours as module:Name (default: three, and frozen as a control)",
    )
    option(
        tried,
        "--rank",
        several=True,
        type=integer(">= 1"),
        metavar="R",
        help="ranks of the sketch, at most its dimension (default: those of the problem, 1 and 4 as a rule)",
    )
    option(
        tried,
        "--side",
        several=True,
        metavar="SIDE",
        complete=among(names.SIDES),
        help="left, right, or both: a coin decides in every step (default: left and right, where there are two)",
    )
    option(
        tried,
        "--setting",
        several=True,
        metavar="NAME",
        complete=among(names.SETTINGS),
        help="settings by name, as in list, or step sizes such as 0.5/L (default: those of the claims)",
    )
    how = parser.add_argument_group("how it is tried")
    option(
        how,
        "--steps",
        type=integer(">= 1"),
        metavar="T",
        help="steps of a run (default: until every bound is a tenth of what is known without it, or a quarter where "
        "each step takes several passes over the data; at most 2000)",
    )
    option(
        how,
        "--runs",
        type=integer(">= 1"),
        metavar="N",
        help="runs of each case, where they are sampled (default: 256, on digits and networks 128 or 64)",
    )
    add_seed(how, "all runs")
    add_alpha(how, " of each row")
    add_jobs(how)
    kept = parser.add_argument_group("what is shown and kept")
    option(kept, "--rows", action="store_true", help="print every row, however many there are")
    add_out(kept, "results.json, figures and report.html")
