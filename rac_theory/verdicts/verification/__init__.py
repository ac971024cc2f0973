"""Verification: from runs to a verdict. ``recorded_curves`` has what is known of a case; ``judged_claim`` says at which
steps and against what a theorem is judged, with the ``question`` that runs are asked; ``fixed_ensemble`` or
``until_decided`` reads runs, each part of them an ``observation``, whose worth is counted in ``evidence_of_runs``;
``decision`` decides, with the ``reservations`` that are due; ``judge`` makes a ``verdict`` of it, and ``verify`` is the
door. Runs of any origin come in by ``judge_runs``, as ``given_curves`` with a ``given_bound``; from ``judged_bound`` on
the way is the same, and a ``finding`` is what both verdicts are. A ``citation`` names the works on which a verdict,
or a part of one, rests; a ``measured_smoothness`` asks what would hold if the L that runs show were L. It must not know
which cases are tried: it judges the one that it is given.
"""
