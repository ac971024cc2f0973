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
