"""Look anew for the proofs of our theorems, and keep them: ``python -m rac_theory.theorems``."""

import sys
from pathlib import Path

from rac_theory.base import write_whole
from rac_theory.theorems.found import FILE, looked_for
from rac_theory.theorems.ours import ALL, BY_HAND, LEMMAS


def main() -> None:
    """Write the file: ids in their order, and what is found for each of which no proof is written by hand."""
    proofs = {id: () if id in BY_HAND else looked_for(theorem, LEMMAS) for id, theorem in ALL.items()}
    if missing := [id for id, lines in proofs.items() if lines is None]:
        sys.exit(f"no proof is found of {', '.join(missing)}: write prove_{missing[0]} in the file of its family")
    write_whole(Path(str(FILE)), "\n\n".join("\n".join((id, *(lines or ()))) for id, lines in proofs.items()) + "\n")


if __name__ == "__main__":
    main()
