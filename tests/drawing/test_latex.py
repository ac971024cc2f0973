"""LaTeX that compiles as it is: by a TeX engine where there is one, and everywhere by what would break it."""

import re
import shutil
import subprocess
from functools import cache
from itertools import accumulate

import pytest

from rac_theory import prove, theorems
from rac_theory.drawing import latex
from rac_theory.theorems.ours import STORED
from tests.as_one_test import as_one_test

ENGINE = next(filter(None, map(shutil.which, ("pdflatex", "lualatex", "tectonic"))), None)


@cache
def proof(id):
    return prove(id).latex()


@pytest.mark.long
@as_one_test("id", STORED)
def test_a_proof_has_nothing_that_breaks_latex(id):
    """Braces that match, formulas that end, and no letter outside of them that only a formula may have."""
    *_, rest = re.split(r"^% .*\n", proof(id), maxsplit=1, flags=re.MULTILINE)
    formulas = re.findall(r"\\\[ (.*) \\\]", rest)
    assert len(formulas) == rest.count(r"\noindent") == rest.count(r"\[")
    words = re.sub(r"\\\[ .* \\\]", "", rest)
    inside = [text for formula in formulas for text in re.findall(r"\\text\{([^{}]*(?:\{\}[^{}]*)*)\}", formula)]
    for text in (words, *inside):
        assert not re.search(r"(?<!\\)[&%#_^{}~](?!\})", text.replace("{}", "")), text
    for part in (rest, *formulas):
        braces = re.sub(r"\\[{}]|[^{}]", "", part)
        depth = [*accumulate(({"{": 1, "}": -1}[brace] for brace in braces), initial=0)]
        assert min(depth) == depth[-1] == 0
    assert rest.isascii()


def test_every_fragment_and_table_compiles_where_there_is_an_engine(tmp_path):
    """All in a document: what an engine refuses is named by it."""
    table = latex.table(["a_b", "50%"], [["x & y", "{z}"], ["<", "\\"]])
    body = "\n\n".join([*map(proof, STORED), *(each.latex() for each in theorems.ALL.values()), table])
    packages = r"\usepackage{amsmath}\usepackage{booktabs}"
    document = rf"\documentclass{{article}}{packages}\begin{{document}}{body}\end{{document}}"
    (tmp_path / "all.tex").write_text(document)
    assert document.count(r"\begin{") == document.count(r"\end{")
    if ENGINE is not None:
        command = [ENGINE, *(["-halt-on-error", "-interaction=nonstopmode"] * ("latex" in ENGINE)), "all.tex"]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert ran.returncode == 0, ran.stdout[-2000:]


def test_letters_that_latex_reads_are_escaped():
    assert latex.escaped(r"a_b & 50% <\x>") == r"a\_b \& 50\% $<$\textbackslash{}x$>$"
    assert latex.table(["h"], [["#1"]]).splitlines()[1:] == [
        *(r"\begin{tabular}{l}", r"\toprule", r"h \\", r"\midrule", r"\#1 \\", r"\bottomrule", r"\end{tabular}")
    ]
