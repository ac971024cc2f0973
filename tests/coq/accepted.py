"""Keep which texts Coq has accepted, in ``accepted.txt``: ``python -m tests.coq.accepted``, with coqc on the path."""

from hashlib import sha256
from pathlib import Path

from rac_theory import prove
from rac_theory.proofs.coq.kernel import ask

FILE = Path(__file__).with_name("accepted.txt")
OF = ("T15", "T10", "T19", "T4", "T1_tight", "T2_tight", "T5_step", "T3", "T19_pl", "T21_H", "T25", "T10rr")
"""Together their texts take every line that writes for Coq, which those of all theorems take."""


def digest(text: str) -> str:
    """Return what tells a text from all others."""
    return sha256(text.encode()).hexdigest()


def accepted() -> dict[str, str]:
    """Return the digest of the text of each theorem that Coq has accepted."""
    return dict(row.split() for row in FILE.read_text("utf-8").splitlines())


if __name__ == "__main__":
    texts = {id: prove(id).coq() for id in OF}
    if refused := [f"{answer.name}: {answer.refused}" for answer in ask(texts) if answer.refused]:
        raise SystemExit("\n".join(refused))
    FILE.write_text("".join(f"{id} {digest(text)}\n" for id, text in texts.items()), "utf-8")
