"""Look anew for the proofs of our theorems, and keep them: ``python -m rac_theory.theorems``."""

from rac_theory.theorems.found import write

if __name__ == "__main__":
    write()
