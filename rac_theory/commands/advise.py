"""``advise``: which rank, which side, which sketch."""

import argparse
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from problems.naming import printable
from rac_theory import theorems
from rac_theory.advice.advise import RANKS, SKETCHES, advise, fewest_steps, frontier_plot
from rac_theory.advice.model_shapes import Shapes, parse
from rac_theory.advice.table import advice_table
from rac_theory.advice.training_option import FLOPS, Option
from rac_theory.commands.exit_status import OK
from rac_theory.commands.in_common import wide_console
from rac_theory.files.whole_file import write_whole
from rac_theory.ledger import results

NOT_COVERED = (
    "What is not covered: the theorems are about gradient descent with the exact gradient and a constant step on one "
    "matrix, projected by a fresh sketch at each step. They say nothing about Adam or any other step that is not "
    "along the gradient, about weight decay that is not part of f, about many layers trained at once (each line takes "
    "one layer, all others fixed), about low precision, or about accuracy on data that were not trained on. And a "
    "promise is an upper bound, which may be kept much earlier: the best promise need not be the best choice."
)

_PROMISES = (theorems.T1, theorems.T2)
_LARGEST_GRID = 9  # shapes in one figure


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    parser = commands.add_parser(
        "advise", help="which rank, side and sketch: steps promised and costs, for your shapes"
    )
    parser.set_defaults(run=run)

    def several(option: str, **rest: Any) -> None:
        parser.add_argument(option, nargs="+", action="extend", default=[], **rest)

    several(
        "--shape",
        required=True,
        help="as 768x3072, or paths of .safetensors or .npz files, of which only headers are read",
    )
    several("--rank", help=f"ranks of the sketch (default: {' '.join(map(str, RANKS))})")
    several("--sketch", help=f"sketches by name, or classes of yours as module:Name (default: {' '.join(SKETCHES)})")
    parser.add_argument("--mixture", type=float, help="probability of a left step, to mix both sides")
    parser.add_argument("--epsilon", type=float, default=0.01, help="accuracy, relative to the start (default: 0.01)")
    parser.add_argument("--condition", type=float, default=1000.0, help="L / mu, which only T2 needs (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="for sketches without a closed form")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder for the figure")


def run(arguments: argparse.Namespace) -> int:
    """Print the table and what it leaves out, and save the figure."""
    found = [parse(text) for text in arguments.shape]
    shapes = [shape for one in found for _, shape in one.matrices]
    if not shapes:
        raise ValueError(f"shape must give at least one matrix, got none in {', '.join(arguments.shape)}")
    ranks = [_rank(text) for text in _split(arguments.rank)] or RANKS
    with Console(stderr=True).status("Computing spectra ..."):
        options, notes = advise(
            shapes,
            ranks=ranks,
            sketches=_split(arguments.sketch) or SKETCHES,
            mixture=arguments.mixture,
            rng=arguments.seed,
        )
    console = wide_console()
    console.print(advice_table(options, _PROMISES, epsilon=arguments.epsilon, condition=arguments.condition))
    for line in (*_explanation(arguments), *fewest_steps(options), *_counts(arguments.shape, found), *notes):
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"\n{FLOPS}\n\n{NOT_COVERED}\n", markup=False)
    print("figure " + printable(", ".join(map(str, _save_figure(options, arguments.out)))))
    return OK


def _split(values: Sequence[str]) -> list[str]:
    """Take apart what is separated by commas, blanks apart."""
    return [part for value in values for part in value.split(",") if part]


def _rank(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"rank must be an integer, got {text!r}")
    return int(text)


def _explanation(arguments: argparse.Namespace) -> tuple[str, ...]:
    return (
        "slowdown: 1/lambda_min, the steps promised relative to full training, by T1; by T2 at least that.",
        f"steps: promised at gamma = 1/L until T1's mean squared gradient is at most {arguments.epsilon:g} times "
        f"2 L (f(W^0) - f*), and until T2's gap is at most {arguments.epsilon:g} times that at the start, with "
        f"L / mu = {arguments.condition:g}.",
        "trained: numbers trained in a step; budget: slowdown times that, relative to full training; "
        "frontier: no other line of the shape is better in steps or numbers and as good in the other.",
    )


def _counts(texts: Sequence[str], found: Sequence[Shapes]) -> list[str]:
    """Say for each file how many matrices it has of each shape, and which tensors were left out."""
    lines = []
    for text, one in zip(texts, found, strict=True):
        by_shape: dict[str, list[str]] = {}
        for name, (m, n) in one.matrices:
            by_shape.setdefault(f"{m}x{n}", []).append(name)
        if [*by_shape] != [text]:
            lines += [f"{text}: {len(names)} of {shape}: {', '.join(names)}" for shape, names in by_shape.items()]
        lines += [f"{text}: left out, {sentence}" for sentence in one.left_out]
    return lines


def _save_figure(options: Sequence[Option], folder: Path) -> list[Path]:
    """Draw a panel for each shape, up to nine, and save it as a picture and as a drawing."""
    from matplotlib.figure import Figure

    shapes = list(dict.fromkeys(option.shape for option in options))[:_LARGEST_GRID]
    columns = min(3, len(shapes))
    rows = -(-len(shapes) // columns)
    panels = Figure(figsize=(5.2 * columns, 4.0 * rows), layout="constrained")
    for i, shape in enumerate(shapes):
        ax = panels.add_subplot(rows, columns, i + 1)
        frontier_plot([option for option in options if option.shape == shape], ax)
    drawing = results.save_figure(ax, folder, "advise")
    drawn = io.BytesIO()
    panels.savefig(drawn, dpi=110)
    return [write_whole(drawing.with_suffix(".png"), drawn.getvalue()), drawing]
