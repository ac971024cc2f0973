"""The commands of the command line, one file each: ``add`` says what a command takes, ``run`` does it. It uses
problems, algebra, processes, files, sketches, algorithms, theorems, proofs, verification, counterexamples, ledger,
sweeps, advice and report. It must not compute: what a command does can be done in Python with what it calls.
"""
