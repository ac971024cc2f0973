"""``advise``: which rank, which side, which sketch."""

import argparse
import io
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rac_theory.commands import names
from rac_theory.commands.exit_status import OK
from rac_theory.commands.parsing import Example, Word, add_command, add_out, add_seed, flag, integer, number, option
from rac_theory.commands.screen import errors_screen, screen, show_table, tell

if TYPE_CHECKING:
    from rich.table import Table

    from rac_theory.advice import Curvature, Horizon, Layer, Loss, Option, Saved, Shapes
    from rac_theory.algorithms import Side

CONDITION = 1000.0
"""L / mu where nothing says it."""

EPSILON = 0.01

EXAMPLES = 1000
"""The examples in a gradient where nothing says how many."""

LORA_ALPHA = 16.0
"""That at the first rank."""

_EXAMPLE = Example(
    "advise 768x3072 --rho 50 --rank 8",
    """
    Rank 8 is promised 7.4 times the steps of full fine-tuning: ...
    Cheaper in numbers trained: rank 1 (train B, draw A), ...
    A learning rate that is right at rank 8 with lora_alpha 16 is right ...
    """,
)

COMPARED = (1, 4, 16, 64)
"""The ranks beside yours."""

RANK = 8
"""Yours, where nothing says it: what PEFT has."""


def add(commands: Any) -> None:
    """Add the command to the subparsers."""
    parser = add_command(
        commands,
        "advise",
        "say what a rank costs, which would be cheaper, and which lora_alpha carries a learning rate, for your layers",
        run,
        _EXAMPLE,
        ("rac_theory.advice", "rac_theory.ledger"),
    )
    layers = parser.add_argument_group("layers")
    option(
        layers,
        "shape",
        Word("SHAPE"),
        "as 768x3072, the folder of a model or of an adapter, or .safetensors, .safetensors.index.json or .npz "
        "files, of which only headers are read",
        nargs="+",
    )
    option(
        layers,
        "--only",
        Word("PATTERN"),
        "parts of names such as q_proj, or patterns such as '*.0.*.weight': of files only these (default: all)",
        several=True,
    )
    curved = parser.add_argument_group("their curvature (default: none is known)")
    source = curved.add_mutually_exclusive_group()
    option(
        source,
        "--data",
        Word("FILE"),
        "features, N x d, in an .npy file, or in an .npz file by the name of the layer; or what Activations saved",
    )
    option(source, "--spectrum", Word("VALUES"), "eigenvalues of the curvature: 4,1,0.5, or an .npy or .txt file")
    option(source, "--rho", number("RHO", ">= 1"), "its effective dimension alone: trace / L, >= 1")
    option(
        curved,
        "--features",
        Word(),
        "side of W that features multiply: right, y = W x, outputs x inputs (default), or left, y = x W",
        choices=("left", "right"),
    )
    option(curved, "--loss", Word(), "loss of --data (default: least_squares)", choices=names.LOSSES)
    option(curved, "--l2", number("L2", ">= 0"), "weight of a penalty beside --data (default: 0)")
    compared = parser.add_argument_group("what is compared")
    option(
        compared,
        "--rank",
        Word("R"),
        f"ranks, yours first (default: of the adapter, else {RANK}, beside {' '.join(map(str, COMPARED))})",
        several=True,
    )
    option(compared, "--lora-alpha", number("ALPHA", "> 0"), f"yours (default: of the adapter, else {LORA_ALPHA:g})")
    until = parser.add_argument_group("all of it")
    flag(
        until,
        "--all",
        "every sketch, rank and side, with steps, numbers and flops, and a figure; so do the options below",
    )
    option(
        until,
        "--sketch",
        Word("NAME", words=names.sketches),
        f"sketches by name, or classes of yours as module:Name (default: {' '.join(names.ADVISED_SKETCHES)})",
        several=True,
    )
    option(
        until,
        "--mixture",
        number("P", "in [0, 1]"),
        "probability of a left step, where both sides are mixed (default: they are not)",
    )
    option(until, "--epsilon", number("EPS", "> 0"), f"accuracy, relative to the start (default: {EPSILON:g})")
    option(
        until,
        "--condition",
        number("KAPPA", ">= 1"),
        f"L / mu, which only T15_pl needs (default: of the curvature, else {CONDITION:g})",
    )
    option(
        until,
        "--examples",
        integer("N", ">= 1"),
        f"examples in a gradient, for flops (default: rows of --data, else {EXAMPLES})",
    )
    flag(until, "--learning-rate", "tell the best learning rates of plain steps at each rank")
    add_seed(until, "sampling, for sketches of which no closed form is known")
    add_out(until, "the figure")


_SPARE = ("frontier", "L_H/L", "budget", "numbers", "step L", "steps T15", "flops")  # the first one first


class _Alike(NamedTuple):
    """Matrices of one shape and one curvature, their options, and how far they are to be trained."""

    layers: "list[Layer]"
    curvature: "Curvature | None"
    options: "list[Option]"
    notes: list[str]
    horizon: "Horizon"


def run(arguments: argparse.Namespace) -> int:
    """Answer in three sentences and a table, or print all tables and save the figure."""
    from rac_theory.advice import model_shapes
    from rac_theory.base import checks, printable
    from rac_theory.commands import advise_words as words

    checks.integer("seed", arguments.seed, 0)
    shapes = [model_shapes.parse(text, arguments.only) for text in arguments.shape]
    layers = [layer for file in shapes for layer in file.matrices]
    if not layers:
        why = "; ".join(words.shortened([sentence for file in shapes for sentence in file.left_out]))
        raise ValueError(
            f"shape must give at least one layer, got none in {printable(', '.join(arguments.shape))}: "
            f"{why or 'there is nothing in it'}"
        )
    table_options = ("mixture", "epsilon", "condition", "examples")
    more = arguments.all or arguments.sketch or arguments.learning_rate
    more = more or any(getattr(arguments, name) is not None for name in table_options)
    return (_everything if more else _answer)(layers, shapes, arguments)


def _answer(layers: "Sequence[Layer]", shapes: "Sequence[Shapes]", arguments: argparse.Namespace) -> int:
    """Print what an engineer asks."""
    from rac_theory.advice import alike, answer_table, sentences
    from rac_theory.base import checks
    from rac_theory.commands import advise_words as words

    config = next((file.config for file in shapes if file.config is not None), None)
    typed = [_rank(text) for text in _split(arguments.rank)]
    usual_rank = Counter(rank for file in shapes for _, rank in file.adapters).most_common(1)
    rank = typed[0] if typed else usual_rank[0][0] if usual_rank else config.rank if config is not None else RANK
    configured = LORA_ALPHA if config is None or math.isnan(config.lora_alpha) else config.lora_alpha
    lora_alpha = configured if arguments.lora_alpha is None else checks.positive("lora_alpha", arguments.lora_alpha)
    by_root = config is not None and config.by_root
    ranks = sorted({rank, *(typed if len(typed) > 1 else COMPARED)})
    kinds = [
        alike(ones, curvature, ranks, rng=arguments.seed)
        for ones, curvature in _kinds(layers, _curvatures(arguments, layers))
    ]
    console = screen()
    for sentence in sentences(kinds, rank, lora_alpha, by_root=by_root):
        tell(console, sentence)
    tell(console, "")
    show_table(console, answer_table(kinds, rank))
    tell(console, "")
    for line in (*words.brief(shapes, kinds, rank, typed or usual_rank, config), *_unused(arguments, layers)):
        tell(console, line)
    return OK


def _kinds(
    layers: "Sequence[Layer]", curvatures: "dict[Layer, Curvature]"
) -> "list[tuple[list[Layer], Curvature | None]]":
    """Group layers of one shape and one curvature."""
    groups: dict[tuple[Any, int], list[Layer]] = {}
    for layer in layers:
        groups.setdefault((layer[1], id(curvatures.get(layer))), []).append(layer)
    return [(ones, curvatures.get(ones[0])) for ones in groups.values()]


def _everything(layers: "Sequence[Layer]", files: "Sequence[Shapes]", arguments: argparse.Namespace) -> int:
    """Print the tables and what they leave out, and save the figure."""
    from rac_theory.advice import FLOPS, comparison
    from rac_theory.base import printable
    from rac_theory.commands import advise_words as words

    curvatures = _curvatures(arguments, layers)
    with errors_screen().status("Computing spectra ..."):
        groups = _advised(layers, curvatures, arguments)
        rates = [*_learning_rates(groups[: words.SHOWN], arguments)]
    options = [option for group in groups for option in group.options]
    console = screen()
    first_options = [option for group in groups[: words.SHOWN] for option in group.options]
    show_table(console, comparison.advice_table(first_options, _horizons(groups)), _SPARE)
    for line in (*_words(groups, files, arguments), *_unused(arguments, layers)):
        tell(console, line)
    if len(layers) > 1:
        counts = {label: len(group.layers) for label, group in zip(_horizons(groups), groups, strict=True)}
        examples = {label: horizon.examples for label, horizon in _horizons(groups).items()}
        tell(console, "")
        show_table(console, comparison.total_table(comparison.totals(options, counts, examples)), ("share", "matrices"))
        tell(console, words.TOTAL)
    for part in rates:
        tell(console, part) if isinstance(part, str) else show_table(console, part)
    tell(console, f"\n{FLOPS}\n\n{words.MOMENTUM}\n\n{words.NOT_COVERED}\n")
    tell(console, "figure " + printable(", ".join(map(str, _save_figure(options, arguments.out)))))
    return OK


def _learning_rates(groups: Sequence[_Alike], arguments: argparse.Namespace) -> "Iterator[Table | str]":
    from rac_theory.advice import RANKS, SKETCHES, learning_rate

    if arguments.learning_rate:
        lora_alpha = LORA_ALPHA if arguments.lora_alpha is None else arguments.lora_alpha
        yield f"\nlearning rates of plain steps, with lora_alpha = {lora_alpha:g} at the first rank"
        for group in groups:
            yield from learning_rate.rates_of_layer(
                group.layers[0][1],
                group.curvature,
                ranks=[_rank(text) for text in _split(arguments.rank)] or RANKS,
                sketches=_split(arguments.sketch) or SKETCHES,
                lora_alpha=lora_alpha,
                rng=arguments.seed,
            )
        yield learning_rate.EXPLANATION


def _horizons(groups: Sequence[_Alike]) -> "dict[str, Horizon]":
    return {group.options[0].label: group.horizon for group in groups}


def _words(groups: Sequence[_Alike], files: "Sequence[Shapes]", arguments: argparse.Namespace) -> Iterator[str]:
    """Yield what is said below the table: what was assumed, what is cheapest, how it is known, what is left out."""
    from rac_theory.advice import cheapest, fewest_steps
    from rac_theory.commands import advise_words as words

    if len(groups) > words.SHOWN:
        yield f"The first {words.SHOWN} of {len(groups)} kinds of layers are shown; --only chooses others."
    yield from words.assumed((group.curvature, group.layers) for group in groups)
    yield from words.columns(_horizons(groups))
    curvatures = [group.curvature for group in groups]
    unsaid = arguments.condition is None and any(q is None or math.isnan(q.condition) for q in curvatures)
    uncounted = arguments.examples is None and any(q is None or q.examples is None for q in curvatures)
    yield from words.taken_for_granted(CONDITION if unsaid else None, EXAMPLES if uncounted else None)
    for group in groups[: words.SHOWN]:
        yield from fewest_steps(group.options)
        yield from cheapest(group.options, examples=group.horizon.examples)
    plans = [plan for group in groups for plan in group.options if plan.side != "full"]
    yield from dict.fromkeys(f"{plan.side} {plan.sketch}: known by {plan.how}" for plan in plans)
    yield from words.found_in(arguments.shape, files)
    yield from words.shortened([note for group in groups for note in group.notes], words.SHOWN)


def _curvatures(arguments: argparse.Namespace, layers: "Sequence[Layer]") -> "dict[Layer, Curvature]":
    """Return the curvature of each layer of which one is given."""
    from rac_theory.advice import Curvature, curvature_files
    from rac_theory.base import printable

    side: Side = arguments.features or "right"
    if arguments.data is not None:
        loss: Loss = arguments.loss or "least_squares"

        def of(saved: "Saved", name: str) -> "Curvature":
            return saved.curvature(loss=loss, l2=arguments.l2 or 0.0, side=side).named(f"{printable(name)}, {loss}")

        with errors_screen().status("Reading features ...") as status:
            return curvature_files.of_named(
                layers,
                curvature_files.features_in(arguments.data),
                of,
                lambda name: status.update(f"Reading {name} ..."),
            )
    if arguments.loss is not None or arguments.l2 is not None:
        raise ValueError("loss and l2 must come with --data, the features that they are about")
    if arguments.features is not None and arguments.spectrum is None and arguments.rho is None:
        raise ValueError("features must come with --data, --spectrum or --rho, which say how f is curved on that side")
    if arguments.spectrum is not None:
        return curvature_files.of_all(
            layers, Curvature.of_spectrum(curvature_files.spectrum_in(arguments.spectrum), side=side)
        )
    return {} if arguments.rho is None else curvature_files.of_all(layers, Curvature.of_rho(arguments.rho, side=side))


def _advised(
    layers: "Sequence[Layer]", curvatures: "dict[Layer, Curvature]", arguments: argparse.Namespace
) -> list[_Alike]:
    """Advise once for all matrices that are alike."""
    from rac_theory.advice import RANKS, SKETCHES, advise

    ranks = [_rank(text) for text in _split(arguments.rank)] or RANKS
    groups = _kinds(layers, curvatures)
    shapes = Counter(ones[0][1] for ones, _ in groups)
    advised = []
    for ones, curvature in groups:
        name, shape = ones[0]
        options, notes = advise(
            [shape],
            ranks=ranks,
            sketches=_split(arguments.sketch) or SKETCHES,
            mixture=arguments.mixture,
            curvature=curvature,
            layer=name + f" and {len(ones) - 1} more" * (len(ones) > 1) if shapes[shape] > 1 else "",
            rng=arguments.seed,
        )
        advised.append(_Alike(ones, curvature, options, notes, _horizon(arguments, curvature)))
    return advised


def _horizon(arguments: argparse.Namespace, curvature: "Curvature | None") -> "Horizon":
    """Return what is typed, else what the curvature knows, else what is assumed and said."""
    from rac_theory.advice import Horizon
    from rac_theory.base import checks

    condition, examples = CONDITION, EXAMPLES
    if curvature is not None:
        condition = condition if math.isnan(curvature.condition) else curvature.condition
        examples = curvature.examples or examples
    return Horizon(
        EPSILON if arguments.epsilon is None else arguments.epsilon,
        condition if arguments.condition is None else arguments.condition,
        examples if arguments.examples is None else checks.integer("examples", arguments.examples, 1),
    )


def _split(values: Sequence[str]) -> list[str]:
    """Take apart what is separated by commas, blanks apart."""
    return [part for value in values for part in value.split(",") if part]


def _rank(text: str) -> int:
    from rac_theory.base import checks, shown

    try:
        return checks.typed(int, text)
    except ValueError:
        raise ValueError(f"rank must be an integer >= 1, got {shown(text)}") from None


def _unused(arguments: argparse.Namespace, layers: "Sequence[Layer]") -> list[str]:
    from rac_theory.advice import curvature_files
    from rac_theory.base import printable
    from rac_theory.commands import advise_words as words

    if arguments.data is None:
        return []
    names = words.shortened_names([*curvature_files.unused(layers, [*curvature_files.features_in(arguments.data)])])
    return [f"{printable(arguments.data)}: the names of no layer: {names}"] if names else []


def _save_figure(options: "Sequence[Option]", folder: Path) -> list[Path]:
    """Save the figure as a picture and as a drawing."""
    from rac_theory.advice import comparison
    from rac_theory.base import write_whole
    from rac_theory.ledger import results

    figure, drawn = comparison.frontier_panels(options), io.BytesIO()
    drawing = results.save_figure(figure.axes[-1], folder, "advise")
    figure.savefig(drawn, dpi=110)
    return [write_whole(drawing.with_suffix(".png"), drawn.getvalue()), drawing]
