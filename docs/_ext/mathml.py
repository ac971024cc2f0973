"""LaTeX as MathML, for pages that are read without a network: latex2mathml converts, and rules mend it on both sides.

The rules before it are of the source, below; those after it, of the elements, are in ``mended``.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element
from mended import BARS, CLOSE, OPEN, SIGNS, NotTypeset, mend, operator_of

_CUTS = ((20, "=≤≥<>≠≈∈∼→≻⪰⪯≪≫↦⟺", 0), (20, SIGNS, 0), (24, SIGNS, 1))
"""Where a line may end in a formula of more than so many letters: before what, and in how many brackets."""
_NAME = 4  # letters: a shorter part stays with what follows
_KNOWN = {"split", "align*", "cases", "matrix", "pmatrix", "bmatrix", "vmatrix", "array"}
_BEFORE = (
    (r"\\begin\{(?:aligned|align)\}", r"\\begin{align*}", "the converter knows one of the three"),
    (r"\\end\{(?:aligned|align)\}", r"\\end{align*}", "the same"),
    (r"\\begin\{equation\*?\}|\\end\{equation\*?\}", "", "a display is one already"),
    (r"\\\\\s*\[[^]]*\]", r"\\\\ ", "the space between lines would be printed; formulas.css has it"),
    (r"\\\n", r"\\ ", "a backslash at the end of a line is a space"),
    (r"(\\[bB]igg?[lr]?)\s*\\[lr]?Vert\b", r"\1‖", "after a size the converter reads one character"),
    (r"(\\[bB]igg?[lr]?)\s*\\langle\b", r"\1⟨", "the same"),
    (r"(\\[bB]igg?[lr]?)\s*\\rangle\b", r"\1⟩", "the same"),
    (r"(\\[bB]igg?[lr]?)\s*\\([{}])", r"\1\\lrbrace\2", "the same"),
    (r"\\lrbrace\{", "❴", "put back after the conversion"),
    (r"\\lrbrace\}", "❵", "the same"),
    (r"(?<=\w)\\_(?=\w)", "_", "in a word the converter leaves the backslash"),
    (r"\\mathrm\{(\w*_\w*)\}", r"\\text{\1}", "a name of the code: its underscore is no index"),
    (r"\\mathrm\{([A-Za-z0-9]+)\}", r"\\operatorname{\1}", "an upright word would be letters, and a letter slanted"),
)


def tag(latex: str) -> tuple[str, str]:
    r"""Return a formula without its ``\tag{...}``, and what stands in that, empty if it has none."""
    found = re.findall(r"\\tag\{([^}]*)\}", latex)
    if len(found) > 1:
        raise NotTypeset(f"a display has one number, not {found}: {latex}")
    return re.sub(r"\\tag\{[^}]*\}", "", latex).strip(), "".join(found)


def display(latex: str) -> str:
    """Return a ``<math>`` element for a formula on lines of its own."""
    outside = re.sub(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", "", latex, flags=re.DOTALL)
    if r"\\" in outside or "&" in outside:
        latex = rf"\begin{{split}}{latex}\end{{split}}"
    return _written([_row(latex)], display="block")[0]


def inline(latex: str) -> list[str]:
    """Return ``<math>`` elements for a formula in a sentence, one, or several between which a line may end."""
    row = _row(latex)
    style = row[0] if len(row) == 1 and row[0].tag == "mstyle" else row
    attributes = {"displaystyle": style.get("displaystyle", "false")} if style is not row else {}
    return _written(_pieces(list(style)), **attributes)


def words(latex: str) -> str:
    """Return a formula as text in a line, for a title of a window or of what a search found."""
    return _said(_row(latex))


def _said(element: Element) -> str:
    parts = [_said(each) for each in element]
    signs = {"msub": "_", "munder": "_", "msup": "^", "mover": "^", "mfrac": "/"}
    return (element.text or "") + signs.get(element.tag, "").join(parts)


def _row(latex: str) -> Element:
    """Return the elements of a formula, mended."""
    source = latex.strip()
    for pattern, new, _ in _BEFORE:
        source = re.sub(pattern, new, source)
    if unknown := set(re.findall(r"\\begin\{(\w+\*?)\}", source)) - _KNOWN:
        raise NotTypeset(f"no rule for the environment {', '.join(unknown)}: {latex}")
    try:
        row = convert_to_element(source)[0]
    except Exception as error:
        raise NotTypeset(f"not understood, {error!r}: {latex}") from error
    if unsafe := {name for each in row.iter() for name in each.attrib} & {"href", "style", "class", "id"}:
        raise NotTypeset(f"no rule for {', '.join(sorted(unsafe))}, which is no mathematics: {latex}")
    mend(row)
    if left := [text for text in row.itertext() if "\\" in text or text == "&"]:
        raise NotTypeset(f"no rule for {' '.join(left)}: {latex}")
    return row


def _written(rows: Iterable[Iterable[Element]], **attributes: str) -> list[str]:
    every = []
    for row in rows:
        math = Element("math", attributes)
        math.extend(row)
        every.append(tostring(math, encoding="unicode"))
    return every


def _pieces(children: list[Element], cuts: Sequence[tuple[int, str, int]] = _CUTS) -> list[list[Element]]:
    """The parts of a long formula between which a line may end; none ends between a short name and what it is."""
    if not cuts or _width(children) <= cuts[0][0]:
        return [children]
    return [piece for part in _cut(children, *cuts[0][1:]) for piece in _pieces(part, cuts[1:])]


def _cut(children: Iterable[Element], before: str, inside: int) -> Iterator[list[Element]]:
    """Yield parts that end behind a comma, or before one of some operators, and these in so many brackets at most."""
    part: list[Element] = []
    depth = bars = 0
    for child in children:
        core = operator_of(child)
        text = (core.text or "") if core is not None else ""
        is_open = depth + bars % 2 > inside
        is_cut = text and text in before and not is_open and core is child and child.get("form") != "prefix"
        if is_cut and _width(part) >= _NAME:
            yield part
            part = []
            child.set("form", "infix")
        part.append(child)
        if text:
            bars += text in BARS
            depth += (text in OPEN) - (text in CLOSE)
        if text == "," and not is_open:
            yield part
            part = []
    if part:
        yield part


def _width(every: Iterable[Element]) -> int:
    """The letters of elements, side by side: of a fraction those of its wider half."""
    return sum(
        max(map(_width, ([half] for half in each)), default=0)
        if each.tag in ("mfrac", "mtable")
        else len(each.text or "") + _width(each)
        for each in every
    )
