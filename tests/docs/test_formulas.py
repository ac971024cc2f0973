"""Formulas as Sphinx meets them: in sentences, with labels, in environments, and in what a notebook printed."""

import io
import json
import re

import pytest

from tests.extensions import EXTENSIONS

pytest.importorskip("myst_nb", reason="the pages are built with the extra docs")
nbformat = pytest.importorskip("nbformat")

PAGE = r"""# Page of $\lambda_{\min}$

A sentence with $\lambda_{\min}$, and one ($f \le g$).

```{math}
:label: first
a = b
```

By {eq}`first`,

\begin{align*}
a &= b \\
c &= d
\end{align*}

$$
c = d . \tag{F7}
$$

{broken}
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Return a function that builds a page and returns it, a notebook, the index of a search, and warnings."""
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(EXTENSIONS)
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    def run(page):
        folder = tmp_path_factory.mktemp("pages")
        (folder / "conf.py").write_text(
            'extensions = ["myst_nb", "formulas"]\nhtml_math_renderer = "mathml"\nnb_execution_mode = "off"\n'
            "myst_update_mathjax = False\n"
            'myst_enable_extensions = ["dollarmath", "amsmath"]\n'
        )
        (folder / "index.md").write_text(page + "\n```{toctree}\nnotebook\n```\n", encoding="utf-8")
        output = nbformat.v4.new_output("display_data", {"text/latex": r"$\displaystyle \sum_{t<T} x_t$"})
        cells = [nbformat.v4.new_markdown_cell("# Notebook"), nbformat.v4.new_code_cell("x", outputs=[output])]
        about = {"language_info": {"name": "python"}}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=about), folder / "notebook.ipynb")
        told = io.StringIO()
        with docutils_namespace():
            Sphinx(folder, folder, folder / "out", folder / "tree", "html", status=None, warning=told).build()
        files = (folder / "out" / name for name in ("index.html", "notebook.html", "searchindex.js"))
        return *(file.read_text(encoding="utf-8") for file in files), told.getvalue()

    yield run
    patch.undo()


@pytest.fixture(scope="module")
def whole(build):
    return build(PAGE.replace("{broken}", ""))


def test_every_kind_of_formula_is_an_element_and_no_script_is_asked_for(whole):
    """And nothing separates a formula from the comma behind it."""
    page, notebook, _, told = whole
    assert told == ""
    assert "</math>,</span> and one" in page
    assert "</math>).</span>" in page
    assert page.count("<math") >= 6  # the heading comes again where pages are listed
    assert notebook.count("<mo movablelimits") == 1  # the sum of the output
    assert not any(word in both for word in ("mathjax", "\\(", "\\lambda", "\\begin") for both in (page, notebook))
    assert '<span class="eqno">(1)' in page
    assert '<span class="eqno">(F7)' in page
    assert 'href="#equation-first"' in page
    assert page.count("<mtr>") == 2


def test_lines_of_a_statement_go_on_below_where_there_is_no_room(build):
    """Catches a line that is one element and would be cut, and lines aligned elsewhere, which must stay together."""
    lines = (
        r"& \mathrm{E}[f(W^T)] - f^\star \le (1 - \gamma \mu)^T (f(W^0) - f^\star) \\[1ex] & \text{where} \quad a = b"
    )
    page, _, _, told = build(PAGE.replace("{broken}", f"$$\n{lines}\n$$\n"))
    assert told == ""
    (first, second) = re.search(r'<div class="math parted"[^>]*>(.*?)</div></div>', page, re.DOTALL)[1].split("</div>")
    assert (first.count("<math"), second.count("<math")) == (2, 1)
    assert page.count("<mtr>") == 2


def test_a_construct_that_no_rule_covers_is_a_warning_which_the_build_makes_an_error(build):
    *_, told = build(PAGE.replace("{broken}", r"$a \nosuchcommand b$"))
    assert "nosuchcommand" in told
    assert "index.md" in told


def test_a_heading_is_read_without_a_formula_where_it_is_a_text(whole):
    """In a search and at the top of a window nothing is typeset."""
    page, _, found, _ = whole
    assert re.search(r"<h1>Page of <span class=.math.><math", page)
    assert re.search(r"<title>Page of λ", page)
    assert json.loads(found.removeprefix("Search.setIndex(")[:-1])["titles"] == ["Page of λ_min", "Notebook"]
