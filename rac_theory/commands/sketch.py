"""``sketch``: lambda_min of a sketch, how it is known, and what it costs."""

import argparse
from pathlib import Path
from typing import Any

from rac_theory.commands.exit_status import OK
from rac_theory.commands.in_common import wide_console
from rac_theory.ledger import results
from rac_theory.problems import checks
from rac_theory.problems.naming import printable
from rac_theory.sketches import all_spectra
from rac_theory.sketches.plug_in import sketch_factory
from rac_theory.sketches.spectra import spectrum


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    sketch = commands.add_parser("sketch", help="lambda_min of a sketch, how it is known, and what it costs")
    sketch.set_defaults(run=run)
    sketch.add_argument("name", nargs="?", help="a sketch by name, or a class of yours as module:Name")
    sketch.add_argument("--all", action="store_true", help="every sketch at this size, side by side")
    sketch.add_argument("--dim", type=int, required=True)
    sketch.add_argument("--rank", type=int, required=True)
    sketch.add_argument("--seed", type=int, default=0)
    sketch.add_argument("--out", type=Path, default=Path("results"), help="folder for the figure")


def run(arguments: argparse.Namespace) -> int:
    """Print what is known of E[H] and save its figure."""
    dim = checks.integer("dim", arguments.dim, 1)
    rank = checks.integer("rank", arguments.rank, 1, dim, "dim")
    if arguments.all == (arguments.name is not None):
        raise ValueError(f"sketch must be given one name, or --all, got {'both' if arguments.all else 'neither'}")
    if arguments.all:
        known = all_spectra.compare(dim, rank, rng=arguments.seed)
        wide_console().print(all_spectra.comparison_table(known))
        ax = all_spectra.comparison_plot(known)
    else:
        one = spectrum(sketch_factory(arguments.name)(dim, rank), rng=arguments.seed)
        print(all_spectra.description(one))
        ax = one.plot()
    what = "every sketch" if arguments.all else arguments.name
    ax.set_title(f"{what}, dim {dim}, rank {rank}", fontsize=9)
    path = results.save_figure(ax, arguments.out, f"sketch {what} {dim}x{rank}")
    print(f"{'figure':16}{printable(str(path))}")
    return OK
