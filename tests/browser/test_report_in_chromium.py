"""The report in a browser: ``python -m pytest tests/browser``, with Chromium on the path.

Chromium has no driver here: each test adds a script to the page, allows it in the page's own policy, and reads what the
script wrote into the page when Chromium prints it.
"""

import base64
import hashlib
import html
import json
import re
from dataclasses import replace

import pytest

from rac_theory import prove
from rac_theory.commands.cli import main
from rac_theory.ledger import report, results
from rac_theory.ledger.report import packing
from rac_theory.ledger.report import page as page_module
from rac_theory.ledger.report.page import page
from rac_theory.ledger.sweeps.found import write_table
from rac_theory.ledger.verdict_row import STATUSES
from rac_theory.proofs.reading import Reading

SKETCH = "<script>alert(1)</script>"
_HELPERS = """
const all = (selector) => [...document.querySelectorAll(selector)];
const shown = () => all("tbody.case").filter((one) => one.offsetHeight > 0).map((one) => one.rows[0].id.slice(5));
const form = document.querySelector(".filters"), counted = document.querySelector(".pager output");
const later = () => new Promise((done) => setTimeout(done, 50));
async function openAll() {
  all("tbody.case button").forEach((button) => button.click());
  while (all("tr.about > td:empty").length) await later();
  all("details").forEach((one) => { one.open = true; });
  while (all("details[data-proof] > div:empty").length) await later();
}
function choose(name, value) {
  form.elements[name].value = value;
  form.dispatchEvent(new Event("input", { bubbles: true }));
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What verify leaves, with one row whose words are hostile."""
    out = tmp_path_factory.mktemp("results")
    quick = ["--problem", "quadratic", "pl_sine", "--rank", "1", "2", "--side", "left", "right", "--runs", "32"]
    quick += ["--sketch", "haar", "frozen", "--steps", "8", "--out", str(out)]
    assert main(["verify", "--claim", "T1", "T2", "C6", *quick]) == 0
    content = json.loads((out / results.FILE).read_text())
    content["rows"][0]["sketch"] = SKETCH
    content["rows"][1]["reason"] = f"{SKETCH}<img src=x onerror=alert(2)>"
    (out / results.FILE).write_text(json.dumps(content))
    return out


@pytest.fixture(scope="module")
def rows(folder):
    return results.load(folder / results.FILE)


def numbers(rows, **wanted):
    """Of the rows that have these values, as the page shows them."""
    return [str(row.number) for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]


@pytest.fixture
def browse(folder, tmp_path, chromium):
    """Return a function that opens the report, runs the body of a function in it, and returns what that returns."""

    def run(body, hash="", dark=False, width=1400, page=None, budget="--virtual-time-budget=20000"):
        page = page or report.write(folder).read_text(encoding="utf-8")
        script = (
            f"{{ {_HELPERS} (async () => {{ {body} }})().catch(String).then((found) => {{"
            'const said = document.createElement("pre"); said.id = "said";'
            "said.textContent = JSON.stringify(found); document.body.append(said); }); }"
        )
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        page = page.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
        path = tmp_path / "report.html"
        path.write_text(page.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
        options = ["--enable-logging=stderr", f"--window-size={width},900", budget]
        options += [f"--blink-settings=preferredColorScheme={0 if dark else 1}"]
        shown, log = chromium(path.as_uri() + hash, *options)
        assert "CONSOLE" not in log, log
        said = re.search(r'<pre id="said">(.*?)</pre>', shown, re.DOTALL)
        assert said is not None, log
        return json.loads(html.unescape(said.group(1)))

    return run


def test_filters_show_what_they_say(browse, rows):
    """A filter that hides nothing, or what it should show; a count that is not that of the rows in sight."""
    found = browse("""
        const found = { at_first: shown() };
        for (const [name, value] of [["claim", "T2"], ["problem", "quadratic"], ["sketch", "frozen"]]) {
          choose(name, value); found[name] = [shown(), counted.value];
        }
        form.querySelector("button").click(); await later();
        choose("rank", "2"); found.rank = shown(); choose("side", "right"); found.side = shown();
        form.querySelector("button").click(); await later(); found.reset = shown();
        all("input[value=NOT_APPLICABLE]")[0].click(); found.verdict = shown();
        form.querySelector("button").click(); await later();
        all("a[data-show=T1]")[0].click(); found.link = shown();
        return found;
    """)

    assert found["at_first"] == found["reset"] == numbers(rows)
    assert found["claim"][0] == numbers(rows, claim="T2")
    assert found["problem"][0] == numbers(rows, claim="T2", problem="quadratic")
    assert found["sketch"][0] == numbers(rows, claim="T2", problem="quadratic", sketch="frozen")
    assert found["sketch"][1] == f"{len(found['sketch'][0])} of {len(rows)} cases"
    assert found["rank"] == numbers(rows, rank=2) != numbers(rows)
    assert found["side"] == numbers(rows, rank=2, side="right") not in ([], numbers(rows, rank=2))
    assert found["verdict"] == numbers(row for row in rows if row.status != "NOT_APPLICABLE")
    assert found["link"] == numbers(rows, claim="T1")


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
    states = {"before": False, "focused": True, "after": True, "expanded": "false", "controls": "about-3"}
    assert found == states | {"buttons": len(rows), "unnamed": 0}


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
    assert (found["text"], found["shown"], found["broken"]) == (SKETCH, ["1"], 0)
    assert SKETCH in found["alt"]
    assert found["reason"].startswith(SKETCH)
    assert found["scripts"] == 2  # the page's and this test's


@pytest.mark.parametrize("width", [1300, 800, 500])
def test_nothing_is_cut_at_the_side(browse, width):
    """The last columns out of sight behind a bar that nobody looks for; a row that opens wider than the window."""
    found = browse(
        """
        await openAll();
        const boxes = [document.scrollingElement, ...all(".scroll, .opened, .claims td, .command")];
        if (innerWidth > 600) boxes.push(...all(".statement")); // on a phone a long formula scrolls by itself
        return {
          window: innerWidth,
          wide: boxes.filter((one) => one.scrollWidth > one.clientWidth && one.clientWidth)
            .map((one) => `${one.className} ${one.textContent.slice(0, 40)}`),
          last: Math.max(...all(".cases > * > tr, .claims > * > tr").map((row) => row.getBoundingClientRect().right)),
        };
        """,
        width=width,
    )
    assert found["wide"] == []
    assert found["last"] <= found["window"] == width


def test_on_a_telephone_a_statement_has_the_whole_width(browse):
    """That of T2_sharp, 250 px long, was cut beside its id; catches a statement that begins to the right of the id."""
    found = browse(
        """
        document.body.style.width = "400px";
        const left = (one) => one.getBoundingClientRect().left;
        const wide = (one) => one.getBoundingClientRect().width;
        return all(".claims > tbody > tr").map((row) => [left(row.cells[1]) - left(row.cells[0]), wide(row.cells[1])]);
        """,
        width=500,
    )
    assert len(found) > 2
    assert all(indent == 0 and width > 330 for indent, width in found)


def test_search_finds_rows_that_have_every_word(browse, rows):
    """Case that matters, words that must be neighbours, one word that is enough."""
    *found, nothing, said = browse("""
        const search = (words) => { choose("search", words); return shown(); };
        return [search("FROZEN  t2"), search("rank"), search("pl_sine right"), search("no such words"), counted.value];
    """)
    wanted = numbers(rows, sketch="frozen", claim="T2"), [], numbers(rows, problem="pl_sine", side="right")
    assert (*found, nothing, said) == (*wanted, [], f"0 of {len(rows)} cases")


def test_columns_sort(browse, rows):
    """Numbers as words, 10 before 9; T2 after T10; what does not exist among what does; the wrong column."""
    found = browse("""
        const found = {};
        for (const button of all(".cases thead button")) {
          const head = button.closest("th");
          button.click(); found[button.textContent] = [head.ariaSort, shown()];
          button.click(); found[button.textContent].push(head.ariaSort, shown());
        }
        found.sorted = all(".cases thead th").filter((one) => one.ariaSort !== "none").length;
        return found;
    """)
    keys = {
        "case": lambda row: row.number,
        "claim": lambda row: int(row.claim[1:]),
        "problem": lambda row: row.problem,
        "rank": lambda row: row.rank,
        "side": lambda row: row.side,
        "verdict": lambda row: STATUSES.index(row.status),
        "slack": lambda row: row.slack and row.slack["value"],
        "reach": lambda row: row.reach_share,
        "rate": lambda row: row.fitted and row.fitted["value"],
    }
    assert found.pop("sorted") == 1
    assert set(found) == {*keys, "sketch", "setting"}
    number_of = {str(row.number): row for row in rows}
    for name, key in keys.items():
        rising, up, falling, down = found[name]
        # The first click on the column by which the page is sorted turns it round.
        assert {rising, falling} == {"ascending", "descending"}
        for order, order_of in ((rising, up), (falling, down)):
            assert sorted(order_of, key=int) == numbers(rows)
            values = [key(number_of[number]) for number in order_of]
            there = [value for value in values if value is not None]
            assert values == [*sorted(there, reverse=order == "descending"), *[None] * (len(values) - len(there))], name


def test_what_is_saved_is_what_is_shown(browse, rows, tmp_path):
    """All rows instead of those in sight; another order; a CSV that differs from a sweep's; a JSON no command reads."""
    found = browse("""
        const saved = {};
        let blob;
        URL.createObjectURL = (given) => { blob = given; return "#"; };
        HTMLAnchorElement.prototype.click = function () { saved[this.download] = blob; };
        choose("claim", "T2"); all(".cases thead button")[4].click(); all(".cases thead button")[4].click();
        const numbers = shown();
        for (const button of all("[data-save]")) button.click();
        while (Object.keys(saved).length < 2) await later();
        for (const name in saved) saved[name] = await saved[name].text();
        return { numbers, ...saved };
    """)
    number_of = {str(row.number): row for row in rows}
    chosen = [number_of[number] for number in found["numbers"]]
    assert {row.claim for row in chosen} == {"T2"}
    assert [row.rank for row in chosen] == sorted((row.rank for row in chosen), reverse=True)
    (tmp_path / results.FILE).write_text(found["results.json"])
    assert list(results.load(tmp_path / results.FILE)) == chosen
    write_table(chosen, tmp_path / "rows.csv")
    assert found["results.csv"] == (tmp_path / "rows.csv").read_text()


def many(rows, count):
    """As many rows, each with its own number, among sketches, ranks and sides of which there are several."""
    sides = ("left", "right")
    some = (
        {"number": i + 1, "sketch": f"sketch{i % 9}", "rank": 1 + i % 5, "side": sides[i % 2]} for i in range(count)
    )
    return [replace(rows[i % len(rows)], **changed) for i, changed in enumerate(some)]


def test_a_page_at_a_time(browse, folder, rows):
    """A page that is laid out twice or not at all; a case in the address on another page; a filter that stays there."""
    found = browse(
        """
        const button = (by) => all(`[data-turn="${by}"]`)[0], steps = [[counted.value, shown()]];
        const turn = (by) => { button(by).click(); steps.push([counted.value, shown()]); };
        turn(-1); turn(-1); turn(1); turn(1);
        const ends = [button(1).disabled, button(-1).disabled];
        choose("rank", "1"); steps.push([counted.value, shown()]);
        return { steps, ends, open: all("tr.about:not([hidden])").map((one) => one.id) };
        """,
        hash="#case-230",
        page=page(folder, many(rows, 250), []),
    )
    parts = [range(201, 251), range(101, 201), range(1, 101), range(101, 201), range(201, 251)]
    for (said, shown), part in zip(found["steps"], parts, strict=False):
        assert shown == [str(number) for number in part]
        assert said == f"{part[0]} to {part[-1]} of 250 cases"
    assert found["ends"] == [True, False]
    assert found["open"] == ["about-230"]
    assert found["steps"][-1] == ["50 of 250 cases", [str(number) for number in range(1, 251, 5)]]


def test_two_thousand_rows_open_fast(browse, folder, rows):
    """Opened in 1.2 times what a plain table of as many rows takes, sorted in 0.2: a busy machine is slower at both."""
    found = browse(
        """
        const timed = (act) => {
          const start = performance.now(); act(); document.body.offsetHeight; return performance.now() - start;
        };
        const plain = () => timed(() => {
          const table = document.createElement("table");
          table.innerHTML = `<tr>${"<td>of a word</td>".repeat(10)}</tr>`.repeat(2000);
          document.body.append(table); document.body.offsetHeight; table.remove();
        });
        const ready = performance.getEntriesByType("navigation")[0].domContentLoadedEventStart || performance.now();
        const before = plain(), laid_out = shown().length;
        const acts = {
          filter: timed(() => choose("rank", "2")), search: timed(() => choose("search", "sketch3")),
          sort: timed(() => all(".cases thead button")[8].click()),
        };
        return { laid_out, ready, acts, plain: Math.max(before, plain()) };
        """,
        page=page(folder, many(rows, 2000), []),
        budget="--timeout=30000",
    )
    assert found["laid_out"] == 100
    assert found["ready"] < 5 * found["plain"], found
    assert max(found["acts"].values()) < found["plain"], found


def test_all_rows_are_printed(browse, folder, rows):
    """A sheet of the first hundred rows: what is not laid out on a screen is on paper, unless a filter hides it."""
    found = browse(
        """
        const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
        const hiding = rules.filter((rule) => rule.cssText.includes(".beyond") && rule.cssText.includes("none"));
        return { beyond: all("tbody.beyond").length, media: hiding.map((rule) => rule.conditionText) };
        """,
        page=page(folder, many(rows, 250), []),
    )
    assert found == {"beyond": 150, "media": ["screen"]}


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


def test_every_proof_opens_its_own(browse, rows, monkeypatch):
    """One of another pack, and one that is there before it is opened. Claims that no case tries have none."""
    monkeypatch.setattr(packing, "ROWS", 2)
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
    assert {id for id, *_ in proofs} == {row.claim for row in rows}
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


def test_the_summary_of_many_rows_leads_to_the_file_of_a_case(browse, chromium, tmp_path, rows, monkeypatch):
    """A script that fails where there is no table of cases; an address of a case that stays at the summary."""
    monkeypatch.setattr(page_module, "ROWS", 60)
    results.save(tmp_path, many(rows, 130))
    summary = report.write(tmp_path).read_text(encoding="utf-8")
    titles = 'return [all(".parts a").length, all("tbody.case").length, all("h2").map((one) => one.textContent)];'
    assert browse(titles, page=summary) == [3, 0, ["Claims", "Cases"]]
    (file,) = re.findall(r'<a href="([^"#]*)" data-first="51"', summary)
    found = browse(
        "return [shown(), all('tr.about:not([hidden])')[0].id, all('p a').map((one) => one.textContent)];",
        hash="#case-70",
        page=(tmp_path / file).read_text(encoding="utf-8"),
    )
    assert found == [[str(number) for number in range(51, 101)], "about-70", ["report.html"]]
    path = tmp_path / "report.html"
    path.write_text(summary, encoding="utf-8")
    led, _ = chromium(path.as_uri() + "#case-70", "--virtual-time-budget=20000")
    assert 'id="case-70"' in led  # of the file that has it
