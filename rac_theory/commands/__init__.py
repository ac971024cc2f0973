"""The commands of the command line, one file each, whose ``run`` does it; ``options`` has what each takes, and
``parsing`` how that is read, which imports nothing of the house. ``screen`` lays out what is printed. It uses problems,
algebra, processes, files, sketches, algorithms, statements, theorems, proofs, verification, counterexamples,
literature, ledger, sweeps, advice and report. It must not compute: what a command does can be done in Python with what
it calls.
"""

from rac_theory.commands.cli import prepared

__all__ = [
    "prepared",
]
