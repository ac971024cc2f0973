"""``list``: what there is, by name and in groups, each read off the values themselves."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence

from rac_theory import theorems
from rac_theory.base import MissingExtra, checks, nearest
from rac_theory.commands.exit_status import OK
from rac_theory.commands.screen import screen, tell
from rac_theory.ledger import DEFAULT_PROBLEMS, SETTINGS
from rac_theory.literature import CLAIMS, counterexamples
from rac_theory.sketches import Spectrum, every_factory, spectrum

_DIM, _RANK = 8, 3  # every sketch of ours can be made at this size, and some lose rank there

Entry = tuple[str, str]
"""A name and what it stands for."""


def run(arguments: argparse.Namespace) -> int:
    """Print all there is, or the theorems of a kind."""
    if (arguments.setting, arguments.assumption, arguments.mark) != (None, None, None):
        return _list_theorems(arguments)
    console = screen()
    for heading, groups in _sections():
        tell(console, heading)
        width = max(len(name) for entries in groups.values() for name, _ in entries) + 2
        for group, entries in groups.items():
            if group:
                tell(console, f"  {group}", hang=2)
            for name, text in entries:
                tell(console, f"    {name:{width}}{text}", hang=width)
        tell(console, "")
    return OK


def _sections() -> Iterator[tuple[str, Mapping[str, Sequence[Entry]]]]:
    """Yield a heading with what stands under it in groups; problems come last, as their data take a second to read."""
    yield "claims, of which explain says more", _claims()
    settings = [(name, " ".join(setting.claims)) for name, setting in SETTINGS.items()]
    yield "settings, with the claims that are tried there; or a step size such as 0.5/L", {"": settings}
    yield f"sketches, with lambda_min at {_DIM} x {_RANK}; or a class of yours as module:Name", _sketches()
    yield "problems, with the size of W; or the path of an svmlight file", {"": [*_problems()]}


def _list_theorems(arguments: argparse.Namespace) -> int:
    if arguments.setting is not None:
        checks.one_of("setting", arguments.setting, SETTINGS)
    claims = theorems.ALL if arguments.setting is None else SETTINGS[arguments.setting].claims
    kind = theorems.listed(given=arguments.assumption, mark=arguments.mark)
    selected = [theorem for theorem in kind if theorem.id in claims]
    if not selected:
        filters = {name: getattr(arguments, name) for name in ("setting", "assumption", "mark")}
        criteria = ", ".join(f"{name} {value!r}" for name, value in filters.items() if value is not None)
        raise ValueError(f"what is asked of theorems must be true of one, got {criteria}{_meant(arguments.assumption)}")
    console = screen()
    for theorem in selected:
        tell(console, f"{theorem.id:14} {theorem.statement} [{theorem.mark}]", hang=15)
    return OK


def _meant(assumption: str | None) -> str:
    """The word of some assumption that is nearest to one that is in none; nothing if there is no such word."""
    sentences = (sentence for theorem in theorems.ALL.values() for sentence in theorem.assumptions)
    words = {word.strip(".,:;()") for sentence in sentences for word in sentence.split()}
    return nearest(assumption or "", sorted(words - {assumption}))


def _claims() -> Mapping[str, Sequence[Entry]]:
    """By the algorithm that they are about, which is the first of their assumptions."""
    families: dict[str, list[Entry]] = {}
    longest = max(len(theorem.name) for theorem in theorems.ALL.values())
    for theorem in theorems.ALL.values():
        entry = (theorem.id, f"{theorem.name:{longest}}  {theorem.metric.name}")
        families.setdefault(theorem.assumptions[0].rstrip("."), []).append(entry)
    families[theorems.T11.assumptions[0].rstrip(".")] = [(theorems.T11.id, theorems.T11.name)]
    examples = [(example.id, example.name) for example in counterexamples.ALL.values()]
    published = [(claim.id, f"{claim.source}  {claim.work}") for claim in CLAIMS.values()]
    failing = {"counterexamples: claims that fail, each with a case": examples}
    return families | failing | {"published by others": published}


def _problems() -> Iterator[Entry]:
    for name, default in DEFAULT_PROBLEMS.items():
        try:
            problem = default.build()
        except MissingExtra as error:
            yield name, str(error)
            continue
        samples = f", {problem.n_components} samples" if hasattr(problem, "n_components") else ""
        yield name, f"{problem!r}, {problem.shape[0]} x {problem.shape[1]}{samples}"


_FAMILIES: Mapping[str, Callable[[Spectrum], bool]] = {
    "every direction alike, of full rank: lambda_min is r/d": lambda law: _alike(law) and _is(law, _RANK),
    "every direction alike, but a draw may lose rank": lambda law: _alike(law),
    "some directions are favoured": lambda law: float(law.lambda_min) > 0,
    "some direction is never updated: no rate is promised": lambda law: True,
}


def _sketches() -> Mapping[str, Sequence[Entry]]:
    """By what their spectrum says of the directions."""
    families: dict[str, list[Entry]] = {family: [] for family in _FAMILIES}
    for name, make in every_factory():
        try:
            law = spectrum(make(_DIM, _RANK), rng=0)
        except Exception as error:  # of an installed plug-in, or one that cannot be made at this size
            families.setdefault("cannot be made at this size", []).append((name, str(error)))
            continue
        family = next(family for family, belongs in _FAMILIES.items() if belongs(law))
        families[family].append((name, f"{float(law.lambda_min):.4f}, {law.how}"))
    return families


def _alike(law: Spectrum) -> bool:
    """Whether E[H] is a multiple of the identity, up to rounding."""
    return float(law.lambda_max - law.lambda_min) <= 1e-9


def _is(law: Spectrum, rank: int) -> bool:
    return abs(float(law.expected_rank) - rank) <= 1e-9
