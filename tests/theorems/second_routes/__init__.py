"""Second routes to every claim: exact expectations of cases that leave no room, and proofs followed in numbers.

``changed`` makes theorems that differ in one place. ``exact`` has cases in which a bound is attained, every draw and
every order enumerated, and followed by ``moments``; ``steps`` has one step of each proof, ``proofs`` the sequences for
which such steps give nothing away; both say ``route.Equality``. ``reach`` has where a proof goes through, ``same`` what
changes nothing.

A second route never reads a bound: it sees constants and curves, loops and lemmas.
"""
