"""What a theorem is given, checked when it is written down and not first when a case breaks it."""

from rac_theory.algebra import Relation, symbols_of
from rac_theory.statements.about import is_predicate
from rac_theory.statements.assumption import Condition, Known, relations_in
from rac_theory.statements.claim import Claim
from rac_theory.statements.symbols import T, constants_in


def check_given(given: object, claim: Claim) -> None:
    """Raise a ``ValueError`` unless these are assumptions about constants of a case and T, no two of one name.

    Examples
    --------
    >>> from rac_theory.statements import E, gap
    >>> from rac_theory.statements.given import check_given
    >>> from rac_theory.statements.symbols import L, L_max, gap0
    >>> check_given((L_max > 0,), E(gap) <= L * gap0)
    Traceback (most recent call last):
    ValueError: L stands for L and for L_max: they need two names
    """
    rule = "given must be a tuple of relations, conditions and predicates"
    if not isinstance(given, tuple):
        raise ValueError(f"{rule}, got {given!r}")
    for one in given:
        if not isinstance(one, Relation | Condition | Known) and not is_predicate(one):
            hint = ": == compares expressions, equal(K, 1) is an equation" if isinstance(one, bool) else ""
            raise ValueError(f"{rule}, got {one!r} in it{hint}")
    relations = tuple(relations_in(*given))
    known = (*constants_in(claim.relation, *relations), T)
    if strange := [one.name for one in symbols_of(*relations) if one not in known]:
        raise ValueError(f"given must be made of constants of a case and of T, not of {', '.join(strange)}")
