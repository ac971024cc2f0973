"""How words become formulas: those that stand for symbols are set as symbols, nothing else changes."""

import re
from collections.abc import Iterator

_LATEX = {
    r"\b(lambda|L)_(min|max)\b": r"\1_{\\\2}",
    r"\blora_alpha\b": r"\\mathrm{lora\\_alpha}",
    r"\b(lambda|gamma|mu|nu|beta|rho|eta|sigma|zeta|tau|Gamma)(?![a-z])": r"\\\1",
    r"\bmax\{(.*?)\}(?=\))": r"\\max\\{\1\\}",
    r"\bsqrt\(([^()]*)\)": r"\\sqrt{\1}",
    r" \+ \.\.\. \+ ": r" + \\dots + ",
    r", (?=\\?[a-zA-Z_]+ = )": r", \\quad ",
    r", with (.*) where (.*)": r", \\quad \\text{with \1 where } \2",
    r"\bgrad\b": r"\\nabla",
    r"\bsum_": r"\\sum_",
    r"\^-1\b": r"^{-1}",
    r"\+-": r"\\pm ",
    r"([fW])\*": r"\1^\\star",
    r"<(\w+), ([^<>=]*)>": r"\\langle \1, \2 \\rangle",
    r"<=": r"\\le",
    r">=": r"\\ge",
    r"\|\|": r"\\|",
    r"\bE(?=[\[\\])": r"\\mathrm{E}",
}

_BREAK = re.compile(r"[({]|[)}]| (?=\\le )| (?=\+ (?!\\dots))|, \\quad ")
_FORMULA = re.compile(
    r"[<>=^|_*\[]|\+-|^\(?(\d|\w/)|\bf\(|^\(?[A-Zb-z]'*\)*$|\)\(|\bH\(|^(grad|lambda|gamma|mu|nu|beta|rho|eta|sigma|zeta|tau|Gamma)$"
)
_WORD = re.compile(r"A$|T\d+[a-z]?_")  # an article, and the ids of theorems


def latex(statement: str) -> str:
    """Typeset a statement."""
    for words, symbol in _LATEX.items():
        statement = re.sub(words, symbol, statement)
    return statement


def pieces(statement: str) -> list[str]:
    """Typeset a statement as formulas between which a line may end: at its relation, sums of terms and definitions."""
    formula, found, depth, start = latex(statement), [], 0, 0
    for match in _BREAK.finditer(formula):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(match.group(), 0)
        if depth == 0 and match.group()[0] in " ,":
            found.append(formula[start : match.start()] + match.group()[:1].strip())
            start = match.end()
    return [piece if piece[0] not in "\\+" else "{} " + piece for piece in (*found, formula[start:])]


def parts(words: str) -> Iterator[tuple[bool, str]]:
    """Yield the parts of a sentence, each with whether it is a formula, which is then LaTeX."""
    split = re.findall(r"(\S+?)([,.;:]?)(\s|$)", words)
    is_formula = [bool(_FORMULA.search(word)) and not _WORD.match(word) for word, _, _ in split]
    for i in range(1, len(split) - 1):
        is_formula[i] |= split[i][0] in ("A", "+", "-", "/") and is_formula[i - 1] and is_formula[i + 1]
    formula = ""
    for i, (word, stop, space) in enumerate(split):
        if not is_formula[i]:
            yield False, word + stop + space
            continue
        formula += word
        inside = not stop or (stop == "," and re.search(r"<\w", formula))
        if inside and i + 1 < len(split) and is_formula[i + 1]:
            formula += stop + " "
            continue
        outside = ")" * (formula.count(")") - formula.count("("))
        yield True, latex(formula.removesuffix(outside))
        yield False, outside + stop + space
        formula = ""


def mathml(formula: str) -> str:
    """Return LaTeX, as this module makes it, as a ``<math>`` element that needs no namespace in HTML."""
    from latex2mathml.converter import convert

    # In text the converter would let tags through; and it sets a single upright letter in italics, unless it is text.
    safe = formula.replace("<", r"\lt ").replace(">", r"\gt ").replace('"', "''")
    return convert(safe.replace(r"\mathrm{", r"\text{")).replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
