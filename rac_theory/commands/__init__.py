"""The commands of the command line, one file each, which is imported when its command is typed. ``options`` has what
all of them take, with an example of what each prints, and imports nothing of the house, so that help and completion
take no longer than Python takes to start. ``parsing`` reads what is typed, ``screen`` lays out what is printed. It
uses base, algebra, sketches, algorithms, statements, proofs, theorems, discovery, verdicts, literature, ledger and
advice. It must not compute: what a command does can be done in Python with what it calls.
"""

from rac_theory.commands.cli import prepared

__all__ = ["prepared"]
