"""The ledger: every claim on every default case. What is selected is laid out as cells, by name. Each becomes an
ensemble with its case and constants, is run, and its verdicts become rows that JSON can hold and a command can repeat.
It uses problems, algebra, numerics, processes, files, drawing, sketches, algorithms, cases, simulation, statements,
theorems and verification. It must not know sweeps, reports or commands, which are made of its rows.
"""
