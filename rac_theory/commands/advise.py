"""``advise``: which rank, which side, which sketch."""

import argparse
import io
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from rac_theory import advice
from rac_theory.advice import Curvature, Horizon, Layer, Loss, Option, Shapes, cheapest, comparison, curvature_files
from rac_theory.algorithms import Side
from rac_theory.base import checks, printable, shown, write_whole
from rac_theory.commands import advise_words as words
from rac_theory.commands.exit_status import OK
from rac_theory.commands.options import COMPARED, CONDITION, EPSILON, EXAMPLES, LORA_ALPHA, RANK
from rac_theory.commands.screen import errors_screen, screen, show_table, tell
from rac_theory.ledger import results

_SPARE = ("frontier", "L_H/L", "budget", "numbers", "step L", "steps T15", "flops")  # the first one first


class _Alike(NamedTuple):
    """Matrices of one shape and one curvature, their options, and how far they are to be trained."""

    layers: list[Layer]
    curvature: Curvature | None
    options: list[Option]
    notes: list[str]
    horizon: Horizon


def run(arguments: argparse.Namespace) -> int:
    """Answer in three advice.sentences and a table, or print all tables and save the figure."""
    checks.integer("seed", arguments.seed, 0)
    shapes = [advice.model_shapes.parse(text, arguments.only) for text in arguments.shape]
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


def _answer(layers: Sequence[Layer], shapes: Sequence[Shapes], arguments: argparse.Namespace) -> int:
    """Print what an engineer asks."""
    config = next((file.config for file in shapes if file.config is not None), None)
    typed = [_rank(text) for text in _split(arguments.rank)]
    usual_rank = Counter(rank for file in shapes for _, rank in file.adapters).most_common(1)
    rank = typed[0] if typed else usual_rank[0][0] if usual_rank else config.rank if config is not None else RANK
    configured = LORA_ALPHA if config is None or math.isnan(config.lora_alpha) else config.lora_alpha
    lora_alpha = configured if arguments.lora_alpha is None else checks.positive("lora_alpha", arguments.lora_alpha)
    by_root = config is not None and config.by_root
    ranks = sorted({rank, *(typed if len(typed) > 1 else COMPARED)})
    kinds = [
        advice.alike(ones, curvature, ranks, rng=arguments.seed)
        for ones, curvature in _kinds(layers, _curvatures(arguments, layers))
    ]
    console = screen()
    for sentence in advice.sentences(kinds, rank, lora_alpha, by_root=by_root):
        tell(console, sentence)
    tell(console, "")
    show_table(console, advice.answer_table(kinds, rank))
    tell(console, "")
    for line in (*words.brief(shapes, kinds, rank, typed or usual_rank, config), *_unused(arguments, layers)):
        tell(console, line)
    return OK


def _kinds(layers: Sequence[Layer], curvatures: dict[Layer, Curvature]) -> list[tuple[list[Layer], Curvature | None]]:
    """Group layers of one shape and one curvature."""
    groups: dict[tuple[Any, int], list[Layer]] = {}
    for layer in layers:
        groups.setdefault((layer[1], id(curvatures.get(layer))), []).append(layer)
    return [(ones, curvatures.get(ones[0])) for ones in groups.values()]


def _everything(layers: Sequence[Layer], files: Sequence[Shapes], arguments: argparse.Namespace) -> int:
    """Print the tables and what they leave out, and save the figure."""
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
    tell(console, f"\n{advice.FLOPS}\n\n{words.MOMENTUM}\n\n{words.NOT_COVERED}\n")
    tell(console, "figure " + printable(", ".join(map(str, _save_figure(options, arguments.out)))))
    return OK


def _learning_rates(groups: Sequence[_Alike], arguments: argparse.Namespace) -> Iterator[Table | str]:
    if arguments.learning_rate:
        lora_alpha = LORA_ALPHA if arguments.lora_alpha is None else arguments.lora_alpha
        yield f"\nlearning rates of plain steps, with lora_alpha = {lora_alpha:g} at the first rank"
        for group in groups:
            yield from advice.learning_rate.rates_of_layer(
                group.layers[0][1],
                group.curvature,
                ranks=[_rank(text) for text in _split(arguments.rank)] or advice.RANKS,
                sketches=_split(arguments.sketch) or advice.SKETCHES,
                lora_alpha=lora_alpha,
                rng=arguments.seed,
            )
        yield advice.learning_rate.EXPLANATION


def _horizons(groups: Sequence[_Alike]) -> dict[str, Horizon]:
    return {group.options[0].label: group.horizon for group in groups}


def _words(groups: Sequence[_Alike], files: Sequence[Shapes], arguments: argparse.Namespace) -> Iterator[str]:
    """Yield what is said below the table: what was assumed, what is cheapest, how it is known, what is left out."""
    if len(groups) > words.SHOWN:
        yield f"The first {words.SHOWN} of {len(groups)} kinds of layers are shown; --only chooses others."
    yield from words.assumed((group.curvature, group.layers) for group in groups)
    yield from words.columns(_horizons(groups))
    curvatures = [group.curvature for group in groups]
    unsaid = arguments.condition is None and any(q is None or math.isnan(q.condition) for q in curvatures)
    uncounted = arguments.examples is None and any(q is None or q.examples is None for q in curvatures)
    yield from words.taken_for_granted(CONDITION if unsaid else None, EXAMPLES if uncounted else None)
    for group in groups[: words.SHOWN]:
        yield from advice.fewest_steps(group.options)
        yield from cheapest(group.options, examples=group.horizon.examples)
    plans = [plan for group in groups for plan in group.options if plan.side != "full"]
    yield from dict.fromkeys(f"{plan.side} {plan.sketch}: known by {plan.how}" for plan in plans)
    yield from words.found_in(arguments.shape, files)
    yield from words.shortened([note for group in groups for note in group.notes], words.SHOWN)


def _curvatures(arguments: argparse.Namespace, layers: Sequence[Layer]) -> dict[Layer, Curvature]:
    """Return the curvature of each layer of which one is given."""
    side: Side = arguments.features or "right"
    if arguments.data is not None:
        loss: Loss = arguments.loss or "least_squares"

        def of(saved: advice.Saved, name: str) -> Curvature:
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
    layers: Sequence[Layer], curvatures: dict[Layer, Curvature], arguments: argparse.Namespace
) -> list[_Alike]:
    """Advise once for all matrices that are advice.alike."""
    ranks = [_rank(text) for text in _split(arguments.rank)] or advice.RANKS
    groups = _kinds(layers, curvatures)
    shapes = Counter(ones[0][1] for ones, _ in groups)
    advised = []
    for ones, curvature in groups:
        name, shape = ones[0]
        options, notes = advice.advise(
            [shape],
            ranks=ranks,
            sketches=_split(arguments.sketch) or advice.SKETCHES,
            mixture=arguments.mixture,
            curvature=curvature,
            layer=name + f" and {len(ones) - 1} more" * (len(ones) > 1) if shapes[shape] > 1 else "",
            rng=arguments.seed,
        )
        advised.append(_Alike(ones, curvature, options, notes, _horizon(arguments, curvature)))
    return advised


def _horizon(arguments: argparse.Namespace, curvature: Curvature | None) -> Horizon:
    """Return what is typed, else what the curvature knows, else what is assumed and said."""
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
    try:
        return checks.typed(int, text)
    except ValueError:
        raise ValueError(f"rank must be an integer >= 1, got {shown(text)}") from None


def _unused(arguments: argparse.Namespace, layers: Sequence[Layer]) -> list[str]:
    if arguments.data is None:
        return []
    names = words.shortened_names([*curvature_files.unused(layers, [*curvature_files.features_in(arguments.data)])])
    return [f"{printable(arguments.data)}: the names of no layer: {names}"] if names else []


def _save_figure(options: Sequence[Option], folder: Path) -> list[Path]:
    """Save the figure as a picture and as a drawing."""
    figure, drawn = comparison.frontier_panels(options), io.BytesIO()
    drawing = results.save_figure(figure.axes[-1], folder, "advise")
    figure.savefig(drawn, dpi=110)
    return [write_whole(drawing.with_suffix(".png"), drawn.getvalue()), drawing]
