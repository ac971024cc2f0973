"""What to cite: the works that values name as their sources, found by following what the values are made of."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

import numpy as np

from rac_theory.base import shown
from rac_theory.numerics import evidence
from rac_theory.verdicts.verification.finding import own_version

_EPRINT = re.compile(r"arXiv:(\d{4}\.\d{4,5}|[a-z-]+/\d{7})")


class Work(NamedTuple):
    """An entry of BibTeX.

    Attributes
    ----------
    key : str
        By which it is cited, ``arXiv:`` and the number for a preprint.
    fields : mapping
        From the names of fields to LaTeX. A field that is not known is not there.

    Examples
    --------
    >>> from rac_theory.verdicts.verification.citation import preprint
    >>> print(preprint("2401.04151", author="Xia and Qin and Hazan"))
    @misc{arXiv:2401.04151,
      author = {Xia and Qin and Hazan},
      year = {2024},
      eprint = {2401.04151},
      archivePrefix = {arXiv},
    }
    """

    key: str
    fields: Mapping[str, str]

    def __str__(self) -> str:
        lines = (f"  {name} = {{{value}}},\n" for name, value in self.fields.items())
        return f"@misc{{{self.key},\n{''.join(lines)}}}"


def preprint(number: str, **fields: str) -> Work:
    """Return the entry of a preprint of arXiv, of which nothing but its number need be known: it says the year too."""
    posted = number.rpartition("/")[2][:2]  # which begins with the year, from 1991 on
    year = {"year": f"{19 if posted > '90' else 20}{posted}"}
    return Work(f"arXiv:{number}", fields | year | fields | {"eprint": number, "archivePrefix": "arXiv"})


def library(version: str) -> Work:
    """Return the entry of this library."""
    title = "{rac-theory: the convergence theory of Randomized Asymmetric Chain of LoRA as values that can be run}"
    fields = {"author": "{The rac-theory developers}", "title": title, "year": "2026", "note": f"Version {version}"}
    return Work("rac_theory", fields)


_ESCAPED = str.maketrans({**{sign: f"\\{sign}" for sign in "&%$#_{}"}, "~": r"\textasciitilde{}", "^": r"\^{}"})


def card_entry(id: str, *words: str) -> Work:
    """Return the entry of a card of this library: of which work, where in it, and what is the matter; as text.

    Examples
    --------
    >>> from rac_theory.verdicts import card_entry
    >>> print(str(card_entry("a-3", "A & B, On C", "Lemma 3")).splitlines()[2])
      title = {{rac-theory, card a-3: A \\& B, On C}},
    """
    of, *note = (word.translate(_ESCAPED) for word in words if word)
    entry = library(own_version())
    title = f"{{rac-theory, card {id}: {of}}}"
    return Work(f"{entry.key}:{id}", {**entry.fields, "title": title, "note": "; ".join((entry.fields["note"], *note))})


def _data(loader: str, title: str, **fields: str) -> Work:
    source = r"scikit-learn, \texttt{sklearn.datasets." + loader.replace("_", r"\_") + "}"
    return Work(f"sklearn_{loader.removeprefix('load_')}", {"title": f"{{{title}}}", **fields, "howpublished": source})


PAPER = preprint(
    "2410.08305",
    author=r"Grigory Malinovsky and Umberto Michieli and Hasan Abed Al Kader Hammoud and Taha Ceritli and "
    r"Hayder Elesedy and Mete Ozay and Peter Richt{\'a}rik",
    title="{Randomized Asymmetric Chain of LoRA: The First Meaningful Theoretical Framework for Low-Rank Adaptation}",
    year="2024",
)
"""The paper whose theory this is."""

DATA: Mapping[str, Work] = {
    "breast_cancer": _data(
        "load_breast_cancer",
        "Breast cancer Wisconsin (diagnostic) dataset",
        author="William H. Wolberg and W. Nick Street and Olvi L. Mangasarian",
        year="1995",
    ),
    "diabetes": _data(
        "load_diabetes",
        "Diabetes dataset",
        note="For more information see: Bradley Efron, Trevor Hastie, Iain Johnstone and Robert Tibshirani (2004) "
        '"Least Angle Regression," Annals of Statistics (with discussion), 407-499.',
    ),
    "digits": _data(
        "load_digits", "Optical recognition of handwritten digits dataset", author="E. Alpaydin", year="1998"
    ),
    "linnerud": _data(
        "load_linnerud",
        "Linnerrud dataset",
        note="Tenenhaus, M. (1998). La regression PLS: theorie et pratique. Paris: Editions Technic.",
    ),
    "wine": _data(
        "load_wine",
        "Wine recognition dataset",
        note="Original Owners: Forina, M. et al, PARVUS - An Extendable Package of Programs for Data Exploration, "
        "Classification and Correlation.",
    ),
}
"""The data sets that come with scikit-learn, in the words of their descriptions there."""

_WORKS = (
    PAPER,
    preprint("2106.09685", author="Hu and others"),
    preprint("2401.04151", author="Xia and Qin and Hazan"),
    preprint("2402.16842", author="Zhu and others", title="{Asymmetry in low-rank adapters of foundation models}"),
    preprint("2403.03507", author="Zhao and others"),
    preprint("2410.11289", author="He and others"),
    preprint("2502.01755", author="Chen and others"),
    preprint("2502.09376", author="Kim and others"),
    preprint("2605.31484", author="Castin and others"),
    preprint("2002.03329", author=r"Khaled and Richt{\'a}rik"),
    preprint(
        "math-ph/0609050",
        author="F. Mezzadri",
        title="{How to generate random matrices from the classical compact groups}",
    ),
    preprint(
        "1011.1595",
        author="J. Tropp",
        title="{Improved analysis of the subsampled randomized Hadamard transform}",
    ),
    preprint(
        "1207.6365",
        author="K. Clarkson and D. Woodruff",
        title="{Low rank approximation and regression in input sparsity time}",
    ),
    preprint(
        "2010.09686",
        author="I. Waudby-Smith and A. Ramdas",
        title="{Estimating means of bounded random variables by betting}",
        year="2024",
        note="JRSS B",
    ),
    Work(
        "achlioptas2003",
        {"author": "D. Achlioptas", "title": "{Database-friendly random projections}", "year": "2003"},
    ),
    Work(
        "bohning1992",
        {
            "author": r"D. B{\"o}hning",
            "title": "{Multinomial logistic regression algorithm}",
            "year": "1992",
            "note": "Ann. Inst. Statist. Math. 44",
        },
    ),
    Work(
        "efraimidis2006",
        {
            "author": "Efraimidis and Spirakis",
            "title": "{Weighted random sampling with a reservoir}",
            "year": "2006",
        },
    ),
    Work(
        "gower2019",
        {
            "author": "R. M. Gower and D. Kovalev and F. Lieder and P. Richtarik",
            "title": "{RSN: Randomized Subspace Newton}",
            "year": "2019",
            "note": "NeurIPS",
        },
    ),
)
_PREPRINTS = {work.key: work for work in _WORKS if "eprint" in work.fields}
_TITLES = {work.fields["title"].strip("{}"): work for work in _WORKS if "eprint" not in work.fields}


def named_in(words: str) -> list[Work]:
    """Return the works that a text names: preprints by their number, others by their title.

    Examples
    --------
    >>> from rac_theory.theorems import T11
    >>> from rac_theory.verdicts.verification.citation import named_in
    >>> [work.key for work in named_in(T11.source)]
    ['arXiv:2508.03820']
    """
    line = " ".join(words.split())
    numbers = (match[1] for match in _EPRINT.finditer(line))
    works = [_PREPRINTS.get(f"arXiv:{number}", preprint(number)) for number in numbers]
    return works + [work for title, work in _TITLES.items() if title in line]


_REFERENCES = re.compile(r"^\s*References\n\s*-+\n(.*?)(?:\n\s*\n|\Z)", re.DOTALL | re.MULTILINE)
_LOADED = re.compile(rf"(?:^|\()\w+\.({'|'.join(DATA)})\(")  # by its repr, also as the first argument of another one


def citation(*used: object) -> str:
    """Return what to cite, as BibTeX: this library, the paper, and the sources of what was used.

    What a value is made of is followed: a verdict leads to its theorem and its case, a case to its algorithm and its
    problem, an algorithm to its sketch. A theorem or a counterexample names its source, a class the section
    ``References`` of its docstring, a problem the data set that it was loaded from, and a verdict from runs the method
    by which they were judged. Your own theorem or class counts if it names a preprint as ``arXiv:2410.08305``.

    An entry holds what this repository and the descriptions of the data sets say, and no more: of some preprints that
    is the number alone. Look up the rest before you print it. What is derived here and a file of data add no entry, nor
    do rows that were taken out of a data set, since they do not know where they are from.

    Parameters
    ----------
    *used : object
        Verdicts, cases, theorems, counterexamples, algorithms, sketches or problems, classes of these, or lists.

    Returns
    -------
    str
        Entries with a blank line between them, each once: first the library and the paper.

    Raises
    ------
    ValueError
        If something is a text, a number, an array or None, which has no source.
    RuntimeError
        If Python was started with -OO, which removes the docstrings that name sources.

    Examples
    --------
    >>> from rac_theory.problems import LeastSquares
    >>> from rac_theory import Case, RACLoRA, citation, sketches
    >>> case = Case(RACLoRA(sketches.CountSketch(10, 2), gamma=0.1), LeastSquares.diabetes())
    >>> library, paper, *others = citation(case).split("\\n\\n")
    >>> print(others[0])
    @misc{arXiv:1207.6365,
      author = {K. Clarkson and D. Woodruff},
      title = {{Low rank approximation and regression in input sparsity time}},
      year = {2012},
      eprint = {1207.6365},
      archivePrefix = {arXiv},
    }
    >>> print(others[1].splitlines()[1])
      title = {{Diabetes dataset}},
    """
    if citation.__doc__ is None:
        raise RuntimeError("citation reads docstrings, and python -OO removes them: start Python without -OO")
    for position, value in enumerate(used):
        if value is None or isinstance(value, str | bytes | int | float | complex | np.generic | np.ndarray):
            raise ValueError(
                f"used[{position}] must be something with a source, such as theorems.T2, a case or a verdict, got "
                f"{shown(value)}; give the value itself, not its name"
            )
    cited = [work for value in _parts(used, set()) for work in _works(value)]
    works = {work.key: work for work in (library(own_version()), PAPER, *cited)}
    return "\n\n".join(map(str, works.values()))


def _parts(value: object, visited: set[int]) -> Iterator[object]:
    """Yield a value and all that it is made of, each once."""
    if id(value) in visited:
        return
    visited.add(id(value))
    yield value
    inside: Iterable[Any] = ()
    if isinstance(value, list | tuple | set | frozenset):
        inside = value
    elif isinstance(value, Mapping):
        inside = value.values()
    elif is_dataclass(value) and not isinstance(value, type):
        inside = [getattr(value, field.name) for field in fields(value)]
    elif hasattr(value, "clients"):
        inside = value.clients
    for part in inside:
        yield from _parts(part, visited)


def _works(value: object) -> Iterator[Work]:
    """Yield the works that one value names."""
    entry, source = (getattr(value, name, None) for name in ("entry", "source"))
    if isinstance(entry, Work):
        yield entry
    if isinstance(source, str):
        yield from named_in(source)
    for cls in (value if isinstance(value, type) else type(value)).__mro__:
        docstring = vars(cls).get("__doc__")  # not inherited, and no text where a class has a slot of that name
        for section in _REFERENCES.findall(docstring) if isinstance(docstring, str) else ():
            yield from named_in(section)
    if getattr(value, "evidence", None) == "sampled":
        yield from named_in(evidence.__doc__ or "")
    if callable(getattr(value, "gradient", None)) and (loaded := _LOADED.search(repr(value))):
        yield DATA[loaded[1]]
