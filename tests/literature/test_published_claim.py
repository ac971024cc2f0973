"""Claims of the field: what decides them, and that no sentence about them goes further than that."""

import json
import re
from dataclasses import is_dataclass, replace
from functools import partial
from importlib import import_module
from inspect import signature
from pathlib import Path
from pkgutil import walk_packages

import pytest

from rac_theory import Status, literature, theorems
from rac_theory.literature import C3, C4, C7, C8, C11, C12, C14, CLAIMS, QUESTIONS, Check, PublishedClaim, Witness
from rac_theory.literature.counterexamples.counterexample import Counterexample, Lines
from rac_theory.theorems import T2, T3, T11
from tests.refused import refused

DOCS = Path(__file__).parents[2] / "docs"
CLAIM = PublishedClaim(
    id="one", says="it", work="theirs", source="arXiv:2410.08305", mark="paper", page="x.md", theorems=(T2,)
)

NOTHING = Lines({}, {"level": 1.0}, "x", "y")


def with_checks(example, *checks, against=()):
    """The counterexample with a witness of these checks."""
    witness = Witness(tuple(checks), NOTHING, against=against)
    return replace(example, gather=lambda _: witness, in_circulation='"it"')


TRUE, FALSE, SEEN = Check("", True, "exact"), Check("", False, "exact"), Check("", True, "simulated")


def test_theorems_alone_hold_and_are_proved_by_machine():
    assert (CLAIM.status, CLAIM.proof, CLAIM.tightness) == (Status.HOLDS, "machine", T2.tightest.ratio)
    assert replace(CLAIM, theorems=(T2, T11)).proof == "paper"
    assert replace(CLAIM, theorems=(T3,)).tightness == T3.tightest.ratio
    assert replace(CLAIM, theorems=(T3, T2)).tightness == T2.tightest.ratio > T3.tightest.ratio
    assert replace(CLAIM, theorems=(T11, T3)).tightness == T3.tightest.ratio  # an identity has none


def test_values_are_compared_as_values_are():
    """By identity, or by ``Value`` where they hold arrays; catches an order of fields, too."""
    modules = [import_module(one.name) for one in walk_packages(literature.__path__, f"{literature.__name__}.")]
    made = {one for module in modules for one in vars(module).values() if is_dataclass(one) and isinstance(one, type)}
    ours = {one for one in made if one.__module__.startswith(literature.__name__)}
    assert {one.__name__ for one in ours if one.__dataclass_params__.eq} == {"Check", "CornerNoise", "Deferred"}
    for one in (PublishedClaim, Counterexample):
        assert all(each.kind is each.KEYWORD_ONLY for each in signature(one).parameters.values())


def test_an_unproved_theorem_is_no_proof():
    """Catches a mark that is written down, not read off the value: a bound that is no consequence of a step."""
    from rac_theory.statements.symbols import T, gap0
    from rac_theory.theorems import E, gap

    wrong = replace(T2, id="slow", claim=E(gap) <= gap0 / (T + 1) ** 3)
    assert replace(CLAIM, theorems=(T2, wrong)).proof == "paper"


def test_the_status_follows_from_the_answers():
    """Would catch a claim that holds in spite of what speaks against it, and one that is refuted by half a witness."""
    for fields, status in (
        ({"shown_by": (with_checks(C8, TRUE),)}, Status.HOLDS),
        ({"shown_by": (with_checks(C8, TRUE), with_checks(C7, SEEN))}, Status.CONSISTENT),
        ({"shown_by": (with_checks(C8, TRUE, FALSE),)}, Status.VIOLATED),
        ({"shown_by": (with_checks(C8, TRUE, against=(TRUE,)),)}, Status.HOLDS),  # of a form that is refuted
        ({"against": (with_checks(C8, TRUE, against=(TRUE,)),)}, Status.VIOLATED),
        ({"against": (with_checks(C8, TRUE, against=(FALSE,)),)}, Status.UNDECIDED),
        ({"against": (with_checks(C12, TRUE),)}, Status.UNDECIDED),
        ({"against": (with_checks(C12, TRUE), with_checks(C8, TRUE, against=(TRUE,)))}, Status.VIOLATED),
        ({"shown_by": (with_checks(C8, TRUE),), "against": (with_checks(C12, TRUE),)}, Status.UNDECIDED),
    ):
        assert replace(CLAIM, reading="kindly", **fields).status is status


NOT_CHECKABLE = "not checkable from what is public"


def test_the_status_follows_from_a_witness_of_its_own():
    """VIOLATED of words that are quoted alone, and by all that is against them."""
    for checks, against, fields, status in (
        ((TRUE,), (), {}, Status.HOLDS),
        ((FALSE,), (), {}, Status.VIOLATED),
        ((TRUE,), (), {"severity": NOT_CHECKABLE}, Status.UNDECIDED),
        ((TRUE,), (TRUE,), {}, Status.UNDECIDED),
        ((TRUE,), (TRUE,), {"refutes": "it"}, Status.VIOLATED),
        ((TRUE,), (TRUE, FALSE), {"refutes": "it"}, Status.UNDECIDED),
    ):
        witness = partial(Witness, checks, against=against)
        claim = replace(CLAIM, theorems=(), says='"it"', reading="kindly", witness=witness, **fields)
        assert (claim.status, claim.proof, claim.command) == (status, "witness", "python -m rac_theory explain one")


def test_runs_alone_are_no_proof():
    assert replace(CLAIM, shown_by=(with_checks(C8, SEEN),)).proof == "none"
    assert replace(CLAIM, shown_by=(with_checks(C8, SEEN, TRUE),)).proof == "witness"


def test_a_claim_that_says_too_little_is_refused():
    """And any sentence that is quoted may be refuted."""
    two = replace(CLAIM, says='"it", they say, and "that".', reading="kindly")
    for words in ("it", "that"):
        assert replace(two, refutes=words).refutes == words
    refused(
        (lambda: replace(CLAIM, theorems=()), "what is not tried is left out"),
        (lambda: replace(CLAIM, against=(C11,)), "reading must be given"),
        (lambda: replace(CLAIM, mark="derived"), "mark must be one of"),
        (lambda: replace(CLAIM, severity="bad"), "severity must be one of"),
        (lambda: replace(CLAIM, refutes="it"), "reading must be given"),
        (lambda: replace(CLAIM, refutes="it", reading="kindly"), "refutes must be quoted in says"),
        (lambda: replace(two, refutes=", they say, and "), "refutes must be quoted in says"),
    )


def test_its_command_prints_the_evidence():
    assert CLAIM.command == "python -m rac_theory verify --claim T2"
    both = replace(CLAIM, reading="kindly", theorems=(T2, T11), against=(C14,), shown_by=(C7,))
    assert both.command == "python -m rac_theory counterexamples C14 C7"
    assert CLAIM.url == "https://arxiv.org/abs/2410.08305"


def test_every_claim_says_from_where_it_is_and_where_it_is_explained():
    """A page that is not there, a section that was renamed, a source of another form."""
    for claim in CLAIMS.values():
        assert re.fullmatch(r"arXiv:\d{4}\.\d{4,5}|https://(github\.com|huggingface\.co/blog)/[\w/-]+", claim.source)
        assert claim.url.startswith("https://")
        page, _, section = claim.page.partition("#")
        text = (DOCS / page).read_text()
        heads = re.sub(r"[^\w\- \n]", "", "\n".join(re.findall(r"^#+ (.+)$", text, re.M)).lower()).replace(" ", "-")
        assert not section or section in heads.splitlines(), claim


def test_nothing_is_forgotten():
    """Each counterexample with a form in circulation speaks against some claim, but C21: it counts values, others count
    queries. Each theorem of the paper is behind a claim, and each claim answers one question, and not two."""
    against, said = ({one.id for c in CLAIMS.values() for one in getattr(c, of)} for of in ("against", "theorems"))
    circulating = {name for name, one in literature.counterexamples.ALL.items() if one.in_circulation is not None}
    assert circulating - against == {"C21"}
    assert {name for name, one in theorems.ALL.items() if one.mark == "paper"} <= said
    assert sorted(name for ids in QUESTIONS.values() for name in ids) == sorted(CLAIMS)


def test_a_sentence_that_is_refuted_is_quoted_in_the_claim():
    """Catches a claim that is VIOLATED by a sentence that it does not have, and our theorems passed for theirs."""
    for claim in CLAIMS.values():
        quoted = [one.in_circulation.strip('"') for one in claim.against if one.is_quoted]
        assert all(sentence in claim.says for sentence in quoted)
        assert all("in our words" in claim.reading for one in claim.against if one in (C3, C4, C8, C11))
    for name in ("rac-lora-sgd", "rac-lora-federated"):
        assert CLAIMS[name].status is Status.HOLDS
        assert CLAIMS[name].reading.startswith("HOLDS by theorems of ours")


def test_cards_say_where_and_what_was_seen():
    """A card without its place; a severity without one; a repair that nothing needs."""
    for claim in CLAIMS.values():
        assert bool(claim.where) == bool(claim.consulted)
        assert claim.where or not (claim.severity or claim.witness or claim.repair)
        assert not claim.refutes or claim.mark == "printed"
        assert not (claim.severity or "").startswith("true with") or claim.repair


def test_a_card_is_a_record_that_json_keeps():
    record = json.loads(json.dumps(dict(CLAIMS["rslora-iff"].record)))
    assert (record["status"], record["severity"]) == ("VIOLATED", "true with a condition that is not printed")
    assert [(check["holds"], check["against"]) for check in record["checks"]] == [(True, False), (True, True)]
    assert {"id", "says", "url", "where", "consulted", "reading", "repair", "command"} <= {*record}


@pytest.mark.long
def test_verdicts_on_the_field():
    """What each came to. A change here is news: it stands on the page, and in the notes of a version."""
    found = {status: {name for name, one in CLAIMS.items() if one.status is status} for status in Status}
    assert found[Status.VIOLATED] == {
        *("apollo-a4", "galore-fixed", "rac-lora-same-solution", "rslora-iff", "zo-align")
    }
    assert all(CLAIMS[name].severity for name in found[Status.VIOLATED])
    assert found[Status.UNDECIDED] == {
        *("fails-loudly", "diverges-at-1-over-L", "far-from-optimum", "step-of-lora", "balance-is-best"),
        *("galore-large-batch", "golore-any-optimiser", "gum-weights", "rank-collapse", "subtrack-3-2"),
    }
    assert {*CLAIMS} == found[Status.HOLDS] | found[Status.VIOLATED] | found[Status.UNDECIDED]
