"""The commands of the command line, one file each: what it takes, an example of what it prints, and ``run``, which
imports what it needs of the house, so that help and completion take no longer than Python takes to start. ``parsing``
reads what is typed, ``screen`` lays out what is printed. It uses base, sketches, algorithms, statements, proofs,
theorems, discovery, verdicts, literature, ledger and advice. It must not compute: what a command does can be done in
Python with what it calls.
"""

from rac_theory.commands.cli import prepared

__all__ = [
    "prepared",
]
