"""Second routes to every claim: exact expectations of cases that leave no room, and proofs followed in numbers.

A theorem with a constant, a sign or an exponent that is off disagrees with one of them, and so does one that applies
where its proof does not.
"""
