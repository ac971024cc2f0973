"""The commands of the command line, one file each, whose ``run`` does it; ``options`` has what each takes, and
``parsing`` how that is read, which imports nothing of the house. ``screen`` lays out what is printed. It uses base,
algebra, sketches, algorithms, statements, proofs, theorems, verdicts, literature, ledger and advice. It must not
compute: what a command does can be done in Python with what it calls.
"""

from rac_theory.commands.cli import prepared

__all__ = [
    "prepared",
]
