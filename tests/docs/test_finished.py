"""What the build asks of its pages can fail: each fault is put before it."""

import pytest

from tests.extensions import extension

pytest.importorskip("sphinx", reason="the pages are built with the extra docs")

finished = extension("finished")


@pytest.mark.parametrize(
    "loaded",
    [
        '<script async="async" src="https://cdn.example/mathjax.js"></script>',
        '<link rel="stylesheet" type="text/css" href="//fonts.example/a.css" />',
        '<link href="https://fonts.example/a.woff2" as="font" rel="preload" />',
        '<img alt="" src="http://example.org/badge.svg">',
        "<iframe src='https://example.org'></iframe>",
    ],
)
def test_what_is_loaded_from_a_network_is_found(loaded):
    (fault,) = finished.faults("page.html", f"<p>{loaded}</p>")
    assert "example" in fault


@pytest.mark.parametrize(
    "page",
    [
        '<a href="https://arxiv.org/abs/2410.08305">a link is followed, not loaded</a>',
        '<script src="_static/search.js"></script><link rel="stylesheet" href="_static/a.css"><img src="a.png">',
        '<link rel="canonical" href="https://example.org/">',
        "<p>\\lambda outside of a formula</p><math><mi>λ</mi></math>",
    ],
)
def test_what_is_not_loaded_is_none(page):
    assert list(finished.faults("page.html", page)) == []


def test_a_style_sheet_loads_by_url_and_by_import():
    for style in ("a { background: url(https://example.org/a.png) }", '@import "//example.org/a.css";'):
        assert len(list(finished.faults("_static/a.css", style))) == 1
    assert list(finished.faults("_static/a.css", "a { background: url(a.png) } /* https://example.org */")) == []


def test_a_formula_as_it_was_typed_is_found_wherever_it_comes_from():
    for typed in (r"\nosuch", "&amp;"):
        (fault,) = finished.faults("page.html", f"<p>&amp;</p><math><mi>a</mi></math> <math><mi>{typed}</mi></math>")
        assert typed in fault


def test_what_draws_is_no_output():
    """Catches a list of labels below a figure, and a legend without a semicolon."""
    for shown in ("&lt;matplotlib.legend.Legend at 0x7f5ac418f5d0&gt;", "[Text(0.5, 0, &#39;draws&#39;)]"):
        (fault,) = finished.faults("page.html", f"<pre>{shown}</pre>")
        assert "semicolon" in fault
    assert list(finished.faults("page.html", "<p>at 0x10 of text (here)</p>")) == []


def test_an_output_with_nothing_in_it_is_found():
    """A bar that was taken away, a white one in the dark theme; an output that has something in it is none."""
    for empty in ('<div class="output text_html"></div>', '<div class="output">\n</div>'):
        (fault,) = finished.faults("page.html", f"<p></p>{empty}")
        assert "nothing in it" in fault
    assert list(finished.faults("page.html", '<div class="output text_html"><table></table></div><div></div>')) == []
