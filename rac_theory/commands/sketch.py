"""``sketch``: lambda_min of a sketch, how it is known, and what it costs."""

import argparse

from rac_theory.base import checks, printable
from rac_theory.commands.exit_status import OK
from rac_theory.commands.screen import screen, show_table, tell
from rac_theory.ledger import results
from rac_theory.sketches import all_spectra, sketch_factory, spectrum


def run(arguments: argparse.Namespace) -> int:
    """Print what is known of E[H] and save its figure."""
    dim = checks.integer("dim", arguments.dim, 1)
    rank = checks.integer("rank", arguments.rank, 1, dim, "dim")
    checks.integer("seed", arguments.seed, 0)
    if arguments.all == (arguments.name is not None):
        raise ValueError(f"sketch must be given one name, or --all, got {'both' if arguments.all else 'neither'}")
    if arguments.all and arguments.exact:
        raise ValueError("exact must be asked of one sketch, not with --all")
    console = screen()
    if arguments.all:
        known = all_spectra.compare(dim, rank, rng=arguments.seed)
        show_table(console, all_spectra.comparison_table(known), ("E[rank]", "lambda_max"))
        for line in all_spectra.without_spectrum(known):
            tell(console, line)
        ax = all_spectra.comparison_plot(known)
    else:
        one = spectrum(sketch_factory(arguments.name)(dim, rank), rng=arguments.seed, exact=arguments.exact)
        tell(console, all_spectra.description(one), hang=16)
        if one.certificate is not None:
            kept = results.save_text(
                one.certificate.coq(), arguments.out, f"lambda_min {arguments.name} {dim}x{rank}.v"
            )
            tell(console, f"{'for Coq':16}{printable(str(kept))}", hang=16)
        ax = one.plot()
    what = "every sketch" if arguments.all else arguments.name
    ax.set_title(f"{what}, dim {dim}, rank {rank}", fontsize=9)
    path = results.save_figure(ax, arguments.out, f"sketch {what} {dim}x{rank}")
    tell(console, f"{'figure':16}{printable(str(path))}")
    return OK
