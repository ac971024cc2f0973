"""The report: every row is there, words of a user stay words, and nothing is loaded from elsewhere."""

import base64
import json
import os
import re
import shlex
import zlib
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from rac_theory import prove, theorems
from rac_theory.commands.cli import main
from rac_theory.ledger import report, results
from rac_theory.ledger.report import gallery, numbers, packing, shown
from rac_theory.ledger.report import page as page_module
from rac_theory.ledger.report.page import breakable, page
from rac_theory.ledger.report.shown import claims
from rac_theory.ledger.table import summary_tables
from rac_theory.literature import C6
from rac_theory.proofs.reading import Reading
from rac_theory.theorems.ours import STORED
from tests import read_html

HOSTILE = "<script>alert(1)</script>"
LOADING = {"src", "href", "srcset", "action", "data", "poster", "background", "xlink:href"}


def unpack(text):
    """The fragments of a pack, as the script of the page finds them."""
    return json.loads(zlib.decompress(base64.b64decode(text)))


class Reader(read_html.Reader):
    """A page of the report."""

    def opened(self):
        """What each row opens, in their order."""
        packs = [text for _, text in self.all("template", **{"class": "pack"})]
        return [Reader(fragment) for pack in packs for fragment in unpack(pack)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What a short verify leaves: exact, sampled and inapplicable rows."""
    out = tmp_path_factory.mktemp("a <b> & 'c'")
    quick = ["--problem", "quadratic", "--rank", "1", "--side", "left", "--runs", "32", "--steps", "8"]
    assert main(["verify", *quick, "--sketch", "haar", "gaussian", "frozen", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def rows(folder):
    return results.load(folder / results.FILE)


@pytest.fixture(scope="module")
def seen(folder):
    return Reader((folder / report.FILE).read_text(encoding="utf-8"))


def test_every_row_is_there_with_its_verdict_and_its_command(folder, rows, seen):
    """A row left out, or a command whose path is not quoted: this folder's name has spaces and quotes."""
    cells = {attributes["id"]: text for attributes, text in seen.all("tr") if "id" in attributes}
    opened = seen.opened()
    commands = [shlex.split(text) for one in opened for _, text in one.all("code", **{"class": "command"})]
    assert not any(one.open for one in (seen, *opened))
    assert len(rows) == 12
    for row, about in zip(rows, opened, strict=True):
        evidence = row.evidence if row.evidence != "none" else ""
        for word in (row.claim, row.problem, row.sketch, row.status, evidence, numbers.reach(row)):
            assert word in cells[f"case-{row.number}"]
        assert row.reason in about.text
    where = str(folder / results.FILE)
    assert commands == [["python", "-m", "rac_theory", "repeat", where, str(row.number)] for row in rows]


def test_the_ledger_tells_each_claim(rows, seen):
    """Counts taken from other rows than the claim's, a statement that is not typeset."""
    tables = [text for attributes, text in seen.all("table") if attributes.get("class") == "claims"]
    for claim in claims(rows):
        assert claim.theorem is theorems.ALL[claim.id]
        assert sum(claim.counts.values()) == len(claim.rows)
        assert claim.id in tables[0 if claim.rows else 1]
        assert all(row.slack["value"] >= claim.closest.slack["value"] for row in claim.rows if row.slack)
    assert len(list(seen.all("math"))) >= sum(len(theorem.formulas) for theorem in theorems.ALL.values())


def test_filters_find_what_they_ask_for(rows, seen):
    """Data attributes that do not match the options make a filter show nothing."""
    marked = [attributes for attributes, _ in seen.all("tbody") if attributes.get("class") == "case"]
    assert len(marked) == len(rows)
    for name in ("claim", "problem", "sketch"):
        assert {one[f"data-{name}"] for one in marked} <= {text for _, text in seen.all("option")}
    boxes = {attributes["value"] for attributes, _ in seen.all("input", name="status")}
    assert {one["data-status"] for one in marked} == boxes == {row.status for row in rows}


def test_nothing_is_loaded_from_elsewhere(seen):
    """An address in the page or in a figure, a style that imports, a policy that lets scripts in."""
    elements = [element for one in (seen, *seen.opened()) for element in one.elements]
    addresses = [value for _, found in elements for name, value in found.items() if name in LOADING]
    assert all(address.startswith(("#", "data:image/")) for address in addresses)
    for address in addresses:
        links = re.findall(r"(?:href=\"|url\()(.)", unquote(address))
        assert set(links) <= {"#"}
        assert set(re.findall(r"https?://([^/\"]*)", unquote(address))) <= {"www.w3.org"}  # names, never loaded
    (style, *_) = (text for _, text in seen.all("style"))
    assert "url(" not in style
    assert "@import" not in style
    (policy,) = (found["content"] for found, _ in seen.all("meta") if "http-equiv" in found)
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert re.search(r"script-src 'sha256-[\w+/=]{44}'$", policy)


def test_words_of_a_user_stay_words(folder, rows):
    """Jinja without autoescape, or a filter that marks a user's word as safe."""
    hostile = replace(
        rows[0],
        claim="<i>T0</i>",
        problem='"><img src=x onerror=alert(1)>',
        sketch=HOSTILE,
        reason="</td></script><b>bold</b> & {{ 7 * 7 }}",
        constants={"L": 1.0, "alpha_spent": 0.0, "provenance": {"L": "<u>mine</u>"}},
        fitted=None,
        number=99,
    )
    seen = Reader(page(folder, [*rows, hostile], []))
    ((mine, _),) = seen.all("tbody", **{"data-sketch": HOSTILE})
    assert mine["data-problem"] == hostile.problem
    ((_, cells),) = seen.all("tr", id="case-99")
    assert HOSTILE in cells
    about = seen.opened()[-1]
    assert hostile.reason in about.text
    assert "<u>mine</u>" in about.text
    assert len(list(seen.all("script"))) == 1
    assert not list(about.all("script"))
    elements = [*seen.elements, *about.elements]
    assert not {"i", "b", "u"} & {tag for tag, _ in elements}
    assert all(not name.startswith("on") for _, found in elements for name in found)


def test_a_figure_has_words_beside_it(rows, seen):
    """An image without words says nothing to a screen reader."""
    drawn = [row for row in rows if row.figure]
    images = [image for one in seen.opened() for image in one.all("img")]
    assert len(images) == len(drawn) == 8
    for row, (found, _) in zip(drawn, images, strict=True):
        assert f"{row.claim} {row.status} on {row.key}" in found["alt"]
        ElementTree.fromstring(unquote(found["src"].partition(",")[2]))


@pytest.mark.long
def test_a_row_takes_little_room(folder, rows):
    """What opens each was most of the page, 22 kilobytes a row. Of many rows, as compression gets better with them."""
    drawn = [row for row in rows if row.figure]
    many = [replace(drawn[i % len(drawn)], number=i) for i in range(500)]
    assert len(page(folder, many, [])) - len(page(folder, many[:100], [])) < 400 * 3_000


def test_every_theorem_that_is_tried_shows_its_proof(seen, rows):
    """Each line opens its own: a number that is off by one would open another's. Others say what prints theirs.

    27 proofs are half a megabyte of MathML, and alike: catches proofs that are not packed as rows are.
    """
    shown = {int(found["data-proof"]): text for found, text in seen.all("details", **{"class": "note proof"})}
    packs = [text for _, text in seen.all("template", **{"class": "proofs"})]
    assert sum(map(len, packs)) < 40_000
    fragments = [Reader(one) for pack in packs for one in unpack(pack)]
    ids = [re.search(r"rac-theory prove (\w+)", shown[number])[1] for number in range(len(fragments))]
    assert sorted(ids) == sorted({row.claim for row in rows})
    told = {
        re.search(r"rac-theory prove (\w+)", text)[1]
        for _, text in seen.all("p", **{"class": "note"})
        if "prove" in text
    }
    assert told == {*STORED} - {*ids}
    for number, id in enumerate(ids):
        proof = prove(id)
        assert shown[number].startswith(f"proof: {proof.summary}")
        assert not fragments[number].open
        assert all(sentence.partition(":")[0] in fragments[number].text for sentence in proof.theorem.assumptions[:1])
        assert [text for _, text in fragments[number].all("th")][-1] == f"({len(Reading(proof).derived)})"


def test_packs_hold_every_fragment_in_its_place():
    """A row that opens what belongs to another; letters that end the element around them."""
    fragments = [f"<p>{i} é & </template></p>" for i in range(2 * packing.ROWS + 1)]
    packs = list(packing.pack(fragments))
    assert [len(unpack(one.text)) for one in packs] == [one.rows for one in packs] == [packing.ROWS, packing.ROWS, 1]
    assert [fragment for one in packs for fragment in unpack(one.text)] == fragments
    assert all(re.fullmatch(r"[\w+/=]+", one.text) for one in packs)
    assert list(packing.pack([])) == []
    long = "x" * (packing.LETTERS // 2)
    assert [one.rows for one in packing.pack([long, long, "y", long + long, "z"])] == [2, 1, 1, 1]


def test_names_may_be_broken_but_are_words():
    """An escaped name with a place to break in it, and no more than that."""
    assert breakable("subsampled_hadamard") == "subsampled_<wbr>hadamard"
    assert breakable("mine:<b>.x_") == "mine:&lt;b&gt;.<wbr>x_"


@pytest.mark.long
def test_rows_that_refute_their_claim_are_named_on_top(folder, rows):
    """A refutation that only the table shows; one that may be chance, told as certain."""
    exact = next(row for row in rows if row.evidence == "exact")
    refuted = replace(exact, status="VIOLATED", number=50)
    seen = Reader(page(folder, [*rows, refuted], []))
    ((_, lead),) = seen.all("p", **{"class": "lead"})
    assert "1 refutes its claim (case 50)." in lead
    # exp(7) passes 1/alpha = 1000 but not 2000
    chance = [replace(refuted, evidence="sampled", log_evidence=7.0, number=number) for number in range(2)]
    ((_, lead),) = Reader(page(folder, chance, [])).all("p", **{"class": "lead"})
    assert "2 cases of 1 claim: none refutes its claim. 2 more pass alpha but not alpha / 2" in lead


@pytest.mark.long
def test_files_that_others_name_are_on_the_disk_before_them(many, monkeypatch):
    """A power cut leaves no page whose rows are nowhere. Catches rows, or a gallery, that are not waited for."""
    waited = []
    monkeypatch.setattr("os.fsync", waited.append)
    gallery.keep(many, gallery.Shown.of(C6.verdict(), "none.svg"))
    assert len(waited) == 1
    assert main(["report", "--out", str(many)]) == 0
    assert len(waited) == 1 + len(linked(many)[1]) + 1  # and the summary


def test_counterexamples_are_kept_and_shown(tmp_path, capsys):
    """A second answer must not wipe out the first; without any row the page has the gallery alone."""
    shown = gallery.Shown.of(C6.verdict(), "none.svg")
    gallery.keep(tmp_path, replace(shown, id="C0", name=HOSTILE))
    gallery.keep(tmp_path, shown)
    gallery.keep(tmp_path, shown)
    assert [one.id for one in gallery.load(tmp_path)] == ["C0", "C6"]
    assert main(["report", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / report.FILE)
    seen = Reader((tmp_path / report.FILE).read_text(encoding="utf-8"))
    both = [text for found, text in seen.all("details") if found.get("class") == "counterexample"]
    assert HOSTILE in both[0]
    assert all(check.sentence in both[1] for check in shown.checks)
    assert len(list(seen.all("script"))) == 1


def test_a_folder_without_results_is_bad_input(tmp_path, capsys):
    assert main(["report", "--out", str(tmp_path)]) == 2
    assert "results must be a file written by verify" in capsys.readouterr().err
    (tmp_path / gallery.FILE).write_text("half of")
    assert main(["report", "--out", str(tmp_path)]) == 2
    assert "counterexamples.json must be a file written by counterexamples" in capsys.readouterr().err
    assert not (tmp_path / report.FILE).exists()


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_contrast_of_every_colour_of_words(seen):
    """WCAG 2.2, 1.4.3: at least 4.5 to 1, light and dark, on each background that words stand on."""
    (style, *_) = (text for _, text in seen.all("style"))
    light, dark = (dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", style))
    assert light.keys() == dark.keys()
    for colours in (light, dark):
        for background in ("page", "panel", "hover"):
            for ink in light.keys() - {"page", "panel", "hover", "line"}:
                pair = sorted((luminance(colours[ink]), luminance(colours[background])))
                assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (ink, background)


def test_rows_of_another_time_can_be_shown(folder):
    """A results.json on which JSON has turned infinities into null."""
    content = json.loads((folder / results.FILE).read_text())
    for row in content["rows"]:
        row["slack"] = {"t": 1, "low": None, "value": None, "high": None}
        row["figure"] = None
    (folder / "other").mkdir()
    (folder / "other" / results.FILE).write_text(json.dumps(content))
    assert report.write(folder / "other").exists()


def hostile_figures(folder):
    """Names that lead elsewhere or to what is no figure, each with what is said of it."""
    figures = folder / "figures"
    secret = folder / "secret.svg"
    secret.write_text("<svg>secret</svg>")
    (figures / "link.svg").symlink_to(secret)
    os.link(secret, figures / "hard.svg")
    os.mkfifo(figures / "pipe.svg")
    (figures / "endless.svg").symlink_to("/dev/zero")
    (figures / "folder.svg").mkdir()
    (figures / "large.svg").write_bytes(b"<svg>" + b"x" * shown.LARGEST)
    (figures / "words.svg").write_text("root:x:0:0: secret")
    (figures / "words.png").write_text("secret")
    return {
        "link.svg": "it is a link",
        "hard.svg": "the file has another name too",
        "pipe.svg": "it is no regular file",
        "endless.svg": "it is a link",
        "folder.svg": "Is a directory|it is no regular file",
        "large.svg": "it has more than 1,000,000 bytes",
        "words.svg": "it is neither SVG nor PNG",
        "words.png": "it is neither SVG nor PNG",
        "../secret.svg": "it is not in the folder of figures",
        str(secret): "it is not in the folder of figures",
        "..": "it is not in the folder of figures|Is a directory|no regular file|neither",
        "none.svg": "No such file",
    }


@pytest.mark.long
def test_only_figures_of_the_folder_are_in_the_page(tmp_path, rows):
    """Text of any file was in the page by a link, a pipe was waited for, and 50 MB were read."""
    (tmp_path / "figures").mkdir()
    expected = hostile_figures(tmp_path)
    svg = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'
    good = {"good.svg": svg, "largest.svg": svg.ljust(shown.LARGEST), "good.png": "\x89PNG\r\n\x1a\n"}
    for name, content in good.items():
        (tmp_path / "figures" / name).write_bytes(content.encode("latin-1"))
    named = [replace(rows[0], number=i, figure=name) for i, name in enumerate([*expected, *good], 1)]
    opened = Reader(page(tmp_path, named, [])).opened()
    refused, accepted = opened[: len(expected)], opened[len(expected) :]
    assert [len(list(one.all("img"))) for one in accepted] == [1] * len(good)
    for about, (name, why) in zip(refused, expected.items(), strict=True):
        assert not list(about.all("img"))
        assert "secret<" not in unquote(str(about.elements)) + about.text
        said = [text for _, text in about.all("p", **{"class": "note"})]
        assert re.search(f"The figure '{re.escape(name)}' is not shown: .*({why})", said[0]), name
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "figures").symlink_to(tmp_path / "figures")  # and a folder that is one
    (about,) = Reader(page(tmp_path / "other", [replace(rows[0], figure="good.svg")], [])).opened()
    assert not list(about.all("img"))


@pytest.fixture
def many(tmp_path, rows, monkeypatch):
    """A folder of 130 rows, of which a page holds 60."""
    monkeypatch.setattr(page_module, "ROWS", 60)
    (tmp_path / "report-7-0123abcd.html").write_text("of an older report")
    (tmp_path / "report-mine.html").write_text("mine")
    some = [replace(rows[i % len(rows)], number=i + 1, seed=i, figure=None) for i in range(130)]
    results.save(tmp_path, some)
    return tmp_path


def linked(folder):
    """The summary, and the files that it names, in their order."""
    seen = Reader((folder / report.FILE).read_text(encoding="utf-8"))
    names = [found["href"] for found, _ in seen.all("a") if found.get("href", "#").startswith("report-")]
    return seen, [*dict.fromkeys(name.partition("#")[0] for name in names if "#" not in name)]


@pytest.mark.long
def test_many_rows_are_in_files_beside_a_summary(many):
    """A row that is in none or in two, a file that needs another, a stale one, a link that leads nowhere."""
    report.write(many)
    seen, names = linked(many)
    assert {path.name for path in many.glob("report-*.html")} == {*names, "report-mine.html"}
    assert not list(seen.all("tbody", **{"class": "case"}))
    ((_, lead),) = seen.all("p", **{"class": "lead"})
    assert lead.startswith("130 cases of 4 claims: none refutes its claim.")
    numbers_found = []
    for name in names:
        part = Reader((many / name).read_text(encoding="utf-8"))
        found = [found["id"] for found, _ in part.all("tr") if found.get("id", "").startswith("case-")]
        numbers_found += [int(one.removeprefix("case-")) for one in found]
        assert 0 < len(found) <= 60
        assert len(part.opened()) == len(found)
        assert [*part.all("a", href=report.FILE)]
        assert len(list(part.all("script"))) == 1
    assert numbers_found == [*range(1, 131)]
    for found, _ in seen.all("a"):
        if found["href"].startswith("report-"):
            file, _, anchor = found["href"].partition("#")
            assert not anchor or f'id="{anchor}"' in (many / file).read_text(encoding="utf-8")


@pytest.mark.long
def test_a_report_that_is_cut_off_leaves_the_old_one_with_all_its_files(many, rows, monkeypatch):
    """Files that are replaced or removed before the page is: its links would lead nowhere."""
    report.write(many)
    before = {path.name: path.read_bytes() for path in many.glob("report*.html")}
    results.save(many, [replace(rows[i % len(rows)], number=i + 1, seed=7, figure=None) for i in range(130)])
    whole = page_module.write_whole
    for last in range(1, 4):
        left = iter(range(last))

        def ends(path, content, left=left, **rest):
            if next(left, None) is None:
                raise KeyboardInterrupt
            return whole(path, content, **rest)

        monkeypatch.setattr(page_module, "write_whole", ends)
        with pytest.raises(KeyboardInterrupt):
            report.write(many)
        assert {path.name: path.read_bytes() for path in many.glob("report*.html")} == before
    monkeypatch.setattr(page_module, "write_whole", whole)
    report.write(many)
    _, names = linked(many)
    assert {path.name for path in many.glob("report-*.html")} == {*names, "report-mine.html"}
    assert not {*names} & before.keys()
    results.save(many, [replace(rows[0], figure=None)])  # few again: one page
    report.write(many)
    assert {path.name for path in many.glob("report*.html")} == {"report.html", "report-mine.html"}


@pytest.mark.long
def test_a_file_of_rows_has_a_size(tmp_path, rows, monkeypatch):
    """Rows that are long are in more files."""
    monkeypatch.setattr(page_module, "BYTES", 100_000)
    monkeypatch.setattr(page_module, "_ROOM", 100_000)
    noise = np.random.default_rng(0).bytes(15_000).hex()
    some = [replace(rows[0], number=i + 1, figure=None, reason=noise[i:]) for i in range(60)]
    monkeypatch.setattr(packing, "ROWS", 2)
    results.save(tmp_path, some)
    report.write(tmp_path)
    _, names = linked(tmp_path)
    assert len(names) > 5
    fixed = len(page(tmp_path, some[:1], [])) + 20_000
    assert all((tmp_path / name).stat().st_size < 100_000 + fixed for name in names)


def test_the_least_slack_is_the_one_that_verify_prints(rows, seen):
    """The page told the middle of an interval, the terminal its lower end: 17.9 and 3.16 of one run."""
    for claim in claims(rows):
        if claim.rows:
            printed = next(iter(summary_tables(claim.rows, 1000))).columns[2]._cells[0]
            assert re.search(r" (\S+?)(\[/\])?$", printed)[1] == claim.least_slack
            links = [text for found, text in seen.all("a", title=f"case {claim.closest.number}")]
            assert claim.least_slack in links
    sampled = [
        replace(rows[0], number=i, status=status, slack={"t": 1, "low": low, "value": 17.9, "high": None})
        for i, (status, low) in enumerate([("HOLDS", 3.169), ("HOLDS", 4.0), ("CONSISTENT", 1.0)], 1)
    ]
    (mine,) = (claim for claim in claims(sampled) if claim.rows)
    assert (mine.closest.number, mine.least_slack) == (1, "3.16")
    assert len([*Reader(page(Path("nowhere"), sampled, [])).all("a", title="case 1")]) == 1
