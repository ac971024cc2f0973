"""The report in a browser: ``python -m pytest tests/browser``, with Chromium on the path.

Chromium has no driver here: each test adds a script to the page, allows it in the page's own policy, and reads what the
script wrote into the page when Chromium prints it.
"""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess

import pytest

from rac_theory import prove, report
from rac_theory.commands.cli import main
from rac_theory.ledger import results
from rac_theory.proofs.reading import Reading
from rac_theory.proofs.stored import STORED
from rac_theory.report import packing

SKETCH = "<script>alert(1)</script>"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_HELPERS = """
const all = (selector) => [...document.querySelectorAll(selector)];
const shown = () => all("tbody.case").filter((one) => one.offsetHeight > 0).map((one) => one.rows[0].id.slice(5));
const form = document.querySelector(".filters");
const later = () => new Promise((done) => setTimeout(done, 50));
async function openAll() {
  all("tbody.case button").forEach((button) => button.click());
  while (all("tr.about > td:empty").length) await later();
  all("details").forEach((one) => { one.open = true; });
  while (all("details[data-proof] > div:empty").length) await later();
}
function choose(name, value) {
  form.elements[name].value = value;
  form.dispatchEvent(new Event("change", { bubbles: true }));
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What verify leaves, with one row whose words are hostile."""
    out = tmp_path_factory.mktemp("results")
    quick = ["--problem", "quadratic", "pl_sine", "--rank", "1", "--side", "left", "--runs", "32", "--steps", "8"]
    assert main(["verify", "--claim", "T1", "T2", "C6", *quick, "--sketch", "haar", "frozen", "--out", str(out)]) == 0
    content = json.loads((out / results.FILE).read_text())
    content["rows"][0]["sketch"] = SKETCH
    content["rows"][1]["reason"] = f"{SKETCH}<img src=x onerror=alert(2)>"
    (out / results.FILE).write_text(json.dumps(content))
    return out


@pytest.fixture(scope="module")
def rows(folder):
    return results.load(folder / results.FILE)


@pytest.fixture
def browse(folder, tmp_path):
    """Return a function that opens the report, runs the body of a function in it, and returns what that returns."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert browser is not None, f"one of {', '.join(BROWSERS)} must be on the path"

    def run(body, hash="", dark=False, width=1400):
        page = report.write(folder).read_text(encoding="utf-8")
        script = (
            f"{{ {_HELPERS} (async () => {{ {body} }})().catch(String).then((found) => {{"
            'const said = document.createElement("pre"); said.id = "said";'
            "said.textContent = JSON.stringify(found); document.body.append(said); }); }"
        )
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        page = page.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
        path = tmp_path / "report.html"
        path.write_text(page.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            f"--window-size={width},900",
        ]
        options += [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=20000", "--dump-dom"]
        options += [f"--blink-settings=preferredColorScheme={0 if dark else 1}"]
        done = subprocess.run(
            [browser, *options, path.as_uri() + hash], capture_output=True, text=True, encoding="utf-8", timeout=120
        )
        assert "CONSOLE" not in done.stderr, done.stderr
        said = re.search(r'<pre id="said">(.*?)</pre>', done.stdout, re.DOTALL)
        assert said is not None, done.stderr
        return json.loads(html.unescape(said.group(1)))

    return run


def test_filters_show_what_they_say(browse, rows):
    """A filter that hides nothing, or what it should show; a count that is not that of the rows in sight."""
    found = browse("""
        const found = { at_first: shown() };
        for (const [name, value] of [["claim", "T2"], ["problem", "quadratic"], ["sketch", "frozen"]]) {
          choose(name, value); found[name] = [shown(), form.querySelector("output").value];
        }
        form.querySelector("button").click(); await later(); found.reset = shown();
        all("input[value=NOT_APPLICABLE]")[0].click(); found.verdict = shown();
        form.querySelector("button").click(); await later();
        all("a[data-show=T1]")[0].click(); found.link = shown();
        return found;
    """)

    def numbers(**wanted):
        return [str(row.number) for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]

    assert found["at_first"] == found["reset"] == numbers()
    assert found["claim"][0] == numbers(claim="T2")
    assert found["problem"][0] == numbers(claim="T2", problem="quadratic")
    assert found["sketch"][0] == numbers(claim="T2", problem="quadratic", sketch="frozen")
    assert found["sketch"][1] == f"{len(found['sketch'][0])} of {len(rows)} cases"
    assert found["verdict"] == [str(row.number) for row in rows if row.status != "NOT_APPLICABLE"]
    assert found["link"] == numbers(claim="T1")


@pytest.mark.parametrize("dark", [False, True])
def test_rows_open_and_their_figures_load(browse, rows, dark):
    """A data URI that is cut or not escaped is a broken image, of width 0; a colour scheme that is not followed."""
    found = browse(
        """
        const before = all("tbody.case img").length;
        await openAll();
        const images = all("img");
        await Promise.all(images.map((one) => one.decode()));
        return {
          before, widths: images.map((one) => one.naturalWidth),
          open: all("tr.about").filter((one) => one.offsetHeight > 20).length,
          expanded: all("button[aria-expanded=true]").length,
          light: getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0] > 128,
        };
        """,
        dark=dark,
    )
    assert len(found["widths"]) == sum(row.figure is not None for row in rows) + 1  # and the counterexample's
    assert min(found["widths"]) > 300
    assert found["before"] == 0  # a figure is unpacked when its row is opened, and no sooner
    assert found["open"] == found["expanded"] == len(rows)
    assert found["light"] is not dark


def test_keys_reach_everything(browse, rows):
    """A row that only a mouse can open; a case in the address that is not opened; a filter without a name."""
    found = browse(
        """
        const about = document.getElementById("about-3"), before = about.hidden;
        const button = all("#case-3 button")[0];
        button.focus();
        const focused = document.activeElement === button;
        button.click();
        return {
          before, focused, after: about.hidden, expanded: button.ariaExpanded,
          controls: button.getAttribute("aria-controls"),
          buttons: all("tbody.case button").filter((one) => one.tabIndex === 0).length,
          unnamed: all("input, select").filter((one) => !one.labels.length).length,
        };
        """,
        hash="#case-3",
    )
    assert found == {
        "before": False,
        "focused": True,
        "after": True,
        "expanded": "false",
        "controls": "about-3",
        "buttons": len(rows),
        "unnamed": 0,
    }


def test_words_of_a_user_are_not_run(browse):
    """A sketch called <script>alert(1)</script> is a name, in its cell, its option and the alternative text."""
    found = browse("""
        await openAll();
        const named = all("tbody.case").filter((one) => one.dataset.sketch.includes("script"));
        choose("sketch", named[0].dataset.sketch);
        return {
          text: named[0].rows[0].cells[3].firstElementChild.innerText, shown: shown(), broken: all("img[src=x]").length,
          scripts: all("script").length, alt: named[0].querySelector("img").alt,
          reason: all("#about-2 p")[0].textContent,
        };
    """)
    assert found["text"] == SKETCH
    assert found["shown"] == ["1"]
    assert SKETCH in found["alt"]
    assert found["reason"].startswith(SKETCH)
    assert found["broken"] == 0
    assert found["scripts"] == 2  # the page's and this test's


@pytest.mark.parametrize("width", [1300, 800])
def test_nothing_is_cut_at_the_side(browse, width):
    """The last columns out of sight behind a bar that nobody looks for; a row that opens wider than the window."""
    found = browse(
        """
        await openAll();
        const boxes = [document.scrollingElement, ...all(".scroll, .opened, .statement, .claims td, .command")];
        return {
          window: innerWidth,
          wide: boxes.filter((one) => one.scrollWidth > one.clientWidth && one.clientWidth).map((one) => one.className),
          last: Math.max(...all(".cases tr, .claims tr").map((row) => row.getBoundingClientRect().right)),
        };
        """,
        width=width,
    )
    assert found["wide"] == []
    assert found["last"] <= found["window"] == width


def test_every_row_opens_its_own(browse, rows, monkeypatch):
    """Rows of the second pack and of the filtered table that open what belongs to another; one opened twice."""
    monkeypatch.setattr(packing, "ROWS", 5)
    found = browse("""
        choose("claim", "T2");
        await openAll();
        all("tbody.case button").forEach((button) => button.click());
        await openAll();
        return all("tbody.case").map((one) => [one.querySelector("p").textContent, one.querySelectorAll("dl").length]);
    """)
    assert [reason for reason, _ in found] == [row.reason for row in rows]
    assert {lists for _, lists in found} == {1}


def test_every_proof_opens_its_own(browse, monkeypatch):
    """One of another pack, of a claim that no case tries, and one that is there before it is opened."""
    monkeypatch.setattr(packing, "ROWS", 5)
    found = browse("""
        const proofs = all("details[data-proof]"), before = proofs.filter((one) => one.querySelector("math")).length;
        await openAll();
        return [before, ...proofs.map((one) => [
          one.closest("tr").querySelector("th").textContent,
          [...one.querySelectorAll("th")].pop().textContent, one.querySelectorAll("math").length,
        ])];
    """)
    before, *proofs = found
    assert before == 0
    assert {id for id, *_ in proofs} == set(STORED)
    for id, last, formulas in proofs:
        assert last == f"({len(Reading(prove(id)).derived)})"
        assert formulas > 10


def test_a_browser_that_cannot_unpack_says_so(browse):
    """An empty row says nothing."""
    found = browse("""
        delete window.DecompressionStream;
        all("tbody.case button")[0].click(); await later(); await later();
        return all("tr.about")[0].innerText;
    """)
    assert found.startswith("This browser cannot unpack what the row opens")


def test_mathematics_is_laid_out(browse):
    """An element that the browser does not know as MathML has no height; a command that is shown as its source."""
    found = browse("""
        const first = all("table.claims")[0];
        return [...first.querySelectorAll(".statement math")].map((one) => [
          one.namespaceURI.split("/").pop(), one.getBoundingClientRect().height > 8, one.textContent.includes("\\\\"),
        ]);
    """)
    assert len(found) >= 4
    assert all(one == ["MathML", True, False] for one in found), found
