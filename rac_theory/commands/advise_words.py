"""What ``advise`` says beside its tables: what was assumed, what the columns are, and what is not covered."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rac_theory.advice import AdapterConfig, Curvature, Horizon, Layer, LayersAlike, Shapes
from rac_theory.base import printable

NOT_COVERED = (
    "What is not covered: the theorems are about gradient descent with the exact gradient and a constant step on one "
    "matrix, projected by a fresh sketch at each step, and where a step is longer than 1/L, T15_pl needs a mu that is "
    "valid everywhere. They say nothing about Adam or any other step that is not along the gradient, about weight "
    "decay that is not part of f, about many layers trained at once (each line takes one layer, all others fixed), "
    "about low precision, or about accuracy on data that were not trained on. And a promise is an upper bound, which "
    "may be kept much earlier: the best promise need not be the best choice."
)

MOMENTUM = (
    "momentum: with a fresh sketch in each step, and PyTorch's SGD with dampening = 0, nesterov off and no decay, let "
    "Lambda be the largest lambda_max(E[H])/(1 - beta) of all layers: lambda_max is at most r/d, d the side that is "
    "sketched, where all directions are drawn alike, and 1 in a layer that is trained in full. If Lambda <= 1 and "
    "lr <= (1 - beta) max(1/2, 1 - Lambda)/L, T22 promises at the shifted point W what T1 does of the step "
    "lr/(1 - beta); beta = 0.9 asks for lambda_max <= 1/10. It promises no speed-up, and nothing of several steps in "
    "one subspace with momentum carried, of minibatch noise that grows with f, or of Adam."
)

TOTAL = (
    "trained: numbers trained in a step, and their share of all that the matrices have; largest slowdown: of the "
    "layers one by one, and which layer has it; in all layers at once the theorems say no more than that, where they "
    "say anything."
)


def brief(
    shapes: Sequence[Shapes], kinds: Sequence[LayersAlike], rank: int, typed: object, config: AdapterConfig | None
) -> Iterator[str]:
    """Yield what stands below the short answer: what was assumed, in a line, and what was left out, counted."""
    yield (
        f"rho: effective dimension of what goes in; train: the factor that is trained, the other is drawn; rank {rank}"
        + ("" if typed or config is not None else " is PEFT's default, and --rank says another")
        + ": steps promised beside full fine-tuning."
    )
    yield (
        "assumed: gradient descent with a fresh factor in each step (RAC-LoRA), one layer at a time, curved in its "
        "outputs as least squares. A promise may be kept much earlier; of AdamW nothing is known."
    )
    unknown = sum(len(kind.layers) for kind in kinds if kind.curvature is None)
    if 0 < unknown < sum(len(kind.layers) for kind in kinds):
        yield f"{unknown} layers have no features in --data: there every direction may be as steep as the steepest."
    if config is not None and config.remarks:
        yield f"not covered: {'; '.join(config.remarks)}."
    forms = Counter(form for file in shapes for _, form in file.forms)
    for form, count in forms.items():
        yield f"{count} layers stand in the file as {form}: what is said is of layers of their shape."
    reasons = Counter(sentence.partition(" ")[2] for file in shapes for sentence in file.left_out)
    if reasons:
        yield "left out: " + "; ".join(f"{count} that {_reason(why)}" for why, count in commonest(reasons))
    yield "--all has every sketch, rank and side, with steps, numbers and flops, and names what was left out."


def _reason(why: str) -> str:
    return "have 1 axis, as biases and norms" if why == "has 1 axis" else why.partition(":")[0].partition(",")[0]


def commonest(reasons: Counter[str]) -> list[tuple[str, int]]:
    """The commonest reasons, and the rest as one."""
    common = reasons.most_common(_NAMED)
    rest = sum(reasons.values()) - sum(count for _, count in common)
    return [*common, *[("are left out for other reasons", rest)] * (rest > 0)]


SHOWN = 24
"""The kinds of layers whose lines are printed."""

_NAMED = 6
_SIDES = {"left": "rows, as in y = x W", "right": "columns, as in y = W x"}
_OTHER = {"left": "right", "right": "left"}


def assumed(groups: Iterable[tuple[Curvature | None, Sequence[Layer]]]) -> Iterator[str]:
    """Yield a sentence for each curvature: where it comes from, and for which layers it is."""
    layers: dict[Curvature | None, list[Layer]] = {}
    for curvature, ones in groups:
        layers.setdefault(curvature, []).extend(ones)
    for curvature, ones in layers.items():
        whose = "" if len(layers) == 1 else f" for {shortened_names([name for name, _ in ones])}"
        if curvature is None:
            yield (
                f"curvature{whose}: none is known, so Q = L I: every direction may be as steep as the steepest. There, "
                "and only there, the theorems prefer no rank: --data, --spectrum or --rho says more."
            )
            continue
        L = "" if math.isnan(curvature.L) else f", L = {curvature.L:.5g}"
        yield (
            f"curvature{whose}: {curvature.description}{L}, rho = trace / L = {curvature.rho:.4g}, on the "
            f"{curvature.side} side of W, its {_SIDES[curvature.side]}. A sketch of the {_OTHER[curvature.side]} side "
            "gains nothing by it."
        )


def columns(horizons: Mapping[str, Horizon]) -> Iterator[str]:
    """Yield sentences on what the columns of the table are, and until when they count."""
    epsilon = next(iter(horizons.values())).epsilon
    conditions = ", ".join(dict.fromkeys(f"{horizon.condition:.6g}" for horizon in horizons.values()))
    examples = ", ".join(dict.fromkeys(f"{horizon.examples:,}" for horizon in horizons.values()))
    yield (
        "L_H/L: smoothness along the sketch; step L: the step gamma of which most is promised, times L, for full "
        "training 1; slowdown: 1 / (nu L), the steps promised relative to full training, nu the gain of that step."
    )
    yield (
        f"steps: until T15's mean squared gradient is at most {epsilon:g} times 2 L (f(W^0) - f*), and until T15_pl's "
        f"gap is at most {epsilon:g} times that at the start, with L / mu = {conditions}."
    )
    yield (
        "a step: numbers trained in one; numbers: in all steps of T15_pl; budget: slowdown times those of a step, "
        f"relative to full training; flops: of all steps of T15_pl, with gradients of {examples} examples; frontier: "
        "no other line of the layer is better in steps or numbers and as good in the other."
    )


def taken_for_granted(condition: float | None, examples: int | None) -> Iterator[str]:
    """Yield a sentence on the condition number and the number of examples where they are assumed; None is one given."""
    parts = [] if condition is None else [f"L / mu = {condition:g} (--condition)"]
    parts += [] if examples is None else [f"{examples:,} examples in a gradient (--examples)"]
    if parts:
        yield f"taken for granted, where nothing says it: {' and '.join(parts)}."


def found_in(texts: Sequence[str], files: Sequence[Shapes]) -> list[str]:
    """Say for each file how many matrices it has of each shape, which are adapters, and which tensors were left out."""
    lines = []
    for text, file in zip(texts, files, strict=True):
        by_shape: dict[str, list[str]] = {}
        for name, (m, n) in file.matrices:
            by_shape.setdefault(f"{m}x{n}", []).append(name)
        if [*by_shape] != [text]:
            shapes = [f"{text}: {len(names)} of {shape}: {shortened_names(names)}" for shape, names in by_shape.items()]
            lines += shortened(shapes, SHOWN)
        for rank in sorted({rank for _, rank in file.adapters}):
            names = [name for name, adapter_rank in file.adapters if adapter_rank == rank]
            lines.append(
                f"{text}: {len(names)} of these are adapters B A of rank {rank}; what counts is the layer, m x n, that "
                f"they move: {shortened_names(names)}"
            )
        lines += [f"{text}: left out, {sentence}" for sentence in shortened(file.left_out)]
    return [printable(line) for line in lines]


def shortened_names(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f", and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def shortened(sentences: Sequence[str], most: int = _NAMED) -> list[str]:
    """The first few sentences, and how many more there are."""
    return [*sentences[:most], *[f"and {len(sentences) - most} more"] * (len(sentences) > most)]
