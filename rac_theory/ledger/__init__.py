"""The ledger: every claim on every default case. A plan lays ensembles out, they are run, and each verdict becomes a
row that JSON can hold and a command can repeat. It uses numerics, processes, files, drawing, sketches, algorithms,
cases, simulation, theorems and verification. It must not know sweeps, reports or commands, which are made of its rows.
"""
