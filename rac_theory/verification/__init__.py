"""Verification: from runs to a verdict. ``recorded_curves`` has what is known of a case; ``judged_claim`` says at
which steps and against what a theorem is judged, with the ``question`` that runs are asked; ``fixed_ensemble`` or
``until_decided`` reads runs, each part of them an ``observation``, whose worth is counted in ``evidence_of_runs``;
``decision`` decides, with the ``reservations`` that are due; ``judge`` makes a ``verdict`` of it, and ``verify`` is
the door. It uses numerics, processes, drawing, algorithms, cases, simulation, theorems and expectations. It must not
know which cases are tried: it judges the one that it is given.
"""
