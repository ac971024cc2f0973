"""What is cited: entries that BibTeX can read, found from the values, and nothing that stands nowhere else."""

import importlib
import inspect
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from packaging.version import Version

import rac_theory
from rac_theory import Case, algorithms, citation, counterexamples, judge_runs, problems, sketches, theorems, verify
from rac_theory.algorithms import Bernoulli, Implementation, InverseOnRange, LoRA, RACLoRA, gradients
from rac_theory.literature import CLAIMS
from rac_theory.problems import Federated, LeastSquares, LogisticRegression, Quadratic, SoftmaxRegression
from tests.as_one_test import as_one_test

works = importlib.import_module("rac_theory.verdicts.verification.citation")  # whose name the function has

ROOT = Path(__file__).resolve().parents[3]
ALWAYS = ["rac_theory", "arXiv:2410.08305"]
BETTING = "arXiv:2010.09686"
BOWL = Quadratic.left(np.eye(4), np.ones((4, 1)))
COUNT = RACLoRA(sketches.CountSketch(4, 2), gamma=1.0)


def entries(text):
    """A reader of BibTeX: kind and key of each entry, and its fields, with their braces balanced to the last."""
    found = {}
    for block in text.split("\n\n"):
        head, *lines, end = block.splitlines()
        kind, key = re.fullmatch(r"@(\w+)\{([^\s,{}\\%#~]+),", head).groups()
        assert (kind, end) == ("misc", "}")
        assert key not in found
        assert text.count(f"{{{key},") == 1
        found[key] = {}
        for line in lines:
            name, value = re.fullmatch(r"  (\w+) = \{(.*)\},", line).groups()
            depth = 0
            for sign in value:
                depth += (sign == "{") - (sign == "}")
                assert depth >= 0, line
            assert depth == 0, line
            assert name not in found[key]
            found[key][name] = value
    return found


def keys(*used):
    return list(entries(citation(*used)))


def plain(latex):
    """LaTeX as text: accents as letters, no braces."""
    for accent, letter in {r"{\'a}": "á", r"{\"o}": "ö", r"\_": "_"}.items():
        latex = latex.replace(accent, letter)
    assert "\\" not in latex.replace(r"\texttt", "")
    return latex.replace("{", "").replace("}", "")


def own_texts():
    """Every text of the repository that may name a work, but for the file of the table of works itself."""
    files = [*ROOT.glob("rac_theory/**/*.py"), *ROOT.glob("docs/*/*.md")]
    return {path: " ".join(path.read_text("utf-8").split()) for path in files if path.name != "citation.py"}


def test_the_library_and_the_paper_come_first_and_are_those_of_the_citation_file():
    """Would catch an author who is missing or misspelt, another version, and a title that was changed in one place."""
    said = (ROOT / "CITATION.cff").read_text("utf-8")
    library, paper = (entries(citation())[key] for key in ALWAYS)
    assert keys() == ALWAYS
    assert [plain(library["title"]), plain(paper["title"])] == re.findall(r'title: "(.*)"', said)
    assert library["note"] == f"Version {rac_theory.__version__}"
    assert Version(rac_theory.__version__).base_version == re.search(r"^version: (.*)$", said, re.MULTILINE)[1]
    given, family = (re.findall(rf"{name}-names: (.*)", said) for name in ("given", "family"))
    assert plain(paper["author"]) == " and ".join(map(" ".join, zip(given, family, strict=True)))
    assert plain(library["author"]) == re.search(r"^  - name: (.*)$", said, re.MULTILINE)[1]
    assert paper["year"] == re.search(r"year: (\d+)", said)[1]
    assert library["year"] == re.search(r"Copyright \(c\) (\d+)", (ROOT / "LICENSE").read_text("utf-8"))[1]


@dataclass(frozen=True)
class Mine(sketches.Haar):
    """A sketch of a user's.

    References
    ----------
    A. Nonymous, arXiv:2501.01234v3.
    """


@as_one_test(
    ("used", "others"),
    [
        ((theorems.T1,), []),
        ((theorems.T2, theorems.T13_pl), []),
        ((theorems.T11,), ["arXiv:2508.03820"]),
        ((replace(theorems.T2, id="mine", source="arXiv:2501.01234, Lemma 2", mark="paper"),), ["arXiv:2501.01234"]),
        ((COUNT,), ["arXiv:1207.6365"]),
        ((sketches.CountSketch,), ["arXiv:1207.6365"]),
        ((Mine(4, 2),), ["arXiv:2501.01234", "arXiv:math-ph/0609050"]),
        ((Case(COUNT, BOWL),), ["arXiv:1207.6365"]),
        (([Case(COUNT, BOWL), COUNT.sketch],), ["arXiv:1207.6365"]),
        (({"one": COUNT},), ["arXiv:1207.6365"]),
        ((Case(Implementation(lambda W, rng: W, implements=COUNT), BOWL),), ["arXiv:1207.6365"]),
        ((InverseOnRange(sketches.Coordinate(4, 1)),), ["gower2019"]),
        ((Bernoulli(sketches.Haar(4, 1), sketches.Coordinate(1, 1), 0.5, 0.5),), ["arXiv:2508.03820"]),
        ((sketches.SparseSigns(4, 2, 0.5),), ["achlioptas2003"]),
        ((sketches.WeightedCoordinate(3, 1, [1, 1, 2]),), ["efraimidis2006"]),
        ((BOWL,), []),
        ((LoRA,), ["arXiv:2106.09685"]),
        ((counterexamples.ALL["GaLore"],), ["arXiv:2410.11289", "arXiv:2403.03507"]),
        ((counterexamples.ALL["C8"],), ["arXiv:2512.18248"]),
        ((counterexamples.ALL["C9"],), ["arXiv:2502.01755"]),
        ((counterexamples.ALL["C11"],), ["arXiv:2605.31484"]),
        ((counterexamples.ALL["C12"],), ["arXiv:2502.09376"]),
    ],
)
def test_what_was_used_is_found_from_the_values(used, others):
    """Would catch a part that is not followed, a class whose parents are forgotten, and a version in a number."""
    found = keys(*used)
    assert found[:2] == ALWAYS
    assert set(others) <= set(found[2:])
    extra = set(found[2:]) - set(others)
    assert extra <= {"arXiv:2106.09685", "arXiv:math-ph/0609050"}, "the sketch or the method that the value stands on"


@pytest.mark.parametrize("id", [id for id, claim in CLAIMS.items() if claim.where])
def test_a_card_has_an_entry_of_its_own_beside_that_of_its_work(id):
    """That BibTeX and LaTeX can read: catches a sign of LaTeX that is not escaped, a card that two works share, and an
    entry that does not say which version it is of."""
    claim = CLAIMS[id]
    found = entries(citation(claim))
    card, library = found.pop(f"rac_theory:{id}"), found["rac_theory"]
    assert works.named_in(claim.source) == [] or claim.source in found
    assert card["note"].startswith(f"Version {rac_theory.__version__}; ")
    assert (card["author"], card["year"]) == (library["author"], library["year"])
    said = re.sub(r"\\([&%$#_{}])", r"\1", " ".join(card.values()))
    assert not re.search(r"(?<!\\)[&%$#_^~]", " ".join(card.values()))
    for words in (claim.work, claim.source, claim.where, claim.severity or ""):
        assert words in said


def test_a_data_set_is_found_however_its_problem_is_wrapped():
    pytest.importorskip("sklearn")
    wine = SoftmaxRegression.wine(l2=0.5)
    assert keys(wine) == [*ALWAYS, "bohning1992", "sklearn_wine"]
    assert keys(Federated.at_random(wine, 3, rng=0))[2:] == ["sklearn_wine", "bohning1992"]
    assert keys(wine.subset(range(20)))[2:] == ["bohning1992"], "rows do not know where they are from"
    assert keys(LeastSquares.linnerud())[2:] == ["sklearn_linnerud"]
    assert keys(problems.NonconvexLogistic.breast_cancer(lam=0.1)) == keys(LogisticRegression.breast_cancer())
    case = Case(replace(COUNT, sketch=sketches.CountSketch(10, 2)), LeastSquares.diabetes())
    assert keys(case)[2:] == ["arXiv:1207.6365", "sklearn_diabetes"]


def test_a_file_is_no_data_set_of_ours_whatever_its_name():
    """Would catch a data set that is looked for anywhere in the repr."""
    of_file = LeastSquares([[1.0], [2.0]], [0.0, 1.0], name="svmlight('my.wine(1).svm')")
    assert ".wine(" in repr(of_file)
    assert keys(of_file) == ALWAYS


def test_a_verdict_leads_to_its_case_and_runs_to_how_they_were_judged():
    """Would catch a verdict whose evidence is not looked at, or looked at where nothing was sampled."""
    sampled = verify("T2", Case(COUNT, BOWL, steps=3), runs=16, rng=0, evidence="sampled")
    exact = verify("T2", Case(COUNT, BOWL, steps=3), rng=0)
    assert exact.evidence == "exact"
    assert keys(exact) == [*ALWAYS, "arXiv:1207.6365"]
    assert sorted(keys(sampled)) == sorted([*ALWAYS, "arXiv:1207.6365", BETTING])
    assert keys(judge_runs(np.ones((40, 5)) / 2, bound=1.0, ceiling=2.0)) == [*ALWAYS, BETTING]
    assert citation(sampled) == citation(sampled, sampled.case, [COUNT])


def test_every_reference_of_what_is_public_has_an_entry():
    """Would catch a reference that is written into a docstring and not into the table, or whose title differs."""
    public = [
        getattr(room, name)
        for room in (sketches, algorithms, gradients, problems)
        for name in room.__all__
        if inspect.isclass(getattr(room, name))
    ]
    asked = {}
    for cls in public:
        section = re.search(r"References\n\s*-+\n(.*?)(?:\n\s*\n|\Z)", vars(cls).get("__doc__") or "", re.DOTALL)
        if section is not None and not section[1].strip().startswith("Derived"):
            asked[cls] = section[1]
    assert len(asked) >= 12
    assert [cls for cls, section in asked.items() if not works.named_in(section)] == []
    assert [cls for cls in asked if keys(cls) == ALWAYS and "2410.08305" not in asked[cls]] == []
    numbers = {number for one in (*theorems.ALL.values(), theorems.T11) for number in re.findall(r"arXiv", one.source)}
    assert numbers == {"arXiv"}, "theorems that name a preprint"


def test_no_work_says_more_than_the_repository_does():
    """An author, a title or a year that stands nowhere else would be an invention."""
    texts = own_texts()
    for work in works._WORKS:
        if work is works.PAPER:  # compared with the citation file
            continue
        known = {name: plain(value) for name, value in work.fields.items()}
        cues = [known[name] for name in ("eprint", "title") if name in known]
        near = [
            text[max(0, place.start() - 250) : place.end() + 250]
            for text in texts.values()
            for cue in cues
            for place in re.finditer(re.escape(cue), text)
        ]
        asked = [*known.get("author", "").replace(" and others", "").split(" and "), *cues]
        by_number = known.get("eprint", "").rpartition("/")[2][:2]  # the number of a preprint begins with its year
        asked += [known[name] for name in ("year", "note") if name in known and known[name] != f"20{by_number}"]
        assert near, work.key
        for words in asked:
            assert any(words in text for text in near), (work.key, words)


def test_data_sets_are_described_in_their_own_words():
    """The title, the people, the year and the note stand in the description that scikit-learn has of the set."""
    datasets = pytest.importorskip("sklearn.datasets")
    for name, work in works.DATA.items():
        loader = plain(work.fields["howpublished"]).partition("datasets.")[2]
        assert loader == f"load_{name}"
        said = " ".join(getattr(datasets, loader)().DESCR.split())
        known = {field: plain(value) for field, value in work.fields.items() if field != "howpublished"}
        for words in (known.pop("title"), *known.pop("author", "").split(" and "), *known.values()):
            assert words in said, (name, words)


@pytest.mark.parametrize("wrong", ["T2", 3, 0.5, None, np.ones(3), np.float64(1)])
def test_what_has_no_source_is_refused(wrong):
    with pytest.raises(ValueError, match=r"used\[1\] must be something with a source, such as theorems.T2.*, got"):
        citation(theorems.T2, wrong)


def test_without_docstrings_there_is_an_error_and_no_shorter_list(monkeypatch):
    """As ``python -OO`` leaves it."""
    monkeypatch.setattr(citation, "__doc__", None)
    with pytest.raises(RuntimeError, match="citation reads docstrings, and python -OO removes them"):
        citation()
