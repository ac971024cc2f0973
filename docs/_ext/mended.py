"""Rules that mend the elements that latex2mathml makes; each says why it is there.

What browsers draw is MathML Core, which knows less than MathML 3: no sides of columns, no bold, no numbers.
"""

import html
import re
import unicodedata
from xml.etree.ElementTree import Element

OPEN, CLOSE, BARS = "([{⟨⌈⌊", ")]}⟩⌉⌋", "|‖∥"
SIGNS = "+-−±∓"

_THIN, _NONE = "0.1667em", "0"
_BRACES = str.maketrans("❴❵", "{}")
_MEAN = "E"  # the one upright letter that is an operator
_UPRIGHT = set("ΓΔΘΛΞΠΣΦΨΩ∞∂◻")
_LARGE = re.compile(r"[∑∏⋃⋂⨂⨁]|max|min|sup|inf|lim(?:\s(?:sup|inf))?|Pr|det|arg\s(?:max|min)")
_SCRIPTS = ("msub", "msup", "msubsup", "mover", "munder", "munderover")
_UNDER = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
_BOLD = {"bold": "MATHEMATICAL BOLD", "italic": "MATHEMATICAL ITALIC", "bold-italic": "MATHEMATICAL BOLD ITALIC"}


class NotTypeset(ValueError):
    """A construct that no rule covers."""


def mend(row: Element) -> None:
    """Apply every rule to the elements of a formula."""
    for rule in (_characters, _flat, _names, _limits, _fences, _powers, _columns, _spaces, _small):
        rule(row)


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
        elif re.fullmatch(r"[A-Za-z]{2}[\w \u2009\u2006]*|[⟨⟩⌈⌉⌊⌋]", text) and each.tag == "mi":
            each.tag = "mo"
        elif each.tag == "mi" and text in _UPRIGHT:
            each.set("mathvariant", "normal")
        elif text == "…":
            each.tag = "mi"


def _limits(row: Element) -> None:
    """What stands at a sum or a maximum stands below it in a display, as the browser decides."""
    for each in row.iter():
        if each.tag in _UNDER and each[0].tag == "mo" and _LARGE.fullmatch(each[0].text or ""):
            each.tag = _UNDER[each.tag]
            each[0].set("movablelimits", "true")


def _fences(row: Element) -> None:
    r"""Brackets and bars grow where the source says so, with \left or \big, and have no space around them."""
    for each in row.iter("mo"):
        text = each.text or ""
        if text and text in OPEN + CLOSE + BARS:
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
    return bool(element[0].text) and (element[0].text in CLOSE + BARS)


def _partner(opening: Element, closing: Element) -> bool:
    pairs = dict(zip(CLOSE + BARS, OPEN + BARS, strict=True))
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
            core = operator_of(child)
            text = core.text or "" if core is not None else ""
            after = operator_of(children[place + 1]) if place + 1 < len(children) else None
            ends = _ends(before, bars)
            if core is not None and text in BARS and text:
                bars += 1
            elif core is not None and text and text in SIGNS and not ends:
                core.attrib.update(form="prefix", lspace=_NONE, rspace=_NONE)
            elif core is not None and _is_word(core):
                no_space = place + 1 == len(children) or (after is not None and not _is_word(after))
                core.attrib.update(lspace=_THIN if ends else _NONE, rspace=_NONE if no_space else _THIN)
            before = child


def operator_of(element: Element) -> Element | None:
    """The operator that an element is, with or without scripts."""
    while element.tag in _SCRIPTS and len(element):
        element = element[0]
    return element if element.tag == "mo" else None


def _is_word(operator: Element) -> bool:
    return operator.text == _MEAN or re.match(r"[A-Za-z]{2}", operator.text or "") is not None


def _ends(before: Element | None, bars: int) -> bool:
    """Whether a value ends here: after all but an operator that is no closing bracket."""
    core = None if before is None else operator_of(before)
    text = "" if core is None else core.text or ""
    closing = text in CLOSE + "!⊤⋆′…∞" or (text in BARS and bars % 2 == 0)
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
