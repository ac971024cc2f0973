"""``sketch``: lambda_min of a sketch, how it is known, and what it costs."""

import argparse
from typing import Any

from rac_theory.commands import names
from rac_theory.commands.exit_status import OK
from rac_theory.commands.parsing import Example, Word, add_command, add_figure, add_out, add_seed, flag, integer, option
from rac_theory.commands.screen import screen, show_table, tell

_EXAMPLE = Example(
    "sketch haar --dim 768 --rank 4",
    """
    lambda_min      0.00520833
    lambda_max      0.00520833
    expected rank   4, so lambda_min is at most 0.00520833
    known by        closed form of E[H]
    slowdown        192 times the steps of full gradient descent are promised
    """,
)


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    does = "say what is known of a sketch: lambda_min, how it is known, what it costs"
    parser = add_command(commands, "sketch", does, run, _EXAMPLE, ("rac_theory.ledger",))
    option(
        parser,
        "name",
        Word(None, words=names.sketches),
        "a sketch by name, as in list, or a class of yours as module:Name",
        nargs="?",
    )
    flag(parser, "--all", "every sketch at this size, side by side")
    flag(
        parser, "--exact", "enumerate the sketch in fractions, and keep the certificate of lambda_min as a file for Coq"
    )
    option(parser, "--dim", integer("D", ">= 1"), "rows of the sketch, D x R", required=True)
    option(parser, "--rank", integer("R", ">= 1"), "columns of the sketch, at most D", required=True)
    add_seed(parser, "sampling, for a sketch of which no closed form is known")
    add_figure(parser, "")
    add_out(parser, "the figure, and the certificate of --exact")


def run(arguments: argparse.Namespace) -> int:
    """Print what is known of E[H] and save its figure."""
    from rac_theory.base import checks, printable
    from rac_theory.ledger import results
    from rac_theory.sketches import all_spectra, sketch_factory, spectrum

    dim = checks.integer("dim", arguments.dim, 1)
    rank = checks.integer("rank", arguments.rank, 1, dim, "dim")
    checks.integer("seed", arguments.seed, 0)
    if arguments.all == (arguments.name is not None):
        raise ValueError(f"sketch must be given one name, or --all, got {'both' if arguments.all else 'neither'}")
    if arguments.all and arguments.exact:
        raise ValueError("exact must be asked of one sketch, not with --all")
    if arguments.figure is not None:
        results.check_figure(arguments.figure)
    console = screen()
    if arguments.all:
        spectra = all_spectra.compare(dim, rank, rng=arguments.seed)
        show_table(console, all_spectra.comparison_table(spectra), ("E[rank]", "lambda_max"))
        for line in all_spectra.without_spectrum(spectra):
            tell(console, line)
        ax = all_spectra.comparison_plot(spectra)
    else:
        law = spectrum(sketch_factory(arguments.name)(dim, rank), rng=arguments.seed, exact=arguments.exact)
        tell(console, all_spectra.description(law), hang=16)
        if law.certificate is not None:
            saved = results.save_text(
                law.certificate.coq(), arguments.out, f"lambda_min {arguments.name} {dim}x{rank}.v"
            )
            tell(console, f"{'for Coq':16}{printable(str(saved))}", hang=16)
        ax = law.plot()
    what = "every sketch" if arguments.all else arguments.name
    ax.set_title(f"{what}, dim {dim}, rank {rank}", fontsize=9)
    path = results.save_figure(ax, arguments.out, f"sketch {what} {dim}x{rank}")
    tell(console, f"{'figure':16}{printable(str(path))}")
    if arguments.figure is not None:
        tell(console, f"{'figure':16}{printable(str(results.save_figure_as(ax, arguments.figure)))}")
    return OK
