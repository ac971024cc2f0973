"""What ``judge`` takes."""

from pathlib import Path
from typing import Any

from rac_theory.commands import names
from rac_theory.commands.options.shared import add_alpha, add_out
from rac_theory.commands.parsing import Example, add_command, among, number, option

_EXAMPLE = Example(
    "judge curves.csv --bound 0.9",
    """
    E[metric] <= bound CONSISTENT for 300 runs, 5 steps: ...
    figure results/judge-curves.svg
    """,
)


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    does = "judge runs of any origin, in a CSV file, by a bound on their mean"
    parser = add_command(commands, "judge", does, "judge:run", _EXAMPLE)
    option(parser, "curves", type=Path, help="CSV file, a run in each row, its start (t = 0) in the first column")
    against = parser.add_argument_group("what the mean is compared with, one of")
    option(
        against,
        "--bound",
        metavar="BOUND",
        complete=among(names.THEOREMS),
        help="a number, a CSV file of one for each t, a function of yours as module:name, or a theorem by id",
    )
    option(against, "--below", type=Path, metavar="CURVES", help="a CSV file of other runs, whose mean is to be larger")
    known = parser.add_argument_group("what is known of the runs")
    option(
        known,
        "--constant",
        several=True,
        metavar="NAME=VALUE",
        help="constants of the theorem, by the names that explain gives them, as gamma=0.1",
    )
    option(
        known,
        "--ceiling",
        type=number(),
        metavar="C",
        help="a proved upper end of the metric (default: none, and then nothing is confirmed)",
    )
    option(known, "--columns", choices=("steps", "runs"), default="steps", help="what columns are (default: steps)")
    option(known, "--metric", default="metric", metavar="NAME", help="what the curves are of (default: metric)")
    add_alpha(parser, "")
    add_out(parser, "the figure")
