"""What to cite: the works that values name as their sources, found by following what the values are made of."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from rac_theory.base import shown
from rac_theory.numerics import evidence
from rac_theory.verdicts.verification.versions import own_version
from rac_theory.verdicts.verification.works import DATA, PAPER, Work, library, named_in

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
      eprint = {1207.6365},
      archivePrefix = {arXiv},
    }
    >>> print(others[1].splitlines()[1])
      title = {{Diabetes dataset}},
    """
    if citation.__doc__ is None:
        raise RuntimeError("citation reads docstrings, and python -OO removes them: start Python without -OO")
    for place, value in enumerate(used):
        if value is None or isinstance(value, str | bytes | int | float | complex | np.generic | np.ndarray):
            raise ValueError(
                f"used[{place}] must be something with a source, such as theorems.T2, a case or a verdict, got "
                f"{shown(value)}; give the value itself, not its name"
            )
    found = [work for value in _parts(used, set()) for work in _works(value)]
    works = {work.key: work for work in (library(own_version()), PAPER, *found)}
    return "\n\n".join(map(str, works.values()))


def _parts(value: object, seen: set[int]) -> Iterator[object]:
    """Yield a value and all that it is made of, each once."""
    if id(value) in seen:
        return
    seen.add(id(value))
    yield value
    inside: Iterable[Any] = ()
    if isinstance(value, list | tuple | set | frozenset):
        inside = value
    elif isinstance(value, Mapping):
        inside = value.values()
    elif is_dataclass(value) and not isinstance(value, type):
        inside = [getattr(value, each.name) for each in fields(value)]
    elif hasattr(value, "clients"):
        inside = value.clients
    for part in inside:
        yield from _parts(part, seen)


def _works(value: object) -> Iterator[Work]:
    """Yield the works that one value names."""
    source = getattr(value, "source", None)
    if isinstance(source, str):
        yield from named_in(source)
    for cls in (value if isinstance(value, type) else type(value)).__mro__:
        said = vars(cls).get("__doc__")  # not inherited, and no text where a class has a slot of that name
        for section in _REFERENCES.findall(said) if isinstance(said, str) else ():
            yield from named_in(section)
    if getattr(value, "evidence", None) == "sampled":
        yield from named_in(evidence.__doc__ or "")
    if callable(getattr(value, "gradient", None)) and (loaded := _LOADED.search(repr(value))):
        yield DATA[loaded[1]]
