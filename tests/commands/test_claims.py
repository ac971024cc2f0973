"""``list`` with conditions, ``explain`` and the cards of ``cite``: what is said of each claim comes from the claim."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from rac_theory import GD, Status, theorems
from rac_theory.commands.counterexamples import _lines
from rac_theory.ledger.theorem_settings import SETTINGS
from rac_theory.literature import CLAIMS, counterexamples
from rac_theory.statements.symbols import L


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        (("--mark", "paper"), ["T1", "T2"]),
        (("--assumption", "CONVEXITY"), ["T4", "T4_gap", "T21", "T21_H"]),
        (("--setting", "federated"), list(SETTINGS["federated"].claims)),
        (("--setting", "federated", "--assumption", "Polyak"), ["T10", "T10d", "T10d_sharp"]),
        (("--assumption", "gamma L <= 1", "--mark", "derived"), ["T3", "T3_isotropic", "T4_gap", "T20", "T20_pl"]),
    ],
    ids=" ".join,
)
def test_theorems_by_setting_assumption_and_mark(output_of, asked, ids):
    """A condition that is forgotten lists too many, one that is read in the wrong field too few."""
    lines = output_of("list", *asked).splitlines()
    assert {line.split()[0] for line in lines} == set(ids)
    for line in lines:
        assert theorems.ALL[line.split()[0]].statement in line


def test_every_counterexample_is_explained(output_of):
    """Statement, source and mark of each, and what else is known of it. Catches a label without words."""
    for id, known in counterexamples.ALL.items():
        said = output_of("explain", id)
        assert all(words in said for words in (known.statement, known.source, theorems.MARKS[known.mark])), id
        for label, words in (("cause", known.cause), ("if", known.condition), ("differs", known.in_circulation)):
            assert f"\n{label:9}{words}" in said if words else f"\n{label:9}" not in said, id


@pytest.mark.long
def test_every_theorem_is_explained(output_of):
    """Statement, source and mark of each, every assumption, and every symbol with its meaning."""
    for id, known in {**theorems.ALL, "T11": theorems.T11}.items():
        said = output_of("explain", id)
        for words in (known.statement, known.source, theorems.MARKS[known.mark], *known.assumptions):
            assert words in said, id
        for symbol in known.symbols:
            assert f"{symbol.meaning}, {symbol.unit}" in said, id
            assert symbol.side == "exact" or f"{symbol.unit}, rounded {symbol.side}" in said, id
            assert symbol.constant in ("", symbol.name) or f"in code {symbol.constant}" in said, id
        texts = [line[4:].partition("  ")[2] for line in said.partition("\nwhere\n")[2].splitlines()]
        # Two spaces behind the longest.
        assert min(len(text) - len(text.lstrip()) if text else -1 for text in texts) == 0, id


def test_the_step_of_a_theorem_is_shown_as_an_algorithm(output_of):
    """Of exact gradients: a gradient that is drawn is no gradient of f. Catches a box that no reading printed."""
    lines = [line.strip() for line in output_of("explain", "T2").splitlines()]
    assert lines[lines.index("step") + 1 :][:6] == [line.strip() for line in str(GD(0.1).method).splitlines()]
    assert "step" not in [line.strip() for line in output_of("explain", "T5").splitlines()]


@pytest.mark.parametrize("claim", ["rac-lora-gd-pl", "zo-avg", "galore-fails"])
def test_a_published_claim_is_explained(output_of, claim):
    """With its source, verdict, kindest reading, what decides it, the command that shows it and the page."""
    said, known = " ".join(output_of("explain", claim).split()), CLAIMS[claim]
    for words in (known.says, known.work, known.source, known.status.name, known.reading, known.command, known.page):
        assert words in said
    for value in (*known.theorems, *known.shown_by, *known.against):
        assert f"{value.id} ({value.name})" in said


def test_symbols_of_what_is_given_are_explained_too(output_of):
    """T1 has L in gamma L <= 1 alone. Catches a list of the symbols of the claim, and a name that is said twice."""
    said = output_of("explain", "T1")
    assert f"{L.meaning}, {L.unit}" in said
    assert "in code gap0_upper" in said
    assert "in code gamma" not in said


@pytest.mark.parametrize("claim", ["subtrack-3-2", "apollo-a4"])
def test_a_card_is_printed_whole(output_of, claim):
    """Where it stands, what was seen, what is the matter and mends it; the evidence, or the command that prints it."""
    lines, card = output_of("explain", claim).splitlines(), CLAIMS[claim]
    for words in (card.where, card.consulted, card.severity, card.repair, card.command):
        assert any(words in line for line in lines), words
    for check in (*card.evidence.checks, *card.evidence.against):
        assert any(str(check) in line for line in lines)


def test_a_counterexample_is_told_with_its_condition_where_it_has_one():
    for condition, said in ((None, []), ("r is 1", ["  if        r is 1"])):
        example, witness = replace(counterexamples.ALL["C6"], condition=condition), SimpleNamespace(checks=())
        answer = SimpleNamespace(counterexample=example, witness=witness, status=Status.VIOLATED, circulated=None)
        assert [line for line in _lines(answer) if line.startswith("  if ")] == said


def test_cards_are_cited_as_json(output_of, refused):
    """Those that are named, in their order; a theorem is no card."""
    names = ["gum-weights", "heavy-ball-mean"]
    cards = json.loads(output_of("cite", "--json", *names))
    assert [card["id"] for card in cards] == names
    assert [card["bibtex"] for card in cards] == [str(CLAIMS[name].entry) for name in names]
    assert all(output_of("cite", name).count(str(CLAIMS[name].entry)) == 1 for name in names)
    refused("cite --json T2", "claim must be one of these, got 'T2'")
