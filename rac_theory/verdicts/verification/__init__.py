"""Verification: from runs to a verdict. ``judged_claim`` says at which steps and against what a theorem is judged,
with the question that runs are asked and the curves that answer it; ``reading`` reads an ensemble in
parts, whose worth ``evidence_of_runs`` counts; ``decision`` decides, with the reservations that are due; ``verify``
makes a verdict of it, and is the door. Runs of any origin come in by ``judge_runs``, where ``given`` has checked what a
user gave. A ``finding`` is what every verdict is. A ``citation`` names the works on which a verdict, or a part of one,
rests; a ``measured_smoothness`` asks what would hold if the L that runs show were L. It must not know which cases are
tried: it judges the one that it is given.
"""
