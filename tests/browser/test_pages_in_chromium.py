"""The built pages in a browser without a network: ``python -m pytest tests/browser``, once they are built.

They are served from this machine, since a page from disk may not look into another one; Chromium finds no other host.
"""

import functools
import http.server
import json
import re
import threading
import zipfile
from html import unescape
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "_build" / "html"
NARROW = 400  # px
_HARNESS = """<!DOCTYPE html><meta charset="utf-8"><pre id="said"></pre><iframe id="page" width="{width}" height="900">
</iframe><script>
const frame = document.getElementById("page");
const later = (ms) => new Promise((done) => setTimeout(done, ms));
const open = (address) => new Promise((done) => {{
  frame.onload = () => done(frame.contentDocument); frame.src = address; }});
(async () => {{ {body} }})().catch(String).then((found) => {{
  document.getElementById("said").textContent = JSON.stringify(found); }});
</script>"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    harness = b""

    def do_GET(self):
        if self.path != "/harness":
            return super().do_GET()
        self.send_response(200)
        self.end_headers()
        return self.wfile.write(self.harness)

    def log_message(self, *words):
        pass


@pytest.fixture(scope="module")
def browse(chromium):
    """Return a function that runs the body of a function beside a frame, and returns what that returns."""
    assert (PAGES / "index.html").exists(), "first: python -m sphinx -W --keep-going -b html docs docs/_build/html"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=PAGES))
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def run(body, width=1200):
        _Quiet.harness = _HARNESS.format(width=width, body=body).encode()
        options = ["--window-size=1400,1000", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        options += ["--virtual-time-budget=600000", "--timeout=280000"]
        page, log = chromium(f"http://127.0.0.1:{server.server_port}/harness", *options)
        said = re.search(r'<pre id="said">(.*?)</pre>', page, re.DOTALL)
        assert said is not None, log
        return json.loads(unescape(said[1]))

    yield run
    server.shutdown()
    server.server_close()


def is_reference(address):
    return address.startswith("api/") or "#module-" in address


@pytest.fixture(scope="module")
def addresses():
    own = (path.relative_to(PAGES).as_posix() for path in sorted(PAGES.rglob("*.html")))
    return [path for path in own if not path.startswith("_static/")]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("learning rate", r"guide/learning_rate\."),
        ("rank", r"guide/advise\."),
        ("sketch", r"extend/sketch\."),
        ("verdict", r"guide/verdict\."),
        ("report", r"guide/report\."),
        ("lambda_min", r"(theory|guide|extend)/"),
    ],
)
def test_a_search_finds_the_guide_before_a_property(browse, query, first):
    """By Sphinx's own order the first of many is a property whose name is the word, such as Sketch.rank."""
    found = browse(f"""
        const page = await open("search.html?q={query.replace(" ", "+")}");
        for (let i = 0; i < 100 && !page.querySelector("#search-results ul.search li a"); i++) await later(50);
        await later(500);
        return [...page.querySelectorAll("#search-results ul.search li a")].map((one) => one.getAttribute("href"));
    """)
    assert re.match(first, found[0]), found[:5]
    explained, reference = ([i for i, one in enumerate(found) if is_reference(one) == kind] for kind in (False, True))
    assert not reference or max(explained) < min(reference), found


def test_no_page_is_wider_than_a_telephone_and_all_formulas_are_drawn(browse, addresses):
    """A display or a table that cannot scroll; an element that the browser does not know has no height."""
    found = browse(
        f"""
        const NARROW = {NARROW}, faults = [];
        const bar = (one) => ["auto", "scroll"].includes(frame.contentWindow.getComputedStyle(one).overflowX);
        const scrolls = (one) => one && one.localName !== "article" && (bar(one) || scrolls(one.parentElement));
        let formulas = 0, inLines = 0;
        for (const address of {json.dumps(addresses)}) {{
          const page = await open(address);
          if (page.documentElement.scrollWidth > NARROW) faults.push([address, page.documentElement.scrollWidth]);
          for (const one of page.querySelectorAll("article *"))
            if (one.getBoundingClientRect().right > NARROW + 1 && !scrolls(one))
              faults.push([address, one.outerHTML.slice(0, 300)]);
          for (const one of page.querySelectorAll("math")) {{
            formulas += 1;
            const box = one.getBoundingClientRect();
            const folded = one.closest("details:not([open])");
            if (!folded && (box.height < 3 || box.width < 1)) faults.push([address, "not drawn", one.textContent]);
            inLines += !scrolls(one);
          }}
          for (const {{ name }} of frame.contentWindow.performance.getEntriesByType("resource"))
            if (!name.startsWith(location.origin) && !name.startsWith("data:")) faults.push([address, "loads", name]);
        }}
        return [formulas, inLines, faults];
        """,
        width=NARROW,
    )
    assert found[0] > 5_000
    assert found[1] > 1_000
    assert found[2] == [], "\n".join(map(str, found[2]))


def test_the_claims_of_the_field_are_filtered(browse):
    """By a mark and by words. Catches a filter that reads another column, one that hides nothing, words in capitals."""
    from rac_theory.literature import CLAIMS

    body = """
    const page = await open("/theory/claims.html");
    const form = page.querySelector("form.filters");
    const [source, known, verdict, proof] = form.querySelectorAll("select");
    const shown = () => [...form.nextElementSibling.tBodies[0].rows].filter((row) => row.offsetParent).map(
      (row) => row.querySelector("code").textContent);
    const chosen = (input, value) => {
      input.value = value; input.dispatchEvent(new Event("input", {bubbles: true})); };
    const found = {all: shown()};
    chosen(proof, "machine"); found.machine = shown(); chosen(proof, "");
    chosen(source, "arXiv:2509.15552"); found.source = shown();
    const words = form.querySelector("input");
    chosen(words, "zo-aLIGN"); found.words = shown(); found.count = form.querySelector("output").textContent;
    return found;"""
    found = browse(body)
    assert found["all"] == list(CLAIMS)
    assert found["machine"] == [name for name, claim in CLAIMS.items() if claim.proof == "machine"]
    assert found["source"] == ["zo-align", "zo-avg"]
    assert (found["words"], found["count"]) == (["zo-align"], f"1 of {len(CLAIMS)}")


def test_notebooks_can_be_downloaded_with_their_outputs():
    """Catches a link to a file that is not there, one without outputs, and a course without what its cells import."""
    with zipfile.ZipFile(PAGES / "notebooks" / "course.zip") as course:
        files = {name.removeprefix("notebooks/"): course.read(name).decode() for name in course.namelist()}
    stored = sorted(path.name for path in (PAGES.parents[2] / "notebooks").glob("*.ipynb"))
    assert [name for name in files if name.endswith(".ipynb")] == stored
    for name in stored:
        page = (PAGES / "notebooks" / name).with_suffix(".html").read_text("utf-8")
        assert f'href="{name}"' in page
        assert 'href="course.zip"' in page
        assert (PAGES / "notebooks" / name).read_text("utf-8") == files[name]
        assert '"image/png"' in files[name]
    modules = {word for text in files.values() for word in re.findall(r'^\s*"?from (\w+) import', text, re.MULTILINE)}
    beside = {path.stem for path in (PAGES.parents[2] / "notebooks").glob("*.py")}
    assert {f"{name}.py" for name in modules & beside} <= set(files)
    assert "exercises.py" in files
