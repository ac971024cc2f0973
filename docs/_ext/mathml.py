"""LaTeX as MathML, for pages that are read without a network: latex2mathml converts, and rules before and after it mend.

The rules before it are of the source (``_BEFORE``), those after it of the elements (``_AFTER``); each says why it is there.
What browsers draw is MathML Core, which knows less than MathML 3: no alignment, no bold, no numbers of equations.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element

LONG = 20  # letters of a formula in a sentence that is one piece; a longer one may end a line at a relation

_THIN, _NONE = "0.1667em", "0"
_KNOWN = {"split", "align*", "cases", "matrix", "pmatrix", "bmatrix", "vmatrix", "array"}
_BEFORE = (
    (r"\\begin\{(?:aligned|align)\}", r"\\begin{align*}", "the converter knows one of the three"),
    (r"\\end\{(?:aligned|align)\}", r"\\end{align*}", "the same"),
    (r"\\begin\{equation\*?\}|\\end\{equation\*?\}", "", "a display is one already"),
    (r"\\\\\s*\[[^]]*\]", r"\\\\ ", "the space between lines would be printed; pages.css has it"),
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
_BRACES = str.maketrans("❴❵", "{}")
_OPEN, _CLOSE, _BARS = "([{⟨⌈⌊", ")]}⟩⌉⌋", "|‖∥"
_MEAN = "E"  # the one upright letter that is an operator
_UPRIGHT = set("ΓΔΘΛΞΠΣΦΨΩ∞∂◻")
_SIGNS = "+-−±∓"
_LARGE = {"∑", "∏", "⋃", "⋂", "⨂", "⨁", "max", "min", "sup", "inf", "lim", "Pr", "det", "lim sup", "lim inf", "arg max", "arg min"}
_SCRIPTS = ("msub", "msup", "msubsup", "mover", "munder", "munderover")
_UNDER = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
_BOLD = {"bold": "MATHEMATICAL BOLD", "italic": "MATHEMATICAL ITALIC", "bold-italic": "MATHEMATICAL BOLD ITALIC"}


class NotTypeset(ValueError):
    """A construct that no rule covers."""


def tag(latex: str) -> tuple[str, str]:
    r"""Return a formula without its ``\tag{...}``, and what stands in that, empty if it has none."""
    found = re.findall(r"\\tag\{([^}]*)\}", latex)
    if len(found) > 1:
        raise NotTypeset(f"a display has one number, not {found}: {latex}")
    return re.sub(r"\\tag\{[^}]*\}", "", latex).strip(), "".join(found)


def display(latex: str) -> str:
    """Return a ``<math>`` element for a formula on lines of its own."""
    if r"\\" in re.sub(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", "", latex, flags=re.DOTALL):
        latex = rf"\begin{{split}}{latex}\end{{split}}"
    return _written([_row(latex)], display="block")[0]


def inline(latex: str) -> list[str]:
    """Return ``<math>`` elements for a formula in a sentence, one, or several between which a line may end."""
    row = _row(latex)
    style = row[0] if len(row) == 1 and row[0].tag == "mstyle" else row
    attributes = {"displaystyle": style.get("displaystyle", "false")} if style is not row else {}
    return _written(_pieces(list(style)), **attributes)


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
    for rule in _AFTER:
        rule(row)
    if left := [text for text in row.itertext() if "\\" in text]:
        raise NotTypeset(f"no rule for {' '.join(left)}: {latex}")
    return row


def _written(rows: Iterable[Iterable[Element]], **attributes: str) -> list[str]:
    every = []
    for row in rows:
        math = Element("math", attributes)
        math.extend(row)
        every.append(tostring(math, encoding="unicode"))
    return every


def _characters(row: Element) -> None:
    """Entities are text, that is written as text is; a bold or slanted letter is a character of its own."""
    for each in row.iter():
        text = html.unescape(each.text or "").translate(_BRACES)
        if (style := _BOLD.get(each.get("mathvariant", ""))) is not None:
            del each.attrib["mathvariant"]
            text = "".join(_styled(letter, style) for letter in text)
        each.text = text or None


def _styled(letter: str, style: str) -> str:
    kind = "DIGIT" if letter.isdigit() else "CAPITAL" if letter.isupper() else "SMALL"
    name = unicodedata.name(letter).rpartition(" ")[2]
    try:
        return unicodedata.lookup(f"{style} {kind} {name}")
    except KeyError:
        return letter


def _flat(row: Element) -> None:
    """A group of one is that one; a comma that stood in braces is part of a number, without space."""
    for parent in list(row.iter()):
        for place, child in enumerate(parent):
            while child.tag == "mrow" and len(child) == 1 and not child.attrib:
                child = parent[place] = child[0]
                if child.tag == "mo":
                    child.attrib.update(lspace=_NONE, rspace=_NONE)
        for empty in [child for child in parent if child.tag == "mi" and not child.text]:
            parent.remove(empty)


def _names(row: Element) -> None:
    """An upright word is an operator, to which space belongs; an upright letter is a letter, as Greek capitals are."""
    for each in list(row.iter()):
        text = each.text or ""
        if each.tag == "mo" and len(text) == 1 and text.isalpha() and text != _MEAN:
            each.tag = "mi"
            each.attrib = {"mathvariant": "normal"}
        elif each.tag in ("mi", "mo") and re.fullmatch(r"[A-Za-z]{2}[\w \u2009\u2006]*", text):
            each.tag = "mo"
        elif each.tag == "mi" and text and text in _OPEN + _CLOSE:
            each.tag = "mo"
        elif each.tag == "mi" and text in _UPRIGHT:
            each.set("mathvariant", "normal")
        elif text == "…":
            each.tag = "mi"


def _limits(row: Element) -> None:
    """What stands at a sum or a maximum stands below it in a display, as the browser decides."""
    for each in row.iter():
        if each.tag in _UNDER and each[0].tag == "mo" and _said(each[0]) in _LARGE:
            each.tag = _UNDER[each.tag]
            each[0].set("movablelimits", "true")


def _said(operator: Element) -> str:
    return re.sub(r"\s", " ", operator.text or "")


def _fences(row: Element) -> None:
    r"""Brackets and bars grow where the source says so, with \left or \big, and have no space around them."""
    for each in row.iter("mo"):
        text = each.text or ""
        if text and text in _OPEN + _CLOSE + _BARS:
            sized = "minsize" in each.attrib
            each.set("stretchy", "true" if sized else each.get("stretchy", "false"))
            each.set("symmetric", "true")
            each.attrib.update(lspace=_NONE, rspace=_NONE)
        elif text == "/":
            each.attrib.update(lspace=_NONE, rspace=_NONE)


def _powers(row: Element) -> None:
    """What is raised is the bracket as a whole: a closing one that has a script of its own does not grow."""
    for parent in list(row.iter()):
        while (place := next((i for i, child in enumerate(parent) if _is_raised(child)), None)) is not None:
            raised = parent[place]
            before = [i for i, child in enumerate(parent[:place]) if _partner(child, raised[0])]
            if not before:
                raise NotTypeset(f"a {raised[0].text} of that size opens nothing")
            group = Element("mrow")
            group.extend([*parent[before[-1] : place], raised[0]])
            raised[0] = group
            del parent[before[-1] : place]


def _is_raised(element: Element) -> bool:
    """Whether it is a closing bracket that grows, with a script."""
    if element.tag not in _SCRIPTS or element[0].tag != "mo" or element[0].get("stretchy") != "true":
        return False
    return bool(element[0].text) and (element[0].text in _CLOSE + _BARS)


def _partner(opening: Element, closing: Element) -> bool:
    pairs = dict(zip(_CLOSE + _BARS, _OPEN + _BARS, strict=True))
    sized = all(opening.get(name) == closing.get(name) for name in ("stretchy", "minsize"))
    return opening.tag == "mo" and opening.text == pairs[closing.text or ""] and sized


def _small(row: Element) -> None:
    """In a script there is no space around operators, as in LaTeX."""
    for each in row.iter():
        for script in each[1:] if each.tag in _SCRIPTS else ():
            for operator in script.iter("mo"):
                if operator.text != ",":
                    operator.attrib.update(lspace=_NONE, rspace=_NONE)


def _spaces(row: Element) -> None:
    """A sign after an operator is no difference; a word has a thin space on the sides on which no bracket is."""
    for parent in [each for each in row.iter() if each.tag not in _SCRIPTS]:
        before: Element | None = None
        bars = 0
        children = [child for child in parent if child.tag != "mspace"]
        for place, child in enumerate(children):
            core = _core(child)
            text = core.text or "" if core is not None else ""
            after = _core(children[place + 1]) if place + 1 < len(children) else None
            ends = _ends(before, bars)
            if core is not None and text in _BARS and text:
                bars += 1
            elif core is not None and text and text in _SIGNS and not ends:
                core.attrib.update(form="prefix", lspace=_NONE, rspace=_NONE)
            elif core is not None and _is_word(core):
                no_space = place + 1 == len(children) or (after is not None and not _is_word(after))
                core.attrib.update(lspace=_THIN if ends else _NONE, rspace=_NONE if no_space else _THIN)
            before = child


def _core(element: Element) -> Element | None:
    """The operator that an element is, with or without scripts."""
    while element.tag in _SCRIPTS and len(element):
        element = element[0]
    return element if element.tag == "mo" else None


def _is_word(operator: Element) -> bool:
    return operator.text == _MEAN or re.match(r"[A-Za-z]{2}", operator.text or "") is not None


def _ends(before: Element | None, bars: int) -> bool:
    """Whether a value ends here: after all but an operator that is no closing bracket."""
    core = None if before is None else _core(before)
    text = "" if core is None else core.text or ""
    closing = text in _CLOSE + "!⊤⋆′…∞" or (text in _BARS and bars % 2 == 0)
    return before is not None and (core is None or closing)


def _columns(row: Element) -> None:
    """Sides of columns are classes, which pages.css knows."""
    for table in row.iter("mtable"):
        if "columnspacing" in table.attrib:
            table.set("class", "equations")
        for name in ("rowspacing", "columnspacing"):
            table.attrib.pop(name, None)
        for cell in table.iter("mtd"):
            if (side := cell.attrib.pop("columnalign", "center")) != "center":
                cell.set("class", side)


def _cut(children: Iterable[Element], before: str, least: int = 1) -> Iterator[list[Element]]:
    """Yield parts that end behind a comma, or before one of some operators; of these none is in a bracket."""
    part: list[Element] = []
    depth = bars = 0
    for child in children:
        core = _core(child)
        text = (core.text or "") if core is not None else ""
        is_open = depth > 0 or bars % 2 == 1
        if text and text in before and not is_open and core is child and child.get("form") != "prefix":
            if _width(part) >= least:
                yield part
                part = []
                child.set("form", "infix")
        part.append(child)
        if text:
            bars += text in _BARS
            depth += (text in _OPEN) - (text in _CLOSE)
        if text == "," and not is_open:
            yield part
            part = []
    if part:
        yield part


def _pieces(children: list[Element]) -> list[list[Element]]:
    """The parts of a long formula between which a line may end: at relations, and if these are long at signs.

    No line ends between a short name and what it is.
    """
    if _width(children) <= LONG:
        return [children]
    parts = _cut(children, "=≤≥<>≠≈∈∼→≻⪰⪯≪≫↦⟺", least=4)
    return [piece for part in parts for piece in ([part] if _width(part) <= LONG else _cut(part, _SIGNS, least=4))]


def _width(every: Iterable[Element]) -> int:
    """The letters of elements, side by side: of a fraction those of its wider half."""
    return sum(
        max(map(_width, ([half] for half in each)), default=0)
        if each.tag in ("mfrac", "mtable")
        else len(each.text or "") + _width(each)
        for each in every
    )


_AFTER = (_characters, _flat, _names, _limits, _fences, _powers, _columns, _spaces, _small)
