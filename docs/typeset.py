"""How words become formulas: those that stand for symbols are set as symbols, nothing else changes."""

import re
from itertools import pairwise

from docutils import nodes

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
    r"\+-": r"\\pm ",
    r"([fW])\*": r"\1^\\star",
    r"<(\w+), ([^<>=]*)>": r"\\langle \1, \2 \\rangle",
    r"<=": r"\\le",
    r">=": r"\\ge",
    r"\|\|": r"\\|",
    r"\bE(?=[\[\\])": r"\\mathrm{E}",
}

_LINE = 88  # characters of a formula in a line of a page
_BREAK = re.compile(r"[({]|[)}]| (?=\\le )| (?=\+ (?!\\dots))|, \\quad ")
_FORMULA = re.compile(
    r"[<>=^|_*\[]|\+-|^\(?(\d|\w/)|\bf\(|^\(?[A-Zb-z]'*\)*$|^(lambda|gamma|mu|nu|beta|rho|eta|sigma|zeta|tau|Gamma)$"
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


def lines(statement: str) -> str:
    """Typeset a statement for display: in one line if it fits a page, else with its definitions below it."""
    every = pieces(statement)
    if _width("".join(every)) <= _LINE:
        return r"\; ".join(every)
    filled = [every[0]]
    stated = False
    for last, piece in pairwise(every):
        full = _width(filled[-1] + piece) > _LINE
        if full or (last.endswith(",") and not stated):
            stated |= last.endswith(",")
            filled.append(r"\quad " + piece)
        else:
            filled[-1] += r"\; " + piece
    return r" \\ ".join("& " + line for line in filled)


def sentence(words: str) -> list[nodes.Node]:
    """Typeset the formulas in a sentence: runs of words that look like one."""
    found: list[nodes.Node] = []
    split = re.findall(r"(\S+?)([,.;:]?)(\s|$)", words)
    is_formula = [bool(_FORMULA.search(word)) and not _WORD.match(word) for word, _, _ in split]
    for i in range(1, len(split) - 1):
        is_formula[i] |= split[i][0] in ("A", "+", "-", "/") and is_formula[i - 1] and is_formula[i + 1]
    formula = ""
    for i, (word, stop, space) in enumerate(split):
        if not is_formula[i]:
            found.append(nodes.Text(word + stop + space))
            continue
        formula += word
        inside = not stop or (stop == "," and re.search(r"<\w", formula))
        if inside and i + 1 < len(split) and is_formula[i + 1]:
            formula += stop + " "
            continue
        outside = ")" * (formula.count(")") - formula.count("("))
        found += [nodes.math("", latex(formula.removesuffix(outside))), nodes.Text(outside + stop + space)]
        formula = ""
    return found


def _width(formula: str) -> int:
    return len(re.sub(r"\\(sum|mathrm|quad|text|;)|[{}^_ ]|\\(?=\W)", "", re.sub(r"\\[a-zA-Z]+", "x", formula)))
